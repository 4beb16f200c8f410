"""Moves that are made to learn, as campaigns whose bids are set pay for them.

The learning reserve of a plan is a share of what its period may spend. What was explored is
charged once the hour is known, by what was in force in it; what is not known yet counts with the
most that it may come to, so that the reserve is never overdrawn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.exploration import Explored, Reserve, explore
from engine.horizon import Horizon
from engine.multiplier import Spending
from engine.pacer import UNKNOWN_HOURS
from engine.response import CURVATURE, ELASTICITY, answer
from engine.situation import Steered

LEAST_MOVE: Final = 0.01
"""Moves of less than one per cent are not made: nothing is learned from them."""

SPREAD: Final = 24
"""Hours over which what is left of a reserve is spread: what is learned early is of use for longer,
and an elasticity that is known needs no more of it."""

_MOST: Final = 2.0**50


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploring:
    """What R campaigns do to learn; arrays of shape (R,), money in minor units."""

    moved: Floats
    """By how much the log multiplier is moved, natural log; 0 where nothing is explored."""
    unmoved: Ints
    """The multiplier without the move, millionths; 0 where nothing is explored."""
    cost: Ints
    """What the move is expected to add to the hour's spend, or to forgo of it."""
    most: Floats
    """The most that it may come to: of the hour's cap, the share that the move adds or forgoes."""
    slope: Floats
    """How log spend answers to the log multiplier where the move begins."""
    bend: Floats
    """By how much this falls with the log multiplier."""
    used: Ints
    """What of the reserve is spent in this period, or may be by hours that are not known yet."""
    total: Ints
    """The reserve of the period."""
    period: Ints
    """First second after the period."""


def nothing_explored(count: int) -> Exploring:
    """Return what is said of campaigns that do not explore."""
    return Exploring(
        moved=np.zeros(count),
        unmoved=np.zeros(count, dtype=np.int64),
        cost=np.zeros(count, dtype=np.int64),
        most=np.zeros(count),
        slope=np.zeros(count),
        bend=np.zeros(count),
        used=np.zeros(count, dtype=np.int64),
        total=np.zeros(count, dtype=np.int64),
        period=np.zeros(count, dtype=np.int64),
    )


def exploring(
    steered: Steered, horizon: Horizon, spending: Spending, log_multiplier: Floats, *, free: Bools
) -> Exploring:
    """Return the moves off a decision.

    Parameters
    ----------
    spending
        What the period's budget affords.
    log_multiplier
        Shape (R,): what was settled on; it is never moved above the ceiling of a target.
    free
        Shape (R,): whether nothing keeps the bids of the hour where they are.
    """
    count, share = len(steered.rows), steered.learning.share
    if not (share > 0.0).any():
        return nothing_explored(count)
    response, period = steered.pacing.response, horizon.end[steered.rows]
    total = share * np.maximum(horizon.allowance[steered.rows], 0)
    used = np.where(steered.learning.period == period, steered.learning.used, 0.0)
    before = answer(response, log_multiplier - response.anchor)
    more = before - answer(response, spending.log_multiplier - response.anchor)
    settled = _settled(spending, log_multiplier, more)
    reserve = Reserve(total=total, used=used)
    made = explore(response, settled, reserve, steered.learning.coins, open_=free & _calm(steered))
    moved = _below_ceiling(made, steered.highest, log_multiplier)
    gain = answer(response, log_multiplier + moved - response.anchor) - before
    part = np.abs(-np.expm1(-np.abs(gain)))
    bend = response.mean[:, CURVATURE]
    return Exploring(
        moved=moved,
        unmoved=np.zeros(count, dtype=np.int64),
        cost=_rounded_up(settled.hours[:, 0] * np.abs(np.expm1(gain))),
        most=np.where(moved != 0.0, part * settled.cap, 0.0),
        slope=response.mean[:, ELASTICITY] - bend * (log_multiplier - response.anchor),
        bend=bend.copy(),
        used=_rounded_up(used),
        total=np.floor(np.minimum(total, _MOST)).astype(np.int64),
        period=period,
    )


def _settled(spending: Spending, log_multiplier: Floats, more: Floats) -> Spending:
    """Return this hour's spend where it was settled on, in each hour that a reserve is spread over.

    ``more`` is the log of what that spends to what the budget affords, shape (R,).
    """
    hours = np.repeat(spending.hours[:, :1] * np.exp(more)[:, None], SPREAD, axis=1)
    return replace(spending, log_multiplier=log_multiplier, hours=hours)


def explored_with(spend: Floats, moved: Floats, slope: Floats, bend: Floats) -> Floats:
    """Return what of an hour's ``spend`` a move added, or what it made the hour forgo; (N,).

    Minor units; ``moved`` is how far the multiplier was moved in the end, natural log.
    """
    gain = slope * moved - 0.5 * bend * moved**2
    return np.asarray(spend * np.abs(np.expm1(-gain)))


def _rounded_up(amounts: Floats) -> Ints:
    return np.asarray(np.ceil(np.minimum(amounts, _MOST)).astype(np.int64))


def _calm(steered: Steered) -> Bools:
    pacing = steered.pacing
    return np.asarray((pacing.silent == 0) & ~pacing.capped & (pacing.heard >= UNKNOWN_HOURS))


def _below_ceiling(made: Explored, highest: Floats, log_multiplier: Floats) -> Floats:
    room = np.maximum(highest - log_multiplier, 0.0)
    moved = np.minimum(made.moved, room)
    return np.where(np.abs(moved) < LEAST_MOVE, 0.0, moved)
