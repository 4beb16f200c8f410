"""Rough campaigns: hours that miss by whole factors are no reason to chase them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine import pacer, rough
from engine.arrays import Bools, Floats
from engine.day_shapes import DayShapes, no_days, pooled
from engine.multiplier import FASTEST, Spending
from engine.pacer import Pacing
from engine.response import NOISE, Observed, hour_noise

COUNT = 40
BUDGET = 2_400.0
SOLD_OUT = 2.0
"""Log of all that is for sale over what a multiplier of 1 buys."""
ANSWER = 3.0
"""Elasticity of the market that these campaigns buy in."""


def shapes_for(count: int) -> DayShapes:
    """Return what is assumed where nobody has taught anything."""
    one = pooled(no_days())
    return DayShapes(
        mean=np.repeat(one.mean, count, axis=0), covariance=np.repeat(one.covariance, count, axis=0)
    )


def hour(number: int, multiplier: Floats, spend: Floats, capped: Bools | None = None) -> Observed:
    """Return an hour that many people saw the ads of."""
    count = len(spend)
    return Observed(
        cells=np.full(count, number % 168),
        log_multiplier=multiplier,
        spend=spend,
        impressions=np.full(count, 1e6),
        capped=np.zeros(count, dtype=np.bool_) if capped is None else capped,
        usable=np.ones(count, dtype=np.bool_),
    )


def started(count: int = COUNT) -> Pacing:
    """Return campaigns that are expected to spend 100 in a mean hour."""
    return pacer.start(shapes_for(count), np.full(count, BUDGET / 24.0), np.zeros(count))


def decided(pacing: Pacing, number: int, left: Floats, in_force: Floats) -> Spending:
    """Return what is decided for the hours to the end of the day."""
    count = len(left)
    cells = np.tile(np.arange(number, number - number % 24 + 24) % 168, (count, 1))
    now = in_force, np.zeros(count, dtype=np.int64)
    return pacer.decide(pacing, shapes_for(count), cells, left, now)


def paced(sizes: Floats) -> tuple[Pacing, Floats, Floats]:
    """Pace campaigns over hours that would spend ``sizes`` (B, H) at a multiplier of 1.

    Returns what is known at the end, log multipliers (B, H) and spend (B, H).
    """
    count, hours = sizes.shape
    pacing, in_force, left = started(count), np.zeros(count), np.full(count, BUDGET)
    forces, spends = np.zeros(sizes.shape), np.zeros(sizes.shape)
    for number in range(hours):
        left = np.full(count, BUDGET) if number % 24 == 0 else left
        spending = decided(pacing, number, left, in_force)
        in_force = spending.log_multiplier
        wanted = sizes[:, number] * np.exp(np.minimum(ANSWER * in_force, SOLD_OUT))
        cap = np.minimum(spending.cap, left)
        spend = np.minimum(wanted, cap)
        seen = hour(number, in_force, spend, wanted > cap)
        pacing, left = pacer.learn_hour(pacing, shapes_for(count), seen), left - spend
        forces[:, number], spends[:, number] = in_force, spend
    return pacing, forces, spends


def drawn(spread: float, days: int = 14) -> Floats:
    """Return sizes of hours, (B, H), that are log-normal with a mean of 100, each by itself."""
    logs = np.random.default_rng(5).normal(0.0, spread, (COUNT, 24 * days))
    return 100.0 * np.exp(logs - 0.5 * spread**2)


@pytest.mark.parametrize("spread", [0.05, 0.2, 0.3])
def test_hours_that_miss_a_little_leave_the_model_of_hours_alone(spread: float) -> None:
    known = paced(drawn(spread))[0]

    assert np.all(rough.trust(known.response.rough) == 1.0)
    assert np.all(hour_noise(known.response) == NOISE**2)
    other = replace(known.response.rough, money=1e3 * known.response.rough.money)
    odd = replace(known, response=replace(known.response, rough=other))
    left = np.full(COUNT, BUDGET)
    one, two = (decided(each, 336, left, np.zeros(COUNT)) for each in (known, odd))
    assert np.array_equal(one.log_multiplier, two.log_multiplier)
    assert np.array_equal(one.cap, two.cap)
    assert np.array_equal(one.hours, two.hours)


def test_a_change_that_lasts_and_one_odd_hour_are_not_roughness() -> None:
    sizes = drawn(0.2)
    sizes[:10, 200:] *= 3.0
    sizes[10:20, 200:] /= 3.0
    sizes[20:30, 200] *= 20.0
    sizes[30:, 200:203] = 0.0
    known = paced(sizes)[0]

    assert np.all(rough.trust(known.response.rough) == 1.0)


def test_hours_that_miss_by_whole_factors_are_found_out_and_not_chased() -> None:
    known, forces, _ = paced(drawn(2.0))
    rough_ones = rough.trust(known.response.rough) == 0.0

    assert rough_ones.mean() > 0.8
    assert np.all(hour_noise(known.response)[rough_ones] > 1.0)
    mornings = forces.reshape(COUNT, 14, 24)[rough_ones, 10:, 1:13]
    # An hour of twice or half the usual size moves a multiplier that follows it by 0.23.
    assert np.median(np.abs(np.diff(mornings, axis=2))) < 0.1


def test_where_hours_are_wild_it_buys_more_than_by_the_model_of_hours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Value is money over the price of its last unit: the multiplier, until all is bought."""
    sizes, worth = drawn(2.0), []
    for calm in (rough.CALM, 1e6):
        monkeypatch.setattr(rough, "CALM", calm)
        monkeypatch.setattr(rough, "WILD", 2.0 * calm)
        _, forces, spends = paced(sizes)
        prices = np.exp(np.minimum(forces, SOLD_OUT / ANSWER))
        worth.append((spends / prices)[:, 24 * 7 :].sum())

    assert worth[0] > 1.2 * worth[1]


