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
    SPREAD,
    Bandit,
    Reach,
    affordable,
    best,
    chosen,
    left_out,
    new_bandit,
    tried,
)
from engine.exploration import Reserve

COUNT = 200
KEYS = np.arange(COUNT) * 7919 + 13
ANYWHERE = Reach(down=np.full(COUNT, np.inf), up=np.full(COUNT, np.inf))


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
    hours = [
        chosen(bandit, shares, ANYWHERE, KEYS, np.full(COUNT, 3600 * each)) for each in range(50)
    ]
    drawn = np.array(hours) != 0.0  # the mean of the prior has its summit at 0
    assert drawn.mean() == pytest.approx(share, abs=0.02)
    again = chosen(bandit, shares, ANYWHERE, KEYS, np.full(COUNT, 3600 * 49))
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
    reach = Reach(down=np.full(many, np.inf), up=np.full(many, np.inf))
    found = chosen(bandit, np.ones(many), reach, np.arange(many), np.zeros(many, dtype=np.int64))
    assert found.mean() == pytest.approx(0.2, abs=0.005)
    assert found.std() == pytest.approx(0.15, rel=0.03)


def played(share: float, summit: Floats) -> Floats:
    """Return the regret of the last of 14 days, hourly, of a market whose summit is ``summit``."""
    chance, bandit = np.random.default_rng(9), new_bandit(COUNT)
    lost = np.zeros(COUNT)
    for hour in range(14 * 24):
        at = chosen(bandit, np.full(COUNT, share), ANYWHERE, KEYS, np.full(COUNT, 3600 * hour))
        missed = 0.6 * (at - summit) ** 2
        reward = 1.0 - missed + chance.normal(0.0, 0.5, COUNT)
        bandit = tried(bandit, at, reward, np.full(COUNT, 0.5))
        lost += missed * (hour >= 13 * 24)
    return lost / 24


def test_it_comes_to_the_summit_where_not_trying_stays_away() -> None:
    summit = np.random.default_rng(8).normal(0.0, 0.5, COUNT)
    fixed = float((0.6 * summit**2).mean())
    assert played(0.2, summit).mean() < 0.25 * fixed
    assert played(0.2, summit).mean() < 0.5 * played(0.0, summit).mean()


ELASTICITY = 1.2
"""Of clicks to the bid: a click's price answers to the bid as well."""


def market(at: Floats, summit: Floats) -> tuple[Floats, Floats]:
    """Return spend and profit of an hour at second prices; the profit is best at ``summit``.

    Clicks grow with the bid's power of the elasticity, and each is paid with the next bid below: in
    the mean ELASTICITY / (1 + ELASTICITY) of the own one.
    """
    clicks = np.exp(ELASTICITY * at)
    spend = clicks * ELASTICITY / (1.0 + ELASTICITY) * np.exp(at)
    return spend, clicks * np.exp(summit) - spend


class Log:
    """What was spent with moves and without, hour by hour; shapes (H, B)."""

    def __init__(self) -> None:
        self.spend: list[Floats] = []
        self.unmoved: list[Floats] = []
        self.lost: list[Floats] = []


def sold(share: float, summit: Floats, days: int, deviation: float = 0.5) -> Log:
    """Play days in that market, by the reserve of a share of what they would usually spend."""
    chance, bandit, log = np.random.default_rng(9), new_bandit(COUNT), Log()
    usual, profit = market(np.zeros(COUNT), summit)
    scale = np.maximum(np.abs(profit), 0.15)
    used, total = np.zeros(COUNT), share * 24 * days * usual
    for number in range(24 * days):
        middle, hour = best(bandit), np.full(COUNT, 3600 * number)
        unmoved, _ = market(middle, summit)
        reserve = Reserve(total=total, used=used)
        reach = affordable(reserve, unmoved, np.full(COUNT, 1.0 + ELASTICITY))
        at = chosen(bandit, np.full(COUNT, share), reach, KEYS, hour)
        spend, profit = market(at, summit)
        used = used + np.abs(spend - unmoved)
        log.spend.append(spend)
        log.unmoved.append(unmoved)
        log.lost.append((market(summit, summit)[1] - market(middle, summit)[1]) / scale)
        noise = np.hypot(deviation, left_out(bandit, at))
        reward = profit / scale + chance.normal(0.0, deviation, COUNT)
        bandit = tried(bandit, at, reward, noise)
    return log


@pytest.mark.parametrize("share", [0.02, 0.1])
@pytest.mark.parametrize("days", [1, 7])
def test_what_moves_add_or_forgo_by_the_log_is_within_the_learning_share(
    share: float, days: int
) -> None:
    summit = np.random.default_rng(8).normal(0.0, 0.5, COUNT)
    log = sold(share, summit, days)
    moved = np.abs(np.array(log.spend) - np.array(log.unmoved)).sum(axis=0)
    usual = 24 * days * market(np.zeros(COUNT), summit)[0]
    assert (moved <= share * usual).all()
    assert (moved > 0.0).mean() > 0.5 * min(1.0, 24 * days * share)


@pytest.mark.parametrize(("deviation", "left"), [(0.5, 0.12), (0.1, 0.06)])
def test_it_comes_near_the_best_profit_though_profit_is_no_quadratic(
    deviation: float, left: float
) -> None:
    """Where there is hardly any noise the shape of the curve is all that keeps it away."""
    summit = np.random.default_rng(8).normal(0.0, 0.5, COUNT)
    lost = np.array(sold(0.2, summit, 28, deviation).lost)
    assert lost[-24:].mean() < left * lost[0].mean()


def test_what_a_quadratic_leaves_out_of_a_cubic_is_all_of_its_third_term() -> None:
    """The third derivative of a cube is six, which is what is allowed for."""
    at = np.linspace(-1.0, 1.0, COUNT)
    assert_allclose(left_out(new_bandit(COUNT), at), np.abs(at) ** 3)


def test_a_move_costs_no_more_than_its_part_of_the_reserve_up_or_down() -> None:
    left, hour = np.array([0.0, 12.0, 24.0, 240.0, 2_400.0]), np.full(5, 2.0)
    steepness = np.full(5, 1.7)
    reach = affordable(Reserve(total=left + 1.0, used=np.ones(5)), hour, steepness)
    more = hour * np.expm1(steepness * reach.up)
    less = hour * -np.expm1(-steepness * reach.down)
    assert_allclose(more, left / SPREAD)
    assert_allclose(less, np.minimum(left / SPREAD, hour), rtol=1e-6)
