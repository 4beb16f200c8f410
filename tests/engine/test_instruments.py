"""Curves learned from our own chance: when it is used, and how far it went on to spend."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from engine.curve_fitting import Fit, fit_curves
from engine.instruments import fitted, passed_on
from engine.response_days import Days
from tests.engine.test_curve_fitting import a_world


def same(one: Fit, other: Fit) -> bool:
    return all(
        np.array_equal(getattr(one, each.name), getattr(other, each.name)) for each in fields(Fit)
    )


def test_without_jitter_it_is_the_plain_fit() -> None:
    days = a_world(1, campaigns=50).days
    none = replace(days, jitter=np.zeros_like(days.spend))
    assert same(fitted(days), fit_curves(days))
    assert same(fitted(none), fit_curves(days))
    assert not fitted(days).by_chance.any()


def test_jitter_that_tells_a_pool_takes_the_place_of_what_follows_demand() -> None:
    world = a_world(3, campaigns=4_000, follows=0.7, jitter=0.1)
    fit = fitted(world.days)
    plain = fit_curves(replace(world.days, jitter=None))
    assert np.all(fit.by_chance)
    assert np.mean(plain.exponent - world.exponent) > 0.15
    assert abs(np.mean(fit.exponent - world.exponent)) <= 0.02


def test_jitter_that_tells_too_little_of_a_pool_leaves_its_fit_as_it_is() -> None:
    many, few = (a_world(4, campaigns=count, follows=0.5, jitter=0.1).days for count in (3_000, 12))
    plain = fit_curves(replace(few, jitter=None))
    assert not fitted(few).by_chance.any()
    assert same(fitted(few), plain)
    both = joined(many, few)
    fit = fitted(both)
    assert fit.by_chance.tolist() == [True, True, True, False, False, False]
    apart = fit_curves(replace(both, jitter=None))
    np.testing.assert_array_equal(fit.exponent[3_000:], apart.exponent[3_000:])
    assert np.all(fit.exponent[:3_000] != apart.exponent[:3_000])


def joined(one: Days, other: Days) -> Days:
    parts = {
        name: np.concatenate([getattr(one, name), getattr(other, name)])
        for name in ("spend", "value", "weight", "jitter")
    }
    return Days(**parts, pool=np.concatenate([one.pool, other.pool + 3]))


@pytest.mark.parametrize("part", [0.4, 1.0])
def test_only_what_went_on_to_spend_is_reckoned_with(part: float) -> None:
    """A budget that is moved by a tenth, of which spend follows a part, tells the same exponent."""
    world = a_world(5, campaigns=6_000, follows=0.5, jitter=0.1)
    days = world.days
    assert days.jitter is not None
    told = replace(days, jitter=days.jitter / part)
    np.testing.assert_allclose(passed_on(told), part, rtol=0.05)
    assert abs(np.mean(fitted(told).exponent - world.exponent)) <= 0.02


def test_coins_that_nobody_set_say_nothing() -> None:
    days = a_world(6, campaigns=2_000, follows=0.5, jitter=0.1).days
    never = np.random.default_rng(1).normal(0.0, 0.1, days.spend.shape)
    fit = fitted(replace(days, jitter=never))
    np.testing.assert_allclose(passed_on(replace(days, jitter=never)), 0.0, atol=0.02)
    assert not fit.by_chance.any()
