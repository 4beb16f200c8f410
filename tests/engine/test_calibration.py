"""Calibration counts by hand, and tells what is right from what is not."""

from __future__ import annotations

import numpy as np
import pytest

from engine.calibration import calibration


def test_two_bins_reckoned_by_hand() -> None:
    """Of 100 clicks foretold at .1 and .2 came 15, of 100 at .5 came 40: off by 0 and 10 of 200."""
    found = calibration(
        np.array([0.5, 0.1, 0.2]), np.array([100.0, 50.0, 50.0]), np.array([40.0, 5.0, 10.0]), 2
    )
    assert found.clicks.tolist() == [100.0, 100.0]
    assert found.predicted == pytest.approx([0.15, 0.5])
    assert found.observed.middle == pytest.approx([0.15, 0.4])
    assert found.error == pytest.approx(0.05)
    assert found.kept.tolist() == [True, False]


def test_a_row_is_in_the_bin_that_the_middle_of_its_clicks_is_in() -> None:
    """Of 40, 30 and 30 clicks the middles are at 20, 55 and 85 of 100."""
    found = calibration(np.array([0.1, 0.2, 0.3]), np.array([40.0, 30.0, 30.0]), np.zeros(3), 2)
    assert found.clicks.tolist() == [40.0, 60.0]


def test_order_and_splits_of_rows_change_nothing_and_no_rows_are_no_error() -> None:
    chance = np.random.default_rng(1)
    rate, clicks = chance.uniform(0.0, 0.2, 400), chance.integers(0, 50, 400).astype(float)
    sold = rate * clicks
    order = chance.permutation(400)
    once = calibration(rate, clicks, sold)
    twice, half, sales = (
        np.concatenate((each[order], each)) for each in (rate, clicks / 2, sold / 2)
    )
    again = calibration(twice, half, sales)
    assert again.clicks == pytest.approx(once.clicks)
    assert again.predicted == pytest.approx(once.predicted)
    assert once.error == pytest.approx(0.0)
    assert calibration(np.zeros(0), np.zeros(0), np.zeros(0)).error == 0.0


def test_true_rates_are_kept_four_times_of_five() -> None:
    chance = np.random.default_rng(2)
    rate = chance.beta(2.0, 50.0, 200_000)
    sold = (chance.random(len(rate)) < rate).astype(np.float64)
    found = calibration(rate, np.ones(len(rate)), sold, 50)
    assert 0.65 < found.kept.mean() < 0.95
    assert found.error < 0.005
    off = calibration(1.3 * rate, np.ones(len(rate)), sold, 50)
    assert off.kept.mean() < 0.3
