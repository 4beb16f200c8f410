"""The multiplier: one number per campaign that spends what is left over the rest of its horizon.

In hindsight the best way to spend a budget is one constant multiplier on all bids, whatever
that spends in each hour. So every hour the one multiplier is solved for whose expected spend to
the end of the horizon is what is left; spend per hour is an outcome and a safety limit.

Source: Balseiro and Gur, "Learning in Repeated Auctions with Budgets", Management Science 65
(2019), for the optimality of one constant; the certainty-equivalent solve is model predictive
control; Åström and Wittenmark, "Problems of Identification and Control", Journal of Mathematical
Analysis and Applications 34 (1971), for steps that what is not sure makes smaller.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Floats, Ints
from engine.response import (
    CURVATURE,
    ELASTICITY,
    LEAST_ELASTICITY,
    Response,
    answer,
    doubt,
    expected,
    uncertainty,
)
from engine.rough import trust

FASTEST: Final = float(np.log(3.0))
"""Most that an hour changes the multiplier by, natural log."""

SURPRISE: Final = 12.0
"""Standard deviations of an hour's spend from which its cap bites: far out, for a cap that bites
hides how much more there was, and traffic that comes unforeseen is mostly worth its money."""

SEARCHING: Final = 0.45
"""Standard deviation of an hour's log spend from which the response counts as unknown."""

SHARE: Final = 10.0
SEARCH_SHARE: Final = 2.5
"""Times its expected share of what is left that an hour may spend: known, and still unknown."""

REACH: Final = 1.5
"""How far from its anchor the multiplier of a rough campaign goes, natural log."""

GONE: Final = 0.01
"""Share of its next hour's spend at the anchor below which a rough campaign's money is gone."""

LOWEST: Final = 2.0 * FASTEST
"""How far below its anchor a multiplier goes for money that is gone, natural log."""

_LEAST: Final = 1e-9

LAST: Final = 2
"""Hours at the end of the horizon in which the cap is all that is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """What is expected of the hours and whole days to the end of the horizon; minor units."""

    now: Floats
    """Shape (B, R + D), at the anchor: R hours and D whole days after them."""
    usual: Floats
    """The same without today's deviation."""
    hours: Ints
    """Shape (B,): how many hours they are."""
    first: tuple[Ints, Floats]
    """Hour of the day of the first hour, and its lift; shapes (B,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What the hours ahead are expected to spend; money in minor units."""

    hours: Floats
    """Shape (B, R), at the multiplier decided; whole days after these hours in further columns."""
    log_multiplier: Floats
    """Shape (B,), natural log."""
    cap: Floats
    """Shape (B,), most that the first hour may spend."""


def solve(response: Response, at_anchor_spend: Floats, left: Floats) -> Floats:
    """Return the log multiplier (B,) that is expected to spend ``left`` (B,) over the rest.

    The elasticity is taken to be a little higher than it is believed to be where it is not sure
    (cautious control): to step too little costs less than to step too far. Where what is left
    cannot be spent, it is the multiplier from which more would hardly buy more.
    """
    total = np.maximum(_sum(at_anchor_spend), 1e-9)
    elasticity = np.maximum(response.mean[:, ELASTICITY], LEAST_ELASTICITY)
    variance = np.maximum(response.covariance[:, ELASTICITY, ELASTICITY], 0.0)
    cautious = elasticity + variance / elasticity
    curvature = response.mean[:, CURVATURE]
    needed = np.log(np.maximum(left, 1e-9) / total)
    within = cautious**2 - 2.0 * curvature * needed
    root = np.sqrt(np.maximum(within, LEAST_ELASTICITY**2))
    highest = (cautious - LEAST_ELASTICITY) / curvature
    u = np.where(within > LEAST_ELASTICITY**2, 2.0 * needed / (cautious + root), highest)
    return np.asarray(response.anchor + u)


def decide_multiplier(response: Response, ahead: Ahead, left: Floats, in_force: Floats) -> Spending:
    """Decide the multiplier of the next hour and the most that the hour may spend.

    Parameters
    ----------
    left
        Shape (B,), minor units: what the horizon may still spend, what is in flight taken off.
    in_force
        Shape (B,): the log multiplier in force.
    """
    hours, lift = ahead.first
    decided = _within_reach(response, ahead, (solve(response, ahead.now, left), left), in_force)
    sds = uncertainty(response, hours, decided), doubt(response, hours, decided)
    first = np.exp(expected(response, hours, decided) + lift)
    cap = _cap(ahead, left, (first, *sds), trust(response.rough))
    spend = ahead.now * np.exp(answer(response, decided - response.anchor))[:, None]
    return Spending(hours=spend, log_multiplier=decided, cap=cap)


def _within_reach(
    response: Response, ahead: Ahead, wanted: tuple[Floats, Floats], in_force: Floats
) -> Floats:
    """Return the log multiplier (B,) on the way to the one that is wanted for what is left.

    A rough campaign's is wanted for what is left, not for what was learned: it may go all the way.
    But none spends money that is gone: to fall further would only begin the next day too low.
    """
    goal, left = wanted
    doubtful = 1.0 - trust(response.rough)
    reach = REACH / np.maximum(doubtful, _LEAST)
    goal = np.clip(goal, response.anchor - reach, response.anchor + reach)
    lowest = np.minimum(in_force, response.anchor - LOWEST)
    gone = (doubtful > 0.0) & (left < GONE * ahead.now[:, 0])
    goal = np.where(gone, np.maximum(goal, lowest), goal)
    step = FASTEST + doubtful * 2.0 * REACH
    return np.asarray(in_force + np.clip(goal - in_force, -step, step))


def _cap(ahead: Ahead, left: Floats, first: tuple[Floats, Floats, Floats], sure: Floats) -> Floats:
    """Return the most that the first hour may spend: it bites on surprise only.

    It is never below what the hour is meant to spend, or usually would: an unknown response, or one
    odd hour, would starve itself.
    """
    mean, sd, doubts = first
    share = np.maximum(_first_share(ahead.now), _first_share(ahead.usual)) * left
    searching = (doubts > SEARCHING) & (sure > 0.0)
    times = np.where(searching, SEARCH_SHARE, SHARE)
    cap = np.minimum(mean * np.exp(SURPRISE * np.minimum(sd, 1.0)), times * share)
    return np.where(ahead.hours <= LAST, left, np.minimum(np.maximum(cap, share), left))


def _first_share(spend: Floats) -> Floats:
    return np.asarray(spend[:, 0] / np.maximum(_sum(spend), 1e-9))


def _sum(spend: Floats) -> Floats:
    """Return the sum of each row, added up from left to right.

    How long rows are depends on the others of a batch: what is added behind a shorter one is zero,
    and must not change in which order the rest is added.
    """
    return np.asarray(spend.cumsum(axis=1)[:, -1])
