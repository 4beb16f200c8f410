"""What each strategy that learns makes of a learned week, against plain reckonings."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from math import exp, log, sqrt
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engine import patterns, plans, strategies
from engine.arrays import Floats, Ints
from engine.decide import decide
from engine.holds import NONE as NONE_HELD
from engine.holds import ORDER
from engine.patterns import Estimate, Prior
from engine.plans import STRATEGIES
from engine.response import FIRST_ELASTICITY
from engine.situation import Situation
from engine.weeks import WeekWeights
from schemas import HoldReason
from tests.engine.situations import One

quick = settings(max_examples=40, deadline=None)
LEARNED = [code for code, strategy in strategies.REGISTRY.items() if strategy.learned]
rates = arrays.arrays(np.float64, 168, elements=st.floats(1e-2, 20.0))
counts = arrays.arrays(np.int64, 168, elements=st.integers(0, 10**5))
factors = arrays.arrays(np.float64, 43, elements=st.floats(0.2, 4.0))
GONE = ORDER.index(HoldReason.BUDGET_GONE)
INFEASIBLE = ORDER.index(HoldReason.INFEASIBLE_MINIMUM)
ONE = plans.no_plans(1)
NONE = np.zeros(168, dtype=np.int64)


def a_week(clicks: Floats | Sequence[float], conversions: Floats, trust: float = 0.9) -> Estimate:
    return Estimate(
        clicks=np.array([clicks]),
        conversions=np.array([conversions]),
        confidence=np.full((1, 168), trust),
        trust=np.array([trust]),
    )


def from_counts(clicks: Ints, conversions: Ints, prior: Prior) -> Estimate:
    rows = patterns.unpack([b""]).copy()
    rows["hours"], rows["clicks"], rows["conversions"] = 4, clicks, conversions * 10**6
    return patterns.estimate(rows, prior)


def a_prior(shape: Floats) -> Prior:
    return replace(patterns.flat_prior(1), shape=shape[None, :] / shape.mean())


def weigh(name: str, week: Estimate) -> Floats:
    weights: Floats = strategies.REGISTRY[STRATEGIES.index(name)].weigh(ONE, week)[0]
    return weights


@pytest.mark.parametrize("code", LEARNED)
@given(counts, counts, rates)
@quick
def test_every_learned_week_gives_weights_that_are_finite_and_above_zero(
    code: int, clicks: Ints, conversions: Ints, shape: Floats
) -> None:
    weights = weigh(STRATEGIES[code], from_counts(clicks, conversions, a_prior(shape)))
    assert np.isfinite(weights).all()
    assert (weights > 0.0).all()


@pytest.mark.parametrize("code", LEARNED)
@given(rates)
@quick
def test_a_campaign_without_data_of_its_own_follows_its_prior(code: int, shape: Floats) -> None:
    prior = a_prior(shape)
    weights = weigh(STRATEGIES[code], from_counts(NONE, NONE, prior))
    np.testing.assert_allclose(weights / weights.mean(), prior.shape[0], rtol=1e-9)


@pytest.mark.parametrize("code", LEARNED)
@given(rates, rates, st.integers(-9, 9), st.integers(-9, 9))
@quick
def test_the_units_of_clicks_and_conversions_do_not_move_the_split(
    code: int, clicks: Floats, conversions: Floats, one: int, other: int
) -> None:
    before = weigh(STRATEGIES[code], a_week(clicks, conversions))
    after = weigh(STRATEGIES[code], a_week(clicks * 3.0**one, conversions * 3.0**other))
    np.testing.assert_allclose(after / after.sum(), before / before.sum(), rtol=1e-9)


@pytest.mark.parametrize("code", LEARNED)
@given(st.lists(st.tuples(rates, rates, st.floats(0.0, 1.0)), min_size=2, max_size=5))
@quick
def test_a_campaign_is_weighed_to_the_same_bits_alone_and_in_any_batch(
    code: int, several: list[tuple[Floats, Floats, float]]
) -> None:
    alone = [a_week(*each) for each in several]
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(week, name) for week in alone])
        for name in ("clicks", "conversions", "confidence", "trust")
    }
    together = strategies.REGISTRY[code].weigh(plans.no_plans(len(alone)), Estimate(**columns))
    for row, week in zip(together, alone, strict=True):
        assert row.tobytes() == weigh(STRATEGIES[code], week).tobytes()


def reckoned(clicks: Floats, conversions: Floats, trust: float) -> list[float]:
    """Front-load in plain Python, hour by hour, by logarithms."""
    mean = sum(conversions) / 168
    varied = sqrt(sum((each / mean - 1.0) ** 2 for each in conversions) / 168)
    strength = trust * varied / sqrt(1.0 + varied**2)
    worth = sum(conversions) / sum(clicks)
    weights = []
    for hour in range(168):
        midnight = hour - hour % 24
        ahead = sum(clicks[hour : midnight + 24]) / sum(clicks[midnight : midnight + 24])
        intent = conversions[hour] / clicks[hour] / worth
        weights.append(conversions[hour] * exp(strength * (log(intent) + log(ahead))))
    return weights


@given(rates, rates, st.floats(0.0, 1.0))
@quick
def test_front_loading_is_what_its_rule_reckons_hour_by_hour(
    clicks: Floats, conversions: Floats, trust: float
) -> None:
    weights = weigh("front_loading", a_week(clicks, conversions, trust))
    np.testing.assert_allclose(weights, reckoned(clicks, conversions, trust), rtol=1e-9)


@given(rates, rates, st.integers(0, 6), st.integers(0, 22), st.data())
@quick
def test_of_two_like_hours_of_a_day_front_loading_serves_the_earlier_first(
    clicks: Floats, conversions: Floats, day: int, hour: int, data: st.DataObject
) -> None:
    later = 24 * day + data.draw(st.integers(hour + 1, 23))
    earlier = 24 * day + hour
    conversions[:24] *= 3.0
    clicks[later], conversions[later] = clicks[earlier], conversions[earlier]
    weights = weigh("front_loading", a_week(clicks, conversions))
    assert weights[earlier] > weights[later]


def share_until(name: str, week: Estimate, hour: int) -> float:
    """Return the share of the days' weights that come before an hour of the day."""
    days = weigh(name, week).reshape(7, 24)
    return float((days[:, :hour].sum(axis=1) / days.sum(axis=1)).mean())


