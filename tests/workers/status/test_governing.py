"""Who decides about a campaign, as its status tells it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from schemas import AuditEntry, AuditStatus
from schemas.approval import Approval
from schemas.autonomy import AutonomyOf
from schemas.fields import Autonomy
from tests.workers.report.told import a_plan, an_entry, an_hour, at
from tests.workers.status.books import a_book, only
from workers.status.governing import sentences_of

ASKED = "0" * 31 + "a"


def entry(status: AuditStatus, **fields: Any) -> AuditEntry:  # noqa: ANN401 -- fields of a record
    given = {"recommendation_id": ASKED, "field": "daily_budget", "action_id": None}
    return structs.replace(an_entry(1, status), **{**given, **fields})


def asked(*people: str, approvers: int = 2) -> AuditEntry:
    approvals = tuple(Approval(by=by, at=at(1), decision_id="0" * 32) for by in people)
    return entry(AuditStatus.APPROVAL_REQUIRED, approvals=approvals, approvers=approvers)


def told(*audit: AuditEntry, **plan: Any) -> list[str]:  # noqa: ANN401 -- fields of a record
    status = only(a_book([an_hour(0)], plans=[a_plan(**plan)], audit=audit))
    return sentences_of(status.governed, status.waits)


def test_one_autonomy_is_told_in_a_word_and_several_lever_by_lever() -> None:
    assert told(autonomy=Autonomy.PROPOSE) == ["Autonomy: propose."]
    single = AutonomyOf(hourly_budget=Autonomy.AUTO)
    (line,) = told(autonomy=Autonomy.PROPOSE, autonomy_of=single)
    others = "bid_multiplier, daily_budget, bid, status"
    assert line == f"Autonomy: auto for hourly_budget; propose for {others}."


def test_how_many_people_a_change_needs_is_told_where_one_is_not_enough() -> None:
    assert told(approvers=3)[1:] == ["A change by people needs 3 of them."]


def test_what_waits_is_told_with_who_has_approved_it() -> None:
    none, one = told(asked()), told(asked(), asked("ada"))

    assert none[-1].endswith("0 of 2 approvals.")
    assert one[-1].endswith("1 of 2 approvals (ada).")
    assert sum("Waits for people" in line for line in one) == 1


@pytest.mark.parametrize(
    "end",
    [
        entry(AuditStatus.EXPIRED, reason="expired"),
        entry(AuditStatus.REJECTED, reason="rejected_by_person", decision_id="1" * 32),
        entry(AuditStatus.APPLIED, action_id="2" * 32, decision_id="1" * 32),
    ],
)
def test_what_was_decided_or_has_expired_waits_no_more(end: AuditEntry) -> None:
    assert not [line for line in told(asked("ada"), end) if "Waits" in line]


def test_a_word_that_came_to_nothing_leaves_it_waiting() -> None:
    refused = entry(AuditStatus.REJECTED, reason="already_approved", decision_id="1" * 32)

    assert "1 of 2 approvals (ada)" in told(asked("ada"), refused)[-1]
