"""How value answers spend: what is learned, how sure it is, and what cannot be known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from engine.arrays import Floats, Ints
from engine.curve_fitting import Fit, fit_curves
from engine.errors import EngineError
from engine.exponents import FIRST, FIRST_DEVIATION, Said, pooled
from engine.response_days import Days

NOMINAL = 1.2816
"""Standard deviations from the middle to the ends of an 80 % interval."""


@dataclass(frozen=True)
class World:
    """Campaigns whose exponents are known."""

    days: Days
    exponent: Floats
    pool_mean: Floats


def a_world(
    seed: int, *, campaigns: int = 1_500, follows: float = 0.0, jitter: float = 0.0
) -> World:
    """Draw campaigns of three pools; spend follows demand by ``follows``."""
    rng = np.random.default_rng(seed)
    shape = campaigns, 60
    pool = rng.integers(0, 3, campaigns)
    mean = np.array([0.5, 0.65, 0.8])
    exponent = np.clip(rng.normal(mean[pool], 0.1), 0.05, 0.95)
    demand = rng.normal(0.0, 0.15, shape) + rng.normal(0.0, 0.08, (3, 60))[pool]
    by_chance = rng.normal(0.0, jitter, shape)
    spread = rng.choice([0.1, 0.3, 0.5], campaigns)[:, None] * rng.normal(0.0, 1.0, shape)
    log_spend = follows * demand + by_chance + (spread if not follows else 0.0)
    usual = rng.lognormal(4.0, 1.0, campaigns)[:, None]
    mean_value = 0.1 * usual * np.exp(exponent[:, None] * log_spend + demand)
    days = Days(
        spend=usual * np.exp(log_spend),
        value=rng.poisson(mean_value).astype(np.float64),
        weight=np.ones(shape),
        pool=pool,
        jitter=by_chance if jitter else None,
    )
    return World(days, exponent, mean)


def covered(world: World, fit: Fit) -> Floats:
    error = np.abs(fit.exponent - world.exponent)
    return np.asarray(error <= NOMINAL * fit.exponent_deviation)


def some(days: Days, at: Ints) -> Days:
    parts = {name: getattr(days, name)[at] for name in ("spend", "value", "weight", "pool")}
    return Days(**parts, jitter=None if days.jitter is None else days.jitter[at])


def test_pools_are_told_apart_and_intervals_hold_as_often_as_they_say() -> None:
    world = a_world(1)

    fit = fit_curves(world.days)

    np.testing.assert_allclose(fit.pool_exponent, world.pool_mean, atol=0.03)
    assert np.all(fit.pool_identified)
    # Four standard errors of 1,500 draws.
    assert covered(world, fit).mean() == pytest.approx(0.8, abs=0.042)


def test_exponents_are_nearer_the_truth_than_the_pools_mean_is() -> None:
    world = a_world(2)

    fit = fit_curves(world.days)

    own = np.sqrt(np.mean((fit.exponent - world.exponent) ** 2))
    common = np.sqrt(np.mean((world.pool_mean[world.days.pool] - world.exponent) ** 2))
    assert own < common


def test_spend_that_follows_demand_misleads_and_our_own_chance_does_not() -> None:
    world = a_world(3, campaigns=4_000, follows=0.7, jitter=0.15)

    naive = fit_curves(replace(world.days, jitter=None))
    ours = fit_curves(world.days)

    assert np.mean(naive.exponent - world.exponent) > 0.15
    assert abs(np.mean(ours.exponent - world.exponent)) < 0.03


def test_a_campaign_that_never_varied_its_spend_has_its_pools_exponent() -> None:
    world = a_world(4)
    spend = world.days.spend.copy()
    spend[0] = 50.0

    fit = fit_curves(replace(world.days, spend=spend))

    pool = world.days.pool[0]
    assert fit.exponent[0] == pytest.approx(fit.pool_exponent[pool])
    assert fit.exponent_deviation[0] == pytest.approx(fit.pool_deviation[pool])
    assert not fit.identified[0]


def test_a_pool_that_never_varied_its_spend_is_not_identified() -> None:
    world = a_world(5, campaigns=30)

    fit = fit_curves(replace(world.days, spend=np.full_like(world.days.spend, 20.0)))

    np.testing.assert_allclose(fit.exponent, FIRST)
    np.testing.assert_allclose(fit.exponent_deviation, FIRST_DEVIATION)
    assert not np.any(fit.pool_identified)


def test_campaigns_without_value_or_spend_have_curves_of_nothing() -> None:
    world = a_world(6, campaigns=40)
    spend, value = world.days.spend.copy(), world.days.value.copy()
    spend[0], value[:2] = 0.0, 0.0

    fit = fit_curves(replace(world.days, spend=spend, value=value))

    curves = fit.curves()
    assert curves.value(np.full(40, 100.0))[:2].tolist() == [0.0, 0.0]
    assert all(np.all(np.isfinite(part)) for part in (fit.exponent, fit.level, fit.usual))


def test_a_curve_brings_its_level_at_the_usual_spend() -> None:
    fit = fit_curves(a_world(7, campaigns=50).days)

    np.testing.assert_allclose(fit.curves().value(fit.usual), fit.level)


def test_a_day_that_does_not_count_changes_nothing() -> None:
    world = a_world(8, campaigns=60)
    weight = world.days.weight.copy()
    weight[:, 17] = 0.0
    value, spend = world.days.value.copy(), world.days.spend.copy()
    value[:, 17], spend[:, 17] = 1e6, 3.0

    fit = fit_curves(replace(world.days, weight=weight))
    again = fit_curves(replace(world.days, weight=weight, value=value, spend=spend))

    np.testing.assert_allclose(again.exponent, fit.exponent)
    np.testing.assert_allclose(again.level, fit.level)


def test_the_order_of_campaigns_and_the_unit_of_money_change_nothing() -> None:
    world = a_world(9, campaigns=80)
    order = np.random.default_rng(9).permutation(80)

    fit = fit_curves(world.days)
    moved = fit_curves(some(world.days, order))
    cents = fit_curves(replace(world.days, spend=world.days.spend * 100.0))

    np.testing.assert_allclose(moved.exponent, fit.exponent[order], rtol=1e-9)
    np.testing.assert_allclose(cents.exponent, fit.exponent, rtol=1e-9)
    np.testing.assert_allclose(cents.usual, fit.usual * 100.0, rtol=1e-9)


def test_twice_the_days_are_never_less_sure() -> None:
    world = a_world(10, campaigns=200)
    days = world.days
    twice = Days(
        spend=np.tile(days.spend, 2),
        value=np.tile(days.value, 2),
        weight=np.tile(days.weight, 2),
        pool=days.pool,
    )

    fit, more = fit_curves(days), fit_curves(twice)

    assert np.all(more.level_precision >= fit.level_precision)


def test_the_spread_of_exactly_known_exponents_is_found() -> None:
    rng = np.random.default_rng(11)
    exponent = rng.normal(0.7, 0.05, 5_000)

    found = pooled(
        Said(exponent=exponent, precision=np.full(5_000, 1e9)), np.zeros(5_000, dtype=np.int64), 1
    )

    assert found.mean[0] == pytest.approx(0.7, abs=0.004)
    assert found.deviation[0] == pytest.approx(0.05, abs=0.003)


def test_no_campaigns_have_no_curves() -> None:
    nothing = np.zeros((0, 60))

    fit = fit_curves(
        Days(spend=nothing, value=nothing, weight=nothing, pool=np.zeros(0, dtype=np.int64))
    )

    assert len(fit.curves()) == 0


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"value": np.full((2, 3), -1.0)}, "value must be >= 0 and finite, lay in"),
        ({"spend": np.full((2, 3), np.nan)}, "spend must be >= 0 and finite"),
        ({"weight": np.ones((2, 4))}, r"weight has shape \(2, 4\), spend has \(2, 3\)"),
        ({"pool": np.zeros(3, dtype=np.int64)}, "2 campaigns need a pool each, had 3"),
    ],
)
def test_days_that_are_none_are_refused(wrong: dict[str, Any], says: str) -> None:
    one = np.ones((2, 3))
    days = Days(spend=one, value=one, weight=one, pool=np.zeros(2, dtype=np.int64))

    with pytest.raises(EngineError, match=says):
        replace(days, **wrong)
