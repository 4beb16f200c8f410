"""Multipliers by device, placement and hour are whole steps whose mean over clicks is 1."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from engine.bid_multipliers import Multipliers, Taken, multipliers, products

quick = settings(max_examples=100, deadline=None)
logs = st.lists(st.floats(-2.0, 2.0), min_size=2, max_size=6)


def rounded(factors: list[float], clicks: list[float], taken: Taken) -> Multipliers:
    return multipliers(np.array([factors]), np.array([clicks]), taken)


def test_rates_that_are_products_are_taken_apart() -> None:
    chance = np.random.default_rng(1)
    parts = [np.exp(0.5 * chance.standard_normal((3, size))) for size in (3, 4, 24)]
    device, placement, hour = parts
    rates = 0.03 * np.einsum("bd,bp,bh->bdph", device, placement, hour)
    clicks = chance.poisson(2.0, rates.shape).astype(float)
    found = products(rates, clicks)
    for ours, theirs in zip(found, parts, strict=True):
        assert_allclose(ours / ours[:, :1], theirs / theirs[:, :1], rtol=1e-6)


def test_other_rates_keep_their_mean_over_each_kind() -> None:
    chance = np.random.default_rng(2)
    rates = chance.uniform(0.01, 0.2, (2, 3, 2, 5))
    clicks = chance.uniform(0.0, 9.0, rates.shape)
    device, placement, hour = products(rates, clicks)
    level = (rates * clicks).sum(axis=(1, 2, 3)) / clicks.sum(axis=(1, 2, 3))
    fitted = np.einsum("b,bd,bp,bh->bdph", level, device, placement, hour)
    for axes in ((2, 3), (1, 3), (1, 2)):
        sums = [(each * clicks).sum(axis=axes) for each in (fitted, rates)]
        assert_allclose(sums[0], sums[1], rtol=1e-6)


def test_without_clicks_all_multipliers_are_one() -> None:
    none = np.zeros((1, 2, 1, 3))
    found = products(np.full(none.shape, 0.1), none)
    assert [each.tolist() for each in found] == [[[1.0] * 2], [[1.0]], [[1.0] * 3]]
    assert rounded([1.0, 1.0], [0.0, 0.0], Taken()).factor.tolist() == [[1.0, 1.0]]


@given(logs, st.data())
@quick
def test_they_are_whole_steps_within_bounds_with_mean_one_but_for_rounding(
    log: list[float], data: st.DataObject
) -> None:
    clicks = data.draw(st.lists(st.integers(1, 99), min_size=len(log), max_size=len(log)))
    taken = Taken(low=0.3, high=2.5, step=0.05)
    found = rounded(np.exp(log).tolist(), [float(each) for each in clicks], taken)
    factor, share = found.factor[0], np.array(clicks) / sum(clicks)
    steps = (factor - 1.0) / 0.05
    assert_allclose(steps, np.rint(steps), atol=1e-9)
    assert (factor >= 0.3 - 1e-9).all()
    assert (factor <= 2.5 + 1e-9).all()
    assert found.mean[0] == pytest.approx(share @ factor)
    # Rounding moves each by half a step at most.
    assert abs(found.mean[0] - 1.0) <= 0.025 + 1e-9
    order = np.argsort(log)
    assert (np.diff(factor[order]) >= -1e-9).all()


def test_what_a_bound_cuts_off_the_others_make_up_for() -> None:
    """One in ten clicks is worth 20 times the others: it may have 3, the others have 7 / 9."""
    found = rounded([20.0, 1.0], [10.0, 90.0], Taken(low=0.1, high=3.0, step=1e-6))
    assert_allclose(found.factor, [[3.0, 7.0 / 9.0]], atol=1e-6)
