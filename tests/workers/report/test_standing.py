"""Advice beside a campaign's hours, as the report lists it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from schemas import (
    AuditStatus,
    BidMultiplier,
    HoldReason,
    Kind,
    MultiplierKind,
    Range,
    Recommendation,
)
from schemas.approval import Approval
from tests.workers.report.told import DAY, HOUR, MONDAY, a_hold, advice, an_entry, an_hour, at
from workers.report.building import Book
from workers.report.model import Records, Wishes
from workers.report.page import page_of
from workers.report.standing import Standing
from workers.report.standing_section import table


def a_budget(hour: int, **fields: Any) -> Recommendation:  # noqa: ANN401 -- fields of a record
    """Return what a group says of the campaign's budget: from 240 to 288 euros a day."""
    given: dict[str, Any] = {
        "kind": Kind.BUDGET,
        "field": "daily_budget",
        "current_value": Decimal(240),
        "recommended_value": Decimal(288),
        "hour_plan": (),
        "pacing_index": None,
        "period_budget": None,
        "spend_to_date": None,
        "projected_spend": None,
        "expires_at": at(hour + 24),
    }
    return advice(hour, **(given | fields))


def a_bid(hour: int, **fields: Any) -> Recommendation:  # noqa: ANN401 -- fields of a record
    """Return advice on an ad set's bid, and by how much phones' are to be lower."""
    given: dict[str, Any] = {
        "kind": Kind.BID,
        "field": "bid",
        "entity": "ad_set",
        "entity_id": "evergreen",
        "unit": "currency_per_click",
        "current_value": Decimal("0.30"),
        "recommended_value": Decimal("0.37"),
        "bid_multipliers": (
            BidMultiplier(
                kind=MultiplierKind.DEVICE,
                name="mobile",
                factor=0.71,
                share=0.5,
                likely=Range(p10=0.6, p50=0.71, p90=0.8),
            ),
        ),
    }
    return a_budget(hour, **(given | fields))


def standing(*told: Recommendation) -> Standing:
    made = Standing()
    for each in told:
        made.add(each)
    return made


def test_the_newest_word_on_each_thing_counts() -> None:
    found = standing(
        a_budget(2, recommended_value=Decimal(200)), a_budget(3), a_budget(1), a_bid(1)
    )
    rows = table(found.held(MONDAY + 4 * HOUR))

    assert [(row[1], row[2], row[3]) for row in rows] == [
        ("daily budget", "240 EUR", "288 EUR"),
        ("bid of evergreen", "0.30 EUR", "0.37 EUR"),
    ]
    assert [row[4] for row in rows] == ["", "mobile -29%"]


def test_adjustments_by_hour_are_told_by_the_lowest_and_the_highest() -> None:
    def adjusted(kind: MultiplierKind, name: str, factor: float) -> BidMultiplier:
        likely = Range(p10=factor, p50=factor, p90=factor)
        return BidMultiplier(kind=kind, name=name, factor=factor, share=0.25, likely=likely)

    device, hour = MultiplierKind.DEVICE, MultiplierKind.HOUR
    hours = [adjusted(hour, f"{at:02d}-{at + 7:02d}", 0.6 + at / 20) for at in (0, 8, 16)]
    told = standing(a_bid(1, bid_multipliers=(*hours, adjusted(device, "desktop", 1.26))))

    assert table(told.held(MONDAY))[0][4] == "desktop +26%, hours -40% to +40%"


def test_advice_that_has_expired_or_was_taken_back_by_a_hold_stands_no_more() -> None:
    hold = a_hold(5, HoldReason.WITHIN_BAND, field="daily_budget")

    assert standing(a_budget(1), hold).held(MONDAY + 6 * HOUR) == []
    assert standing(a_budget(1)).held(MONDAY + DAY + HOUR) == []
    assert len(standing(hold, a_budget(6)).held(MONDAY + 7 * HOUR)) == 1


def test_it_is_said_what_became_of_it() -> None:
    found = standing(a_budget(3), a_bid(4))
    found.audit(an_entry(3, AuditStatus.APPROVAL_REQUIRED))
    found.audit(an_entry(3, AuditStatus.INTENT))

    assert {row[1]: row[6] for row in table(found.held(MONDAY))} == {
        "daily budget": "waits for a person",
        "bid of evergreen": "for people",
    }


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (AuditStatus.UNVERIFIED, "may be set"),
        (AuditStatus.SHADOW, "would be set"),
        (AuditStatus.CONFIRMED, "set"),
    ],
)
def test_it_is_said_whether_it_is_set_for_sure(status: AuditStatus, words: str) -> None:
    found = standing(a_budget(3))
    found.audit(an_entry(3, status))

    assert table(found.held(MONDAY))[0][6] == words


def test_of_each_kind_the_surest_comes_first() -> None:
    names = "abc"
    told = [
        a_budget(at, campaign_id=name, entity_id=name, confidence=sure)
        for at, (name, sure) in enumerate(zip(names, (0.6, 0.99, 0.8), strict=True))
    ]

    assert [row[0][-1] for row in table(standing(*told).held(MONDAY))] == ["b", "c", "a"]


def test_a_page_lists_it_and_has_no_such_heading_where_there_is_none() -> None:
    def page(*told: Recommendation) -> str:
        book = Book(wishes=Wishes())
        hours = [an_hour(number) for number in range(24)]
        book.take(Records(metrics=hours, recommendations=[advice(3), *told]))
        return page_of(book.report())

    found = page(a_budget(20), a_bid(21))
    assert "What is advised" in found
    assert "bid of evergreen" in found
    assert "What is advised" not in page()


def test_what_waits_for_several_people_says_how_many_have_approved_it() -> None:
    made, word = standing(a_budget(1)), {"approvers": 2, "decision_id": "1" * 32}
    question = an_entry(1, AuditStatus.APPROVAL_REQUIRED)
    yes = Approval(by="ada", at=at(1), decision_id="1" * 32)
    told = []
    for entry in (
        replace(question, approvers=2),
        replace(question, approvals=(yes,), **word),
        replace(question, status=AuditStatus.REJECTED, reason="frozen", decision_id="2" * 32),
    ):
        made.audit(entry)
        ((*_, state, _, _),) = table(made.held(MONDAY + 2 * HOUR))
        told.append(state)

    assert told == [
        "waits for a person: 0 of 2 approvals",
        "waits for a person: 1 of 2 approvals",
        "waits for a person: 1 of 2 approvals",
    ]
