"""The bandit believes what a least-squares fit does, tries within its share, and finds the best."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from engine.arrays import Floats
from engine.bid_bandit import (
    FARTHEST,
    MEMORY,
    PRIOR_MEAN,
    PRIOR_SD,
    Bandit,
    chosen,
    new_bandit,
    tried,
)

COUNT = 200
KEYS = np.arange(COUNT) * 7919 + 13


def test_what_is_believed_is_the_fit_of_least_squares_with_the_prior_as_rows() -> None:
    chance = np.random.default_rng(1)
    at, reward = chance.normal(0.0, 0.5, 30), chance.normal(1.0, 0.3, 30)
    bandit = new_bandit(1)
    for x, y in zip(at, reward, strict=True):
        bandit = tried(bandit, np.array([x]), np.array([y]), np.array([0.4]))
    left = np.exp(-0.5 * np.arange(29, -1, -1) / MEMORY) / 0.4
    rows = np.stack((np.ones(30), at, -0.5 * at**2), axis=1) * left[:, None]
    prior = np.diag(1.0 / np.array(PRIOR_SD))
    expected, *_ = np.linalg.lstsq(
        np.concatenate((rows, prior)),
        np.concatenate((reward * left, prior @ np.array(PRIOR_MEAN))),
        rcond=None,
    )
    assert_allclose(np.linalg.solve(bandit.precision[0], bandit.towards[0]), expected, rtol=1e-9)


def test_an_hour_that_is_no_evidence_teaches_nothing() -> None:
    first = new_bandit(1)
    after = tried(first, np.array([0.7]), np.array([0.0]), np.array([np.inf]))
    assert_allclose(after.precision, first.precision)
    assert_allclose(after.towards, first.towards)


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_a_draw_is_bid_in_the_learning_share_of_the_hours_and_the_mean_else(share: float) -> None:
    bandit, shares = new_bandit(COUNT), np.full(COUNT, share)
    hours = [chosen(bandit, shares, KEYS, np.full(COUNT, 3600 * each)) for each in range(50)]
    drawn = np.array(hours) != 0.0  # the mean of the prior has its summit at 0
    assert drawn.mean() == pytest.approx(share, abs=0.02)
    again = chosen(bandit, shares, KEYS, np.full(COUNT, 3600 * 49))
    assert (again == hours[-1]).all()
    assert (np.abs(hours) <= FARTHEST).all()


def test_draws_are_spread_as_what_is_believed() -> None:
    """With a bend that is as good as known to be 2 the summit is normal: slope / 2.

    Level and slope are believed to go together, which leaves the spread of the slope alone.
    """
    covariance = np.array([[4.0, 0.54, 0.0], [0.54, 0.09, 0.0], [0.0, 0.0, 1e-8]])
    precision = np.linalg.inv(covariance)
    many = 20_000
    bandit = Bandit(
        precision=np.tile(precision, (many, 1, 1)),
        towards=np.tile(precision @ np.array([1.0, 0.4, 2.0]), (many, 1)),
    )
    found = chosen(bandit, np.ones(many), np.arange(many), np.zeros(many, dtype=np.int64))
    assert found.mean() == pytest.approx(0.2, abs=0.005)
    assert found.std() == pytest.approx(0.15, rel=0.03)


def played(share: float, best: Floats) -> Floats:
    """Return the regret of the last of 14 days, hourly, of a market whose summit is ``best``."""
    chance, bandit = np.random.default_rng(9), new_bandit(COUNT)
    lost = np.zeros(COUNT)
    for hour in range(14 * 24):
        at = chosen(bandit, np.full(COUNT, share), KEYS, np.full(COUNT, 3600 * hour))
        missed = 0.6 * (at - best) ** 2
        reward = 1.0 - missed + chance.normal(0.0, 0.5, COUNT)
        bandit = tried(bandit, at, reward, np.full(COUNT, 0.5))
        lost += missed * (hour >= 13 * 24)
    return lost / 24


def test_it_comes_to_the_summit_where_not_trying_stays_away() -> None:
    best = np.random.default_rng(8).normal(0.0, 0.5, COUNT)
    fixed = float((0.6 * best**2).mean())
    assert played(0.2, best).mean() < 0.25 * fixed
    assert played(0.2, best).mean() < 0.5 * played(0.0, best).mean()