def test_a_day_is_the_money_of_the_last_days_over_their_hours() -> None:
    """Against sums made by hand, of hours at two multipliers and one without demand."""
    known = rough.smooth(np.log(np.array([50.0])))
    money, hours = 50.0 * rough.FIRST, rough.FIRST
    for spend, u in ((80.0, 0.0), (10.0, -1.0), (900.0, 1.0), (0.0, 0.0)):
        kept = np.exp(-1.0 / rough.MEMORY)
        money, hours = kept * money + spend, kept * hours + np.exp(2.5 * min(u, 0.0))
        told = np.zeros(1), np.array([u])
        known = rough.bought(known, np.array([spend]), told, np.ones(1, dtype=np.bool_))
    assert known.money / known.hours == pytest.approx(money / hours)
    # At a multiplier e**0.4 times as high a mean hour is e**(0.4 * 2.5) times as big.
    higher = rough.moved(known, np.array([0.4]))
    assert higher.money / higher.hours == pytest.approx(np.e * money / hours)


def test_what_counting_makes_of_an_hour_is_no_roughness() -> None:
    known, counts = rough.smooth(np.zeros(3)), np.ones(3, dtype=np.bool_)
    few = rough.missed(known, np.array([0.9, -0.9, 0.9]), np.array([2.0, 2.0, 1e9]), counts)

    assert few.miss[:2].tolist() == [0.0, 0.0]
    assert few.miss[2] == pytest.approx(0.9 / rough.MISS_MEMORY, rel=1e-3)
    nothing = rough.missed(known, np.full(3, 9.0), np.full(3, 1e9), ~counts)
    assert nothing.miss.tolist() == [0.0, 0.0, 0.0]


def test_a_rough_campaigns_multiplier_does_not_fall_without_end_for_money_that_is_gone() -> None:
    calm = paced(drawn(0.2, days=5))[0]
    some = replace(calm.response.rough, miss=np.full(COUNT, rough.CALM + 0.01))
    known = replace(calm, response=replace(calm.response, rough=some))
    in_force, anchor = np.zeros(COUNT), known.response.anchor
    for number in range(120, 142):
        in_force = decided(known, number, np.zeros(COUNT), in_force).log_multiplier

    assert in_force == pytest.approx(anchor - 2.0 * FASTEST)