@given(rates, st.floats(0.1, 1.0), st.integers(1, 23))
@quick
def test_the_better_a_week_is_known_the_earlier_front_loading_spends(
    clicks: Floats, trust: float, hour: int
) -> None:
    # All clicks worth the same: what moves is the time of day alone.
    clicks[0] = 40.0
    shares = [
        share_until("front_loading", a_week(clicks, clicks, known), hour)
        for known in (0.0, trust / 2, trust)
    ]
    assert shares[0] < shares[1] < shares[2]
    assert shares[0] == pytest.approx(share_until("dayparting", a_week(clicks, clicks), hour))


def test_front_loading_moves_more_where_conversions_are_concentrated() -> None:
    day = np.tile(np.sin(np.arange(24) / 24 * np.pi), 7)
    moved = []
    for swing in (0.0, 0.2, 0.5, 0.9):
        week = a_week(np.ones(168), 1.0 + swing * day)
        before, after = (share_until(name, week, 12) for name in ("dayparting", "front_loading"))
        moved.append(after - before)
    assert moved == sorted(moved)
    assert moved[0] == pytest.approx(0.0, abs=1e-12)
    assert moved[-1] > 0.02


def test_front_loading_gives_hours_of_high_intent_more_than_their_conversions() -> None:
    clicks, conversions = np.ones(168), np.ones(168)
    conversions[10::24] = 4.0
    week = a_week(clicks, conversions)
    weights = weigh("front_loading", week)
    # The hour before is earlier still: what it lacks is intent.
    assert weights[10] / weights[9] > 4.0


def value(spend: Floats, clicks: Floats, worth: Floats) -> float:
    """What a split of one unit of money is worth, where the price of a click rises with spend."""
    part = spend / spend.sum()
    power = 1.0 / FIRST_ELASTICITY
    return float((worth * clicks**power * part ** (1.0 - power)).sum())


def bought(spend: Floats, clicks: Floats) -> Floats:
    """The clicks that a split buys: what is on offer, where each hour's price is the same."""
    power = 1.0 / FIRST_ELASTICITY
    clicked: Floats = clicks**power * (spend / spend.sum()) ** (1.0 - power)
    return clicked


def climbed(clicks: Floats, worth: Floats) -> Floats:
    """The best split, found by moving money to where the next unit brings more."""
    spend = np.ones(168) / 168
    power = 1.0 / FIRST_ELASTICITY
    for _ in range(200):
        marginal = worth * clicks**power * spend**-power
        spend = spend * np.sqrt(marginal)
        spend /= spend.sum()
    return spend


