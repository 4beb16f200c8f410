"""Finding the best level of bids by trying: reward as a quadratic of the log multiplier.

Rewards of an hour are a straight line and a bend in the log of the multiplier, and noise; a draw of
what is believed is bid as if it were true (Thompson sampling), in the learning share of the hours
and no farther off than a reserve pays for, and the mean of it in all others. One curve learns from
every try, where arms of their own would each begin anew. What matters most is how wide the prior of
the slope is: one that is too narrow believes for weeks that nothing can be gained. And no reward is
a quadratic from end to end: tries far off the best say less of where it is (`left_out`).

Source: Thompson, Biometrika 25 (1933); Agrawal and Goyal, "Thompson Sampling for Contextual Bandits
with Linear Payoffs", ICML 2013.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.arrays import Floats, Ints
from engine.exploration import Reserve, coin

PRIOR_MEAN: Final = (1.0, 0.0, 1.0)
PRIOR_SD: Final = (1.0, 1.0, 1.0)
"""Of level, slope and bend, in usual rewards of an hour: the best multiplier lies within about a
factor of three of the bid."""

FARTHEST: Final = 1.1
"""Farthest log multiplier that is tried: a factor of three."""

LEAST_BEND: Final = 0.2
"""Bends below this are taken for it: reward is not without a summit."""

MEMORY: Final = 24 * 60.0
"""Hours after which a try counts for 1/e."""

THIRD: Final = 6.0
"""Third derivative of the reward by the log multiplier that is allowed for, in usual rewards: that
of a market with an elasticity of 1.2 near its summit."""

SPREAD: Final = 24
"""Hours over which what is left of a reserve is spread."""

_HAIR: Final = 1e-12

_UNIFORMS: Final = 4
"""Uniform numbers that three normal ones are made of."""

_FIRST_DRAW: Final = 100
"""Number of the first coin that is thrown here: those below it are others'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bandit:
    """What B campaigns' tries tell, as sums."""

    precision: Floats
    """Shape (B, 3, 3), of level, slope and bend."""
    towards: Floats
    """Shape (B, 3): precision times mean."""


def new_bandit(count: int) -> Bandit:
    """Return what is believed of ``count`` campaigns before any try."""
    precision = np.tile(np.diag(1.0 / np.square(PRIOR_SD)), (count, 1, 1))
    return Bandit(precision=precision, towards=precision @ np.array(PRIOR_MEAN))


def tried(bandit: Bandit, log_multiplier: Floats, reward: Floats, noise: Floats) -> Bandit:
    """Return what is believed after an hour at a multiplier.

    What tries taught fades, what was believed before any does not.

    Parameters
    ----------
    log_multiplier
        Shape (B,), natural log.
    reward
        Shape (B,), over the usual reward of such an hour.
    noise
        Shape (B,), > 0: standard deviation of it, with what is `left_out`; infinite for an hour
        that is no evidence.
    """
    first, kept = new_bandit(len(reward)), np.exp(-1.0 / MEMORY)
    weight = 1.0 / np.square(noise)
    shape = _shape(log_multiplier)
    news = weight[:, None, None] * shape[:, :, None] * shape[:, None, :]
    known = np.where(np.isfinite(noise), reward, 0.0) * weight
    return replace(
        bandit,
        precision=first.precision + kept * (bandit.precision - first.precision) + news,
        towards=first.towards + kept * (bandit.towards - first.towards) + known[:, None] * shape,
    )


def left_out(bandit: Bandit, log_multiplier: Floats) -> Floats:
    """Return what a quadratic around what is believed best leaves out of a reward there, (B,).

    To be added to the squares of an hour's noise; the third term of Taylor's series.
    """
    off = np.abs(log_multiplier - best(bandit))
    return np.asarray(THIRD * off**3 / 6.0)


def best(bandit: Bandit) -> Floats:
    """Return the log multiplier (B,) that is believed to be best."""
    return _summit(_mean(bandit))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far off what is believed best a draw may be bid; shapes (B,), natural log, >= 0."""

    down: Floats
    up: Floats


def affordable(reserve: Reserve, hour: Floats, steepness: Floats) -> Reach:
    """Return how far a bid may be moved so that the move costs no more than a part of a reserve.

    What an hour spends more for a move, or less, is then within what is left over `SPREAD`.

    Parameters
    ----------
    hour
        Shape (B,), > 0: what the hour spends at most without the move, in the reserve's unit.
    steepness
        Shape (B,), > 0: by how much the log of spend answers to the log multiplier at most.
    """
    part = reserve.left / SPREAD / hour
    forgone = np.where(part < 1.0, -np.log1p(-np.minimum(part, 1.0 - _HAIR)), np.inf)
    return Reach(down=forgone / steepness, up=np.log1p(part) / steepness)


def chosen(bandit: Bandit, share: Floats, reach: Reach, campaigns: Ints, hours: Ints) -> Floats:
    """Return the log multiplier (B,) to bid with in an hour, the same wherever it is asked.

    Parameters
    ----------
    share
        Shape (B,), in [0, 1]: the learning share, the part of the hours in which a draw is bid.
    reach
        How far the draw may lie off what is believed best: what the reserve pays for.
    campaigns, hours
        As those of `engine.exploration.coin`.
    """
    mean = _mean(bandit)
    uniform = [coin(campaigns, hours, draw=_FIRST_DRAW + each) for each in range(1 + _UNIFORMS)]
    # Of z with identity covariance, the inverse of the factor's transpose makes the posterior's.
    factor = np.linalg.cholesky(bandit.precision)
    normal = _normal(uniform[1:])[:, :, None]
    drawn = mean + np.linalg.solve(np.swapaxes(factor, 1, 2), normal)[:, :, 0]
    middle = _summit(mean)
    tried_at = np.clip(_summit(drawn), middle - reach.down, middle + reach.up)
    return np.where(uniform[0] < share, tried_at, middle)


def _mean(bandit: Bandit) -> Floats:
    solved = np.linalg.solve(bandit.precision, bandit.towards[:, :, None])
    return np.asarray(solved[:, :, 0])


def _shape(log_multiplier: Floats) -> Floats:
    one = np.ones_like(log_multiplier)
    return np.stack((one, log_multiplier, -0.5 * np.square(log_multiplier)), axis=1)


def _summit(coefficients: Floats) -> Floats:
    slope, bend = coefficients[:, 1], np.maximum(coefficients[:, 2], LEAST_BEND)
    return np.clip(slope / bend, -FARTHEST, FARTHEST)


def _normal(uniform: list[Floats]) -> Floats:
    """Return three standard normal numbers a row (Box and Muller, 1958), (B, 3)."""
    first, second = (np.sqrt(-2.0 * np.log1p(-uniform[each])) for each in (0, 2))
    turn, other = (2.0 * np.pi * uniform[each] for each in (1, 3))
    return np.stack((first * np.cos(turn), first * np.sin(turn), second * np.cos(other)), axis=1)
