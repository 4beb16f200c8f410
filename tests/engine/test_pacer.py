"""The pacer learns what spend answers, and never lets an hour spend more than is left."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import pacer, response
from engine.anchors import anchored
from engine.arrays import Floats
from engine.day_shapes import DayShapes, no_days, pooled
from engine.multiplier import Spending
from engine.pacer import Pacing
from engine.response import Observed, Response

MONDAY_NOON = 12


def shapes_for(count: int) -> DayShapes:
    """Return what is assumed where nobody has taught anything."""
    one = pooled(no_days())
    return DayShapes(
        mean=np.repeat(one.mean, count, axis=0), covariance=np.repeat(one.covariance, count, axis=0)
    )


def hour(
    cell: int,
    spend: Floats,
    log_multiplier: float = 0.0,
    *,
    capped: bool = False,
    usable: bool = True,
) -> Observed:
    """Return an hour in which all campaigns won plenty."""
    count = len(spend)
    return Observed(
        cells=np.full(count, cell),
        log_multiplier=np.full(count, log_multiplier),
        spend=spend,
        impressions=np.full(count, 1_000.0),
        capped=np.full(count, capped),
        usable=np.full(count, usable),
    )


def started(count: int, spend: float = 100.0) -> Pacing:
    """Return campaigns that are expected to spend ``spend`` in a mean hour."""
    return pacer.start(shapes_for(count), np.full(count, spend), np.zeros(count))


def lived(spends: Floats, log_multipliers: Floats) -> Pacing:
    """Return one campaign after hours from Monday midnight on."""
    pacing = started(1)
    for cell, (spend, log_multiplier) in enumerate(zip(spends, log_multipliers, strict=True)):
        seen = hour(cell % 168, np.array([spend]), log_multiplier)
        pacing = pacer.learn_hour(pacing, shapes_for(1), seen)
    return pacing


def decided(pacing: Pacing, left: Floats, hours: int = 10) -> Spending:
    """Decide the next of ``hours`` hours that are left."""
    count = len(left)
    cells = np.tile(np.arange(MONDAY_NOON, MONDAY_NOON + hours), (count, 1))
    now = (np.zeros(count), np.zeros(count, dtype=np.int64))
    return pacer.decide(pacing, shapes_for(count), cells, left, now)


def expected(known: Response, of_day: int, log_multiplier: float) -> float:
    """Return the log spend that one campaign is expected to have in an hour."""
    return float(response.expected(known, np.array([of_day]), np.array([log_multiplier]))[0])


def test_what_is_learned_is_what_conditioning_a_gaussian_gives() -> None:
    """The filter over five hours of a day, against linear algebra on their joint distribution."""
    spends = np.array([80.0, 140.0, 95.0, 200.0, 120.0])
    log_multipliers = np.array([0.0, 0.2, -0.1, 0.3, 0.1])
    count = len(spends)
    covariance = pooled(no_days()).covariance[0]
    apart = np.abs(np.arange(count)[:, None] - np.arange(count))
    deviation = response.DEVIATION_STEP**2 / (1 - response.FADING**2) * response.FADING**apart
    # The first hour begins a day: level and elasticity have made their daily step.
    level = 2.0**2 + response.LEVEL_STEP**2
    elasticity = 0.7**2 + response.ELASTICITY_STEP**2
    bend = -0.5 * log_multipliers**2
    joint = (
        level
        + deviation
        + covariance[:count, :count]
        + elasticity * np.outer(log_multipliers, log_multipliers)
        + 0.4**2 * np.outer(bend, bend)
    )
    noisy = joint + np.diag(np.full(count, response.NOISE**2 + 2.0 / 1_000.0))
    prior = np.log(100.0) + 1.5 * log_multipliers + 0.6 * bend
    surprise = np.linalg.solve(noisy, np.log(spends) - prior)
    wanted = np.log(100.0) + level * surprise.sum()

    known = lived(spends, log_multipliers).response

    assert known.mean[0, response.LEVEL] == pytest.approx(wanted, abs=1e-9)
    answer = 1.5 + elasticity * float(log_multipliers @ surprise)
    assert known.mean[0, response.ELASTICITY] == pytest.approx(answer, abs=1e-9)


@pytest.mark.parametrize("truth", [0.7, 1.5, 3.0, 6.0])
def test_the_elasticity_of_a_market_is_learned(truth: float) -> None:
    chance = np.random.default_rng(3)
    log_multipliers = chance.normal(0.0, 0.3, 24 * 6)
    spends = 100.0 * np.exp(truth * log_multipliers + chance.normal(0.0, 0.05, 24 * 6))

    known = lived(spends, log_multipliers).response

    # At the anchor, which has moved to the first multiplier of the last day.
    there = expected(known, 0, float(known.anchor[0]) + 0.05)
    here = expected(known, 0, float(known.anchor[0]) - 0.05)
    assert (there - here) / 0.1 == pytest.approx(truth, rel=0.15)


def test_a_capped_hour_raises_what_is_expected_and_never_lowers_it() -> None:
    pacing = lived(np.full(12, 100.0), np.zeros(12))
    before = expected(pacing.response, MONDAY_NOON, 0.0)
    less, more = (
        pacer.learn_hour(
            pacing,
            shapes_for(1),
            hour(MONDAY_NOON, np.array([spend]), capped=True),
        )
        for spend in (40.0, 180.0)
    )

    assert expected(less.response, MONDAY_NOON, 0.0) == pytest.approx(before, abs=0.02)
    assert expected(more.response, MONDAY_NOON, 0.0) > before + 0.05


def test_an_hour_without_spend_is_no_evidence_of_low_demand() -> None:
    pacing = lived(np.full(12, 100.0), np.zeros(12))
    silent = pacer.learn_hour(pacing, shapes_for(1), hour(12, np.array([0.0])))
    unheard = pacer.learn_hour(pacing, shapes_for(1), hour(12, np.array([50.0]), usable=False))

    assert np.array_equal(silent.response.mean, unheard.response.mean)
    assert np.array_equal(silent.response.covariance, unheard.response.covariance)
    assert silent.silent[0] == 1
    assert unheard.silent[0] == 0


def test_a_bid_that_wins_nothing_for_long_is_raised_hour_by_hour() -> None:
    pacing = started(1)
    for cell in range(pacer.OUTAGE + 1):
        pacing = pacer.learn_hour(pacing, shapes_for(1), hour(cell, np.array([0.0])))

    assert decided(pacing, np.array([2_400.0])).log_multiplier[0] == pytest.approx(np.log(2.0))


def test_a_first_multiplier_that_wins_nothing_is_forgotten_with_all_that_was_believed_of_it() -> (
    None
):
    """The market answers from 8 times the first multiplier on; nothing was known of it there."""
    pacing = started(1)
    for cell in range(pacer.OUTAGE + 3):
        pacing = pacer.learn_hour(pacing, shapes_for(1), hour(cell, np.array([0.0]), 0.0))
    found = pacer.learn_hour(
        pacing, shapes_for(1), hour(pacer.OUTAGE + 3, np.array([20.0]), np.log(8.0))
    )

    assert found.response.anchor[0] == pytest.approx(np.log(8.0))
    told = expected(found.response, pacer.OUTAGE + 3, float(np.log(8.0)))
    assert told == pytest.approx(np.log(20.0), abs=0.1)


def test_more_money_never_means_a_lower_multiplier() -> None:
    pacing = lived(np.full(12, 100.0), np.zeros(12))
    money = np.geomspace(1.0, 1e5, 40)
    multipliers = [float(decided(pacing, np.array([left])).log_multiplier[0]) for left in money]

    assert np.all(np.diff(multipliers) >= 0.0)
    assert multipliers[-1] > multipliers[0]


def test_the_multiplier_is_held_where_the_market_spends_the_budget_by_itself() -> None:
    pacing = lived(np.full(24 * 7 + 12, 100.0), np.zeros(24 * 7 + 12))

    assert decided(pacing, np.array([1_000.0])).log_multiplier[0] == pytest.approx(0.0, abs=0.02)


def test_moving_the_anchor_changes_no_expectation() -> None:
    chance = np.random.default_rng(5)
    known = lived(np.exp(chance.normal(4.6, 0.2, 30)), chance.normal(0.0, 0.2, 30)).response
    there = known.anchor - 0.4
    moved = anchored(known, there, np.array([True]))

    assert np.array_equal(moved.anchor, there)
    for log_multiplier in (-0.5, 0.0, 0.4):
        told = expected(known, 7, log_multiplier)
        assert expected(moved, 7, log_multiplier) == pytest.approx(told, abs=1e-9)
        sds = [
            response.uncertainty(each, np.array([7]), np.array([log_multiplier]))[0]
            for each in (known, moved)
        ]
        assert sds[0] == pytest.approx(sds[1], abs=1e-9)


def test_what_is_in_flight_is_what_the_unreported_hours_were_expected_to_spend() -> None:
    pacing = lived(np.full(24 * 7 + 10, 100.0), np.zeros(24 * 7 + 10))
    flying = pacer.in_flight(
        pacing, shapes_for(1), (np.array([[10, 11, 12]]), np.array([[0.0, 0.0, 0.0]]))
    )

    assert flying[0] == pytest.approx(300.0, rel=0.02)


amounts = st.just(0.0) | st.floats(0.01, 1e4)
hours_lived = st.tuples(amounts, st.floats(-2.0, 2.0), st.booleans(), st.booleans())
lives = st.lists(hours_lived, min_size=1, max_size=20)


def many(life: list[tuple[float, float, bool, bool]], count: int, unit: float = 1.0) -> Pacing:
    """Live the same hours with ``count`` campaigns, money in another unit."""
    pacing = started(count, 100.0 * unit)
    for cell, (spend, log_multiplier, capped, usable) in enumerate(life):
        seen = hour(
            cell,
            np.full(count, spend * unit),
            log_multiplier,
            capped=capped,
            usable=usable,
        )
        pacing = pacer.learn_hour(pacing, shapes_for(count), seen)
    return pacing


@settings(deadline=None)
@given(lives, st.floats(0.0, 1e6), st.integers(1, 24))
def test_no_cap_is_above_what_is_left_or_below_nothing(
    life: list[tuple[float, float, bool, bool]], left: float, hours: int
) -> None:
    spending = decided(many(life, 1), np.array([left]), hours)

    assert 0.0 <= spending.cap[0] <= left
    assert np.isfinite(spending.log_multiplier).all()
    assert abs(spending.log_multiplier[0]) <= np.log(3.0) + 1e-9


@settings(deadline=None)
@given(st.lists(hours_lived, min_size=1, max_size=5), st.floats(1.0, 1e6))
def test_what_a_campaign_is_told_does_not_depend_on_its_batch(
    life: list[tuple[float, float, bool, bool]], left: float
) -> None:
    alone, among = many(life, 1), many(life, 300)
    one = decided(alone, np.array([left]))
    all_ = decided(among, np.full(300, left))

    assert np.array_equal(among.response.mean[271], alone.response.mean[0])
    assert all_.log_multiplier[271] == one.log_multiplier[0]
    assert all_.cap[271] == one.cap[0]


@settings(deadline=None)
@given(lives, st.floats(1.0, 1e6))
def test_the_unit_of_money_changes_no_multiplier(
    life: list[tuple[float, float, bool, bool]], left: float
) -> None:
    one = decided(many(life, 1), np.array([left]))
    hundred = decided(many(life, 1, 100.0), np.array([left * 100.0]))

    assert hundred.log_multiplier[0] == pytest.approx(one.log_multiplier[0], abs=1e-6)
    assert hundred.cap[0] == pytest.approx(one.cap[0] * 100.0, rel=1e-5)
