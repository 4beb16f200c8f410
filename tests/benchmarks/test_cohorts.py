"""The world in which lifetime value is judged: its truth is what it says, and kept back."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.cohorts.scores import AGE, SHORT, _last
from benchmarks.cohorts.world import HORIZON, LIVED, ORDER, RATE, World, world
from engine.value_growth import AGES


@pytest.fixture(scope="module")
def told() -> World:
    return world(1.0, 45.0, 0.8)


def test_true_value_is_that_of_its_customers(told: World) -> None:
    """Rates vary by 0.3 of a log; 1 - exp(-90 / 45) of the repeats have come, about."""
    each = told.true.sum() / told.cohorts.clicks.sum()
    usual = RATE * np.exp(0.3**2 / 2.0) * ORDER * (1.0 + 0.8 * (1.0 - np.exp(-2.0)))

    assert each == pytest.approx(usual, rel=0.15)


def test_what_is_known_is_no_more_than_had_come_by_then(told: World) -> None:
    cohorts = told.cohorts
    known = cohorts.triangle.known

    assert (known == (np.array(AGES) <= cohorts.age[..., None])).all()
    # All that is known of a cohort is at most what it has now, and now at most what it has later.
    assert (cohorts.triangle.value <= cohorts.now[..., None] + 1e-6).all()
    young = cohorts.age < HORIZON
    assert (cohorts.now[young] <= told.true[young] + 1e-6).all()
    assert cohorts.age[0, LIVED - 1 - AGE] == AGE


def test_fewer_days_lived_are_the_last_ones(told: World) -> None:
    short = _last(told, SHORT)

    assert short.cohorts.age[0, 0] == SHORT - 1
    assert short.true.shape == (told.true.shape[0], SHORT)
