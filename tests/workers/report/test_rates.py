"""Rates that bids were advised by against what came, counted by hand."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from schemas import Breakdowns, DaySlice, Entity, Explanation, Kind, Recommendation
from tests.workers.report.test_page import Parts
from tests.workers.report.told import DAY, MONDAY, NAMES, START, a_plan, advice, an_hour, at
from workers.report import rate_section
from workers.report.building import Book
from workers.report.model import Records, Wishes
from workers.report.page import page_of
from workers.report.rates import RateBook, Rates
from workers.report.totals import Stretch

ALL = Stretch(start=MONDAY, end=MONDAY + 60 * DAY)


def foretold(day: int, rate: float, ad_set: str | None = None, **fields: Any) -> Recommendation:  # noqa: ANN401 -- fields
    """Return the advice on a bid five minutes into a day."""
    made = at(24 * day) + timedelta(minutes=5)
    reason = Explanation(code="click_worth_more", text="So.", evidence={"rate": rate})
    given: dict[str, Any] = {
        "recommendation_id": f"{day:016x}{abs(hash(ad_set)) % 10**8:016x}",
        "kind": Kind.BID,
        "field": "bid",
        "entity": Entity.AD_SET if ad_set else Entity.CAMPAIGN,
        "entity_id": ad_set or "42",
        "reasons": (reason,),
        "decided_at": made,
    }
    return advice(0, **(given | fields))


def a_slice(clicks: int, sold: float, ad_set: str | None = None) -> DaySlice:
    """Return what was clicked on and sold in the first hour of a day."""
    return DaySlice(
        ad_set_id=ad_set,
        hours=(0,),
        impressions=(100 * clicks,),
        clicks=(clicks,),
        spend_millionths=(10**6,),
        conversion_millionths=(round(sold * 1e6),),
        revenue_millionths=(0,),
    )


def closed(day: int, *slices: DaySlice, later: float = 60.0, timezone: str = "UTC") -> Breakdowns:
    """Return a day as it is told so many days after its end."""
    return Breakdowns(
        **NAMES,
        day=date(2026, 3, 2) + timedelta(days=day),
        timezone=timezone,
        currency="EUR",
        slices=slices,
        closed_at=START + timedelta(days=day + 1 + later),
    )


def rates(advised: list[Recommendation], days: list[Breakdowns]) -> Rates:
    book = RateBook()
    book.foretell(advised)
    book.hear(days)
    return book.rates(ALL)


def test_a_forecast_is_held_against_the_clicks_of_its_day_and_its_ad_set() -> None:
    days = [closed(1, a_slice(1_000, 30, "x"), a_slice(500, 5, "y")), closed(2, a_slice(9, 9, "x"))]
    by_ad_set = rates([foretold(1, 0.02, "x")], days)
    whole = rates([foretold(1, 0.02)], days)

    assert by_ad_set.found is not None
    assert by_ad_set.found.clicks.sum() == pytest.approx(1_000)
    assert by_ad_set.found.observed.middle.tolist() == pytest.approx([0.03])
    assert by_ad_set.found.error == pytest.approx(0.01)
    assert whole.found is not None
    assert whole.found.observed.middle.tolist() == pytest.approx([35 / 1_500])


def test_the_newest_word_on_a_day_counts_whatever_the_order() -> None:
    early, late = closed(1, a_slice(100, 1), later=0.1), closed(1, a_slice(100, 4), later=20)
    for days in ([early, late], [late, early]):
        found = rates([foretold(1, 0.02)], days).found
        assert found is not None
        assert found.observed.middle.tolist() == pytest.approx([0.04])


def test_a_day_waits_until_its_conversions_are_there() -> None:
    """Told once, an hour after its end, it is not; later news of other days makes it so."""
    first = closed(1, a_slice(100, 1), later=1 / 24)
    assert rates([foretold(1, 0.02)], [first]) == Rates(found=None, judged=0, waiting=1)
    assert rates([foretold(1, 0.02)], []).waiting == 1

    others = [closed(3, a_slice(9, each), later=30 + each) for each in (1, 2)]
    assert rates([foretold(1, 0.02)], [first, *others]).judged == 1


def test_the_day_is_the_accounts_own() -> None:
    """Five past eleven in the evening of Sunday in London is Monday in Berlin."""
    made = at(23) + timedelta(minutes=5)
    days = [closed(1, a_slice(100, 3), timezone="Europe/Berlin"), closed(0, a_slice(100, 1))]
    berlin = rates([foretold(0, 0.02, decided_at=made)], days[:1])

    assert berlin.judged == 1


def test_parts_have_as_many_clicks_and_agree_where_forecasts_were_right() -> None:
    chance = np.random.default_rng(7)
    told, days = [], []
    for number in range(50):
        names = [f"s{each}" for each in range(8)]
        true = [0.005 * (1 + each) for each in range(8)]
        told += [foretold(number, rate, name) for rate, name in zip(true, names, strict=True)]
        sold = [float(chance.binomial(1_000, rate)) for rate in true]
        slices = [a_slice(1_000, each, name) for each, name in zip(sold, names, strict=True)]
        days.append(closed(number, *slices))
    random.Random(3).shuffle(told)
    right = rates(told, days).found
    twice = [
        Explanation(code="click_worth_more", text="So.", evidence={"rate": 2 * _rate(each)})
        for each in told
    ]
    wrong = rates(
        [
            foretold(int((each.decided_at - START).days), 1.0, each.entity_id, reasons=(reason,))
            for each, reason in zip(told, twice, strict=True)
        ],
        days,
    ).found

    assert right is not None
    assert right.clicks.tolist() == pytest.approx([50_000.0] * 8, rel=0.01)
    assert right.error < 0.001
    assert right.kept.sum() >= 5
    assert wrong is not None
    assert wrong.error == pytest.approx(0.0225, rel=0.05)
    assert not wrong.kept.any()


def _rate(each: Recommendation) -> float:
    rate = each.reasons[0].evidence["rate"]
    assert isinstance(rate, float)
    return rate


def test_the_page_tells_what_came_by_parts_and_in_words() -> None:
    book = Book(wishes=Wishes())
    book.take(Records(plans=[a_plan()], metrics=[an_hour(number) for number in range(72)]))
    book.advise([foretold(1, 0.02), foretold(2, 0.04)])
    book.rates.hear([closed(1, a_slice(10_000, 210)), closed(2, a_slice(10_000, 300))])
    texts = " ".join(" ".join(Parts(page_of(book.report())).texts).split())

    assert "Of 2 forecasts by which bids were advised, 600 conversions were foretold" in texts
    assert "of 20,000 clicks and 510 came" in texts
    # (|200 - 210| + |400 - 300|) / 20,000
    assert "0.55 conversions per 100 clicks (expected calibration error), which is 18.3%" in texts
    assert "2.10% 1.92% to 2.29% yes" in texts
    assert "3.00% 2.79% to 3.23% no" in texts


def test_without_a_forecast_a_sentence_says_so_and_nothing_is_drawn() -> None:
    assert rate_section.note(RateBook().rates(ALL)) == (
        "No forecast of a conversion rate can be judged."
    )
    assert rate_section.table(RateBook().rates(ALL)) == []
