"""The learning reserve: a share of the budget that pays for finding out, and for nothing else.

The multiplier of an hour is moved off what was decided, up or down by a seeded coin, where the
answer of spend to it is not sure. What such a move can cost is bounded before it is made: the
hour's cap times the share of its spend that the move adds or forgoes stays within what is left of
the reserve, so that the sum over any horizon does, whatever the hours bring. The move wanes with
what there is to learn: an elasticity that is known is not explored.

For a budget that is split over hours the reserve is a second split of its own, towards hours of
which little is known.

Source: Lobo and Boyd, "Policies for simultaneous estimation and optimization", American Control
Conference (1999), for moves that pay for what they teach.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.arrays import Bools, Floats, Ints
from engine.multiplier import Spending
from engine.response import CURVATURE, ELASTICITY, LEAST_ELASTICITY, Response, answer

FARTHEST: Final = 0.25
"""Most that an hour's log multiplier is moved, natural log."""

KNOWN_SD: Final = 0.3
"""Standard deviation of the elasticity at which the move is half of `FARTHEST`."""

_HEADS = 0.5
_PLENTY = 10.0
_MIX = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """Money for finding out; arrays of shape (B,), minor units."""

    total: Floats
    """Share of the budget of the horizon that may be explored with, >= 0."""
    used: Floats
    """What was added or forgone by moves so far."""

    @property
    def left(self) -> Floats:
        """Return what may still be explored with, >= 0."""
        return np.maximum(self.total - self.used, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explored:
    """A decision with the move that it makes to learn."""

    spending: Spending
    """What was decided, its multiplier moved; the cap is untouched."""
    moved: Floats
    """Shape (B,): by how much, natural log; 0 where nothing is explored."""


def explore(
    response: Response, spending: Spending, reserve: Reserve, coins: Floats, *, open_: Bools
) -> Explored:
    """Return a decision with the next hour's multiplier moved off it.

    Parameters
    ----------
    coins
        Shape (B,), in [0, 1), as `coin` gives them: below a half down, else up.
    open_
        Shape (B,): whether to explore at all; not in a search, a silence or an outage.
    """
    u = spending.log_multiplier - response.anchor
    part = reserve.left * _first_share(spending.hours)
    share = np.divide(part, spending.cap, out=np.zeros(len(part)), where=spending.cap > part)
    free = np.where(spending.cap > part, -np.log1p(-share), np.inf)
    bend = response.mean[:, CURVATURE]
    slope = np.maximum(np.abs(response.mean[:, ELASTICITY] - bend * u), LEAST_ELASTICITY)
    # Downwards spend answers more than upwards: what is free of cost downwards is so both ways.
    free = np.minimum(free, _PLENTY)
    farthest = 2.0 * free / (slope + np.sqrt(slope**2 + 2.0 * bend * free))
    size = np.minimum(worth(response), farthest)
    moved = np.where(open_ & (reserve.left > 0.0), np.where(coins < _HEADS, -size, size), 0.0)
    there = replace(spending, log_multiplier=spending.log_multiplier + moved)
    gain = answer(response, u + moved) - answer(response, u)
    first = np.arange(spending.hours.shape[1]) == 0
    hours = np.where(first, spending.hours * np.exp(gain)[:, None], spending.hours)
    return Explored(spending=replace(there, hours=hours), moved=moved)


def worth(response: Response) -> Floats:
    """Return how far it is worth to move an hour's multiplier, (B,), natural log.

    In [0, `FARTHEST`), 0 where the elasticity is known, growing with its variance.
    """
    variance = np.maximum(response.covariance[:, ELASTICITY, ELASTICITY], 0.0)
    return np.asarray(FARTHEST * variance / (variance + KNOWN_SD**2))


def charged(
    response: Response, reserve: Reserve, explored: Explored, spend: Floats
) -> tuple[Reserve, Floats]:
    """Return the reserve after an hour that spent ``spend``, and what of it was exploration, (B,).

    By the response known when it was decided: what a move up added to the spend, or what one down
    forgoes of it. The rest of the spend is not exploration.
    """
    u = explored.spending.log_multiplier - response.anchor
    gain = answer(response, u) - answer(response, u - explored.moved)
    unmoved = np.minimum(spend * np.exp(-gain), explored.spending.cap)
    cost = np.abs(spend - unmoved)
    return replace(reserve, used=reserve.used + cost), np.where(gain > 0.0, cost, 0.0)


def coin(campaigns: Ints, hours: Ints, *, draw: int = 0) -> Floats:
    """Return a number in [0, 1) that is the same wherever a campaign's hour is decided, (B,).

    Parameters
    ----------
    campaigns
        Shape (B,), any hash of the campaign's key that is the same in every process.
    hours
        Shape (B,), first second of the hour.

    Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (2014).
    """
    mixed = _mixed(campaigns.astype(np.uint64))
    mixed = _mixed(mixed ^ hours.astype(np.uint64))
    mixed = _mixed(mixed ^ np.uint64(draw))
    return np.asarray((mixed >> np.uint64(11)).astype(np.float64) / 2.0**53)


def towards_the_unknown(weights: Floats, known: Floats, share: Floats) -> tuple[Floats, Floats]:
    """Return weights with a share of them moved to hours of which little is known, and that share.

    Parameters
    ----------
    weights
        Shape (B, N), >= 0: how a budget is to be split.
    known
        Shape (B, N), in [0, 1]: how far each hour is known: `engine.patterns.Estimate.confidence`.
    share
        Shape (B,), in [0, 1]: of the budget that is for learning.

    Returns
    -------
    Weights (B, N) with the same sums, and how much of each is exploration. An hour that weighs
    nothing is not explored; where all hours are known nothing is.
    """
    total = weights.sum(axis=1)
    unknown = np.where(weights > 0.0, 1.0 - known, 0.0)
    all_unknown = unknown.sum(axis=1)
    some = (all_unknown > 0.0) & (total > 0.0)
    scale = np.divide(total * share, all_unknown, out=np.zeros(len(total)), where=some)
    reserve = unknown * scale[:, None]
    kept = np.where(some, 1.0 - share, 1.0)
    return weights * kept[:, None] + reserve, reserve


def _first_share(hours: Floats) -> Floats:
    return np.asarray(hours[:, 0] / np.maximum(hours.sum(axis=1), 1e-9))


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    first, second, step = (np.uint64(each) for each in _MIX)
    values = values + step
    values = (values ^ (values >> np.uint64(30))) * first
    values = (values ^ (values >> np.uint64(27))) * second
    return values ^ (values >> np.uint64(31))
