"""What is suspected to be wrong with a campaign's counts is shown with its numbers."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import Condition, ConditionKind, Scope
from schemas.anomaly import Anomaly, Change, Effect, Signal
from tests.workers.report.told import an_hour, at
from tests.workers.status.books import a_book, only
from workers.status.book import StatusBook
from workers.status.model import Odd
from workers.status.oddities import REMEDY, sentences_of


def odd(**fields: Any) -> Anomaly:  # noqa: ANN401 -- fields of a record
    given: dict[str, Any] = {
        "signal": Signal.REVENUE,
        "change": Change.SPIKE,
        "effect": Effect.HELD,
        "since": at(3),
        "evidence": 32.0,
        "expected": 20.0,
        "counted": 2_000.0,
    }
    return Anomaly(**(given | fields))


def told(book: StatusBook, *anomalies: Anomaly, account: bool = False, **fields: Any) -> None:  # noqa: ANN401
    (key,) = book.campaigns
    scope = Scope.ACCOUNT if account else Scope.CAMPAIGN
    given: dict[str, Any] = {
        "kind": ConditionKind.ANOMALY,
        "scope": scope,
        "platform": key.platform,
        "account_id": key.account_id,
        "campaign_id": None if account else key.campaign_id,
        "version": 1,
        "active": True,
        "since": at(0),
        "by": "allocator",
        "anomalies": anomalies,
    }
    book.oddities.hear([Condition(**(given | fields))])


@pytest.mark.parametrize("account", [False, True])
def test_what_goes_on_is_shown_of_the_campaign_and_makes_it_worth_a_look(*, account: bool) -> None:
    book = a_book([an_hour(n, "10") for n in range(5)])
    assert (only(book).odd, only(book).risk) == ((), "low")
    told(book, odd(), account=account)
    status = only(book)

    assert [(each.signal, each.since, each.counted) for each in status.odd] == [
        ("revenue", at(3), 2_000.0)
    ]
    assert status.risk == "medium"


def test_what_is_over_is_shown_after_what_goes_on_and_urges_nobody() -> None:
    book = a_book([an_hour(n, "10") for n in range(5)])
    over = odd(signal=Signal.CLICKS, since=at(1), until=at(2))
    told(book, over)
    assert only(book).risk == "low"
    told(book, over, odd(), version=2)

    assert [each.signal for each in only(book).odd] == ["revenue", "clicks"]


def test_what_is_lifted_is_shown_no_longer() -> None:
    book = a_book([an_hour(n, "10") for n in range(5)])
    told(book, odd())
    told(book, version=2, active=False)

    assert only(book).odd == ()


def test_sentences_say_since_when_what_came_and_what_to_do() -> None:
    book = a_book([an_hour(n, "10") for n in range(5)])
    told(book, odd())
    lines = sentences_of(only(book).odd)

    assert "spike of revenue for the conversions: 2,000 came, 20 were expected." in lines[0]
    assert "nothing is changed while it goes on" in lines[1]
    assert lines[-1] == REMEDY
    nothing: tuple[Odd, ...] = ()
    assert sentences_of(nothing) == []
