"""Multipliers beside a bid: as each platform takes them, and only where evidence tells."""

from __future__ import annotations

import numpy as np
import pytest

from schemas import BidMultiplier, MultiplierKind
from tests.workers.adviser.bidders import advised, bidder, only, sold
from workers.adviser.bid_platforms import PLATFORMS
from workers.adviser.bid_slices import Sold

RATES = {"mobile": 0.02, "desktop": 0.06}
"""Half of the clicks each: desktop is worth 1.5 and mobile 0.5 of the mean."""


def by_device() -> list[Sold]:
    return [row for name, rate in RATES.items() for row in sold(0, kind=(name, None), rate=rate)]


def given(rows: list[Sold], platform: str = "google") -> tuple[BidMultiplier, ...]:
    return only(advised([bidder(0, platform=platform)], rows)).bid_multipliers


def of_kind(found: tuple[BidMultiplier, ...], kind: MultiplierKind) -> dict[str, float]:
    return {each.name: each.factor for each in found if each.kind is kind}


def test_a_device_is_bid_for_by_its_rate_over_the_mean() -> None:
    found = of_kind(given(by_device()), MultiplierKind.DEVICE)
    mean = (0.02 + 0.06) / 2.0
    assert found == {name: pytest.approx(rate / mean, abs=0.02) for name, rate in RATES.items()}


def test_the_mean_over_clicks_is_one_and_the_likely_range_holds_the_factor() -> None:
    found = given(by_device())
    assert sum(each.share * each.factor for each in found) == pytest.approx(1.0, abs=0.01)
    assert all(each.likely.p10 < each.factor < each.likely.p90 for each in found)
    assert sum(each.share for each in found) == pytest.approx(1.0)


def test_what_is_alike_has_no_multiplier() -> None:
    rows = sold(0, kind=("mobile", "top")) + sold(0, kind=("desktop", "rest"))
    assert given(rows) == given(rows, "amazon") == ()


def test_few_clicks_that_differ_by_chance_have_none() -> None:
    chance = np.random.default_rng(2)
    rows = [
        row._replace(conversions=float(chance.binomial(int(row.clicks), 0.05)))
        for row in sold(0, days=range(2), clicks=2.0)
        + sold(0, kind=("desktop", None), days=range(2), clicks=2.0)
    ]
    found = advised(
        [bidder(0, bid="0.05")], [row._replace(revenue=60.0 * row.conversions) for row in rows]
    )
    assert of_kind(only(found).bid_multipliers, MultiplierKind.DEVICE) == {}


def test_hours_come_in_as_few_stretches_as_the_platform_takes() -> None:
    chance = np.random.default_rng(1)
    rates = dict(enumerate(chance.choice([0.01, 0.03, 0.06], 24)))
    rows = [row for hour, rate in rates.items() for row in sold(0, hours=[hour], rate=rate)]
    for platform, most in (("google", 6), ("microsoft", 7)):
        found = of_kind(given(rows, platform), MultiplierKind.HOUR)
        assert 1 < len(found) <= most
        stretches = [tuple(map(int, name.split("-"))) for name in found]
        hours = [hour for first, last in stretches for hour in range(first, last + 1)]
        assert hours == list(range(24))


def test_an_evening_that_converts_better_is_one_stretch() -> None:
    true = 0.06 / (0.75 * 0.03 + 0.25 * 0.06)
    found = []
    for clicks in (40.0, 4_000.0):
        rows = sold(0, hours=range(18), clicks=clicks)
        rows += sold(0, hours=range(18, 24), clicks=clicks, rate=0.06)
        found.append(of_kind(given(rows), MultiplierKind.HOUR)["18-23"])
    # The fewer the clicks the nearer to 1.
    assert 1.2 < found[0] < found[1] == pytest.approx(true, abs=0.02)


def test_where_placements_can_only_be_raised_the_lowest_is_one_and_the_bid_is_lower() -> None:
    rows = sold(0, kind=(None, "top"), rate=0.06) + sold(0, kind=(None, "rest"), rate=0.02)
    advice = only(advised([bidder(0, platform="amazon")], rows))
    found = of_kind(advice.bid_multipliers, MultiplierKind.PLACEMENT)
    assert found["rest"] == 1.0
    assert found["top"] == pytest.approx(3.0, abs=0.1)
    told = next(each.evidence for each in advice.reasons if each.code == "bid_multipliers")
    mean = 0.5 * (found["top"] + found["rest"])
    assert told["mean"] == pytest.approx(mean, rel=1e-4)
    assert float(str(told["bid_beside"])) == pytest.approx(
        float(advice.recommended_value or 0) / mean, abs=0.005
    )


@pytest.mark.parametrize("platform", ["google", "microsoft", "amazon", "meta", "linkedin"])
def test_every_factor_is_one_that_the_platform_takes(platform: str) -> None:
    chance = np.random.default_rng(4)
    rows = [
        row
        for device in ("mobile", "desktop", None)
        for place in ("top", "rest")
        for hour in range(24)
        for row in sold(
            0,
            kind=(device, place),
            hours=[hour],
            rate=float(0.02 * np.exp(1.5 * chance.standard_normal())),
        )
    ]
    takes = PLATFORMS.get(platform, {})
    found = given(rows, platform)
    assert {each.kind for each in found} == set(takes)
    for each in found:
        taken = takes[each.kind].taken
        assert taken.low <= each.factor <= taken.high
        assert (each.factor - 1.0) / taken.step == pytest.approx(
            round((each.factor - 1.0) / taken.step), abs=1e-6
        )


def test_a_kind_that_the_platform_does_not_take_shows_in_those_it_takes() -> None:
    """Rates go by placement alone, and three in four clicks of desktops are in the better one."""
    rates = {"top": 0.06, "rest": 0.02}
    clicks = {
        ("desktop", "top"): 30.0,
        ("desktop", "rest"): 10.0,
        ("mobile", "top"): 10.0,
        ("mobile", "rest"): 30.0,
    }
    rows = [
        row
        for kind, count in clicks.items()
        for row in sold(0, kind=kind, clicks=count, rate=rates[kind[1]])
    ]
    found = of_kind(given(rows), MultiplierKind.DEVICE)
    mean = (30.0 * 0.06 + 10.0 * 0.02) / 40.0
    assert found["desktop"] == pytest.approx(mean / 0.04, abs=0.03)
