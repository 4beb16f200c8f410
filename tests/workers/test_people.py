"""What is told of decisions: each says its campaign, what it is now and what it will be."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from schemas import AuditStatus, Verb
from tests.workers.executor.world import (
    a_decision,
    a_recommendation,
    approve,
    at,
)
from tests.workers.report.told import an_entry
from workers.people import became, is_done, sentence


def test_an_approval_says_the_change_that_it_lets_go() -> None:
    told = sentence(approve("r"), a_recommendation("r", "12", current_value=None))
    assert told == "approve hourly_budget of google:7:42 to 12 EUR"


@pytest.mark.parametrize(
    ("decision", "says"),
    [
        (a_decision(Verb.FREEZE), "freeze google:7:42"),
        (a_decision(Verb.FREEZE, until=at(60)), "until 2026-03-02T13:00:00+00:00"),
        (a_decision(Verb.REJECT_OUTAGE), "reject outage google:7:42"),
        (
            a_decision(Verb.EXCLUDE_WINDOW, window_start=at(0), window_end=at(60)),
            "from 2026-03-02T12:00:00+00:00 to 2026-03-02T13:00:00+00:00",
        ),
    ],
)
def test_what_is_about_a_campaign_says_which_and_when(decision: object, says: str) -> None:
    assert says in sentence(decision, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("status", AuditStatus)
def test_only_what_was_carried_out_or_is_so_already_is_done(status: AuditStatus) -> None:
    done = {"simulated", "applied", "confirmed", "no_op", "rolled_back"}
    entry = an_entry(1, status)
    assert is_done(entry) == (status.value in done)
    assert became(entry) == status.value.replace("_", " ")


def test_a_recommendation_that_was_rejected_as_a_person_wished_is_done() -> None:
    entry = replace(an_entry(1, AuditStatus.REJECTED), reason="rejected_by_person", detail="why")
    assert is_done(entry)
    assert became(entry) == "rejected (rejected_by_person): why"


def test_no_answer_is_not_done() -> None:
    assert not is_done(None)
    assert became(None) == "no answer yet"
