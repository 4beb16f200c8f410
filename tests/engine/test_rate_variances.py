"""How far factors depart from each other is what their counts say, however few and far they are."""

from __future__ import annotations

import numpy as np
import pytest

from engine.arrays import Floats
from engine.log_linear import ASSUMED_VARIANCE, Factor, no_effect, with_variance

MANY = 1e9
"""Counts of each: their chance is nothing."""


def settled(departures: Floats) -> float:
    """Return the variance that factors end at whose counts depart from what was expected."""
    count = len(departures)
    one = np.arange(count)
    factor: Factor = no_effect(
        one, np.zeros(count, dtype=np.int64), MANY * (1.0 + departures), ASSUMED_VARIANCE
    )
    for _ in range(200):
        factor = with_variance(factor, np.full(count, MANY))
    return factor.variance


@pytest.mark.parametrize("size", [0.25, 0.5, 0.9])
@pytest.mark.parametrize("count", [2, 4, 10])
def test_what_is_assumed_counts_for_one_known_factor_however_far_the_others_depart(
    count: int, size: float
) -> None:
    """The sum of squares over how many of them are free, with one of the assumed variance more.

    Of factors whose sum is given all but one are free.
    """
    squares = count * size**2 + ASSUMED_VARIANCE
    departures = size * np.where(np.arange(count) % 2, 1.0, -1.0)
    assert settled(departures) == pytest.approx(squares / (count - 1 + 1), rel=1e-6)


def test_factors_that_hardly_depart_are_not_held_to_what_is_assumed() -> None:
    """Many that agree say so: one that is assumed does not outweigh them."""
    departures = 0.02 * np.where(np.arange(1_000) % 2, 1.0, -1.0)
    assert settled(departures) < 2.0 * 0.02**2


@pytest.mark.parametrize("size", [0.3, 0.6])
def test_farther_departures_never_make_a_smaller_variance(size: float) -> None:
    sizes = size * np.array([1.0, -0.5, -0.5, 0.25, -0.25])
    assert settled(sizes) < settled(1.2 * sizes)