@given(st.integers(0, 1_000))
@settings(max_examples=20, deadline=None)
def test_performance_based_is_near_the_best_split_however_its_clicks_were_bought(seed: int) -> None:
    chance = np.random.default_rng(seed)
    offer, worth = chance.lognormal(0.0, 0.7, 168), chance.lognormal(0.0, 0.3, 168)
    best = value(climbed(offer, worth), offer, worth)
    # The last months were bought at one price: clicks tell what is on offer.
    first = weigh("performance_based", a_week(offer, offer * worth))
    # They were bought with the split itself, for as long as it takes to settle.
    settled = first
    for _ in range(30):
        clicks = bought(settled, offer)
        settled = weigh("performance_based", a_week(clicks, clicks * worth))
    # The exponents err by the root of the elasticity, 1.22, either way.
    powers = FIRST_ELASTICITY**0.5, FIRST_ELASTICITY**1.5
    for split, power in zip((first, settled), powers, strict=True):
        wanted = offer * worth**power
        np.testing.assert_allclose(split / split.sum(), wanted / wanted.sum(), rtol=1e-9)
        # To second order 0.5 * (1 / 3) * (2 / 3) * 0.34 ** 2 * 0.3 ** 2 = 0.1 % is lost on average;
        # of 168 hours drawn from long tails, up to some times as much.
        assert value(split, offer, worth) > 0.997 * best
    # With the whole elasticity as the exponent, a settled split would be off by its square.
    offered = offer * worth**FIRST_ELASTICITY**2
    assert value(settled, offer, worth) > value(offered, offer, worth)
    assert value(first, offer, worth) > value(offer * worth, offer, worth)


def test_of_two_hours_of_like_conversions_performance_based_prefers_the_efficient() -> None:
    clicks = np.ones(168)
    clicks[5] = 4.0
    weights = weigh("performance_based", a_week(clicks, np.ones(168)))
    assert weights[6] > weights[5]
    assert weights[6] / weights[5] == pytest.approx(4.0 ** (sqrt(FIRST_ELASTICITY) - 1.0))


@given(rates)
@quick
def test_where_all_clicks_are_worth_the_same_performance_based_follows_the_clicks(
    clicks: Floats,
) -> None:
    weights = weigh("performance_based", a_week(clicks, clicks / 7.0))
    np.testing.assert_allclose(weights / weights.mean(), clicks / clicks.mean(), rtol=1e-9)


@st.composite
def situations(draw: st.DrawFn, code: int) -> Situation:
    """Return a campaign of one strategy at any hour, on days of 23, 24 and 25 hours as well."""
    zone, newest = draw(
        st.sampled_from(
            [
                ("Europe/Berlin", "2026-03-29"),
                ("Europe/Berlin", "2026-10-25"),
                ("America/New_York", "2026-03-08"),
                ("Australia/Lord_Howe", "2026-04-05"),
                ("Asia/Kathmandu", "2026-05-31"),
            ]
        )
    )
    midnight = datetime.fromisoformat(newest).replace(tzinfo=ZoneInfo(zone)).timestamp()
    floor = draw(st.just(0) | st.integers(0, 300))
    dates = np.array([draw(factors)]) if strategies.REGISTRY[code].dated else None
    week = from_counts(draw(counts), draw(counts), a_prior(draw(rates)))
    one = One(
        campaign={"newest": int(midnight) + 3_600 * draw(st.integers(-2, 24))},
        plan={
            "strategy": code,
            "exponent": draw(st.sampled_from([0, 2, 3])),
            "period": draw(st.integers(0, 2)),
            "amount": draw(st.integers(500, 10**7)),
            "hourly_floor": floor,
            "hourly_cap": draw(st.just(plans.UNLIMITED) | st.integers(floor, 10**5)),
        },
        zone=zone,
    )
    weights = strategies.REGISTRY[code].weigh(ONE, week)
    return replace(one.situation(), week=WeekWeights.of(weights, dates))


def could_be_kept(situation: Situation, day: int) -> bool:
    """Return whether the hourly minimum fits into the budget 24 times on each day of its period."""
    row, today = situation.plans[0], date.fromordinal(719_163 + day)
    days = (1, 7, monthrange(today.year, today.month)[1])[row["period"]]
    return bool(row["hourly_floor"] * days * 24 <= row["amount"])


@pytest.mark.parametrize("code", strategies.REGISTRY)
@given(st.data())
@quick
def test_a_days_plan_keeps_its_bounds_and_sums_to_what_the_day_may_spend_to_the_last_unit(
    code: int, data: st.DataObject
) -> None:
    situation = data.draw(situations(code))
    made = decide(situation)
    fits = NONE_HELD if could_be_kept(situation, int(made.clock.day[0])) else INFEASIBLE
    assert made.hold.tolist() == [fits if made.horizon.left[0] > 0 else GONE]
    amounts, hours = made.plan[0], int(made.clock.hours[0])
    total = int(made.horizon.today[0]) if made.hold[0] == NONE_HELD else 0
    assert int(amounts.sum()) == total - int(made.unplaced[0])
    assert not amounts[hours:].any()
    row = situation.plans[0]
    assert (amounts <= row["hourly_cap"]).all()
    assert made.unmet[0] or total == 0 or (amounts[:hours] >= min(row["hourly_floor"], total)).all()
    if made.unplaced[0]:
        assert (amounts[:hours] == row["hourly_cap"]).all()
    assert 1 <= hours <= 25
