"""The market's curve, against the standard library and against sums."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from workers.backtest.curve import curve_of
from workers.backtest.normal import from_log_below, log_below


@pytest.mark.parametrize("z", [-5.5, -3.1, -0.5, 0.0, 0.7, 2.5, 5.0])
def test_the_table_agrees_with_the_standard_library(z: float) -> None:
    exact = NormalDist().cdf(z)
    assert np.exp(log_below(np.array([z])))[0] == pytest.approx(exact, rel=1e-5)
    assert from_log_below(np.log(np.array([exact])))[0] == pytest.approx(z, abs=1e-3)


def test_far_below_the_table_it_still_falls() -> None:
    logs = log_below(np.array([-36.9, -37.1, -60.0, -200.0]))
    assert (np.diff(logs) < 0.0).all()
    assert logs[2] == pytest.approx(-0.5 * 60.0**2, rel=0.01)


@pytest.mark.parametrize("elasticity", [0.5, 1.5, 5.0])
@pytest.mark.parametrize("width", [0.4, 0.8, 1.2])
def test_spend_has_the_elasticity_that_was_asked_for_and_an_end(
    elasticity: float, width: float
) -> None:
    curve = curve_of(np.array([elasticity]), np.array([width]))
    step = 1e-2
    rise = curve.log_spend(np.array([step])) - curve.log_spend(np.array([-step]))
    assert rise[0] / (2 * step) == pytest.approx(elasticity, rel=2e-3)
    bought = NormalDist().cdf(float(curve.usual[0]))
    assert 0.0049 < bought < 0.801
    assert np.exp(curve.log_spend(np.array([60.0])))[0] == pytest.approx(1.0 / bought, rel=1e-4)
    if 0.006 < bought < 0.79:
        assert curve.width[0] == pytest.approx(width, rel=1e-3)
    assert curve.log_spend(np.array([0.0]))[0] == 0.0


@pytest.mark.parametrize(("elasticity", "width"), [(1.2, 0.5), (4.0, 0.4)])
def test_each_bit_of_money_brings_its_worth_at_the_multiplier_that_it_needs(
    elasticity: float, width: float
) -> None:
    """The oracle adds up money over multiplier, bit by bit."""
    curve = curve_of(np.array([elasticity]), np.array([width]))
    for end in (-0.7, 0.0, 0.9):
        grid = np.linspace(-9.0, end, 40_001)
        spend = np.exp([curve.log_spend(np.array([u]))[0] for u in grid[::10]])
        needed = (grid[::10][1:] + grid[::10][:-1]) / 2
        added = float((np.diff(spend) * np.exp(-needed)).sum())
        assert np.exp(curve.log_value(np.array([end])))[0] == pytest.approx(added, rel=2e-3)


def test_the_multiplier_of_a_spend_spends_it() -> None:
    curve = curve_of(np.array([0.8, 3.0]), np.array([0.5, 0.8]))
    wanted = np.log(np.array([0.3, 2.0]))
    assert curve.log_spend(curve.spending(wanted)) == pytest.approx(wanted, abs=1e-4)
