"""The multiplier: one number per campaign that spends what is left over the rest of its horizon.

In hindsight the best way to spend a budget is one constant multiplier on all bids, whatever
that spends in each hour. So every hour the one multiplier is solved for whose expected spend to
the end of the horizon is what is left; spend per hour is an outcome and a safety limit.

Source: Balseiro and Gur, "Learning in Repeated Auctions with Budgets", Management Science 65
(2019), for the optimality of one constant; the certainty-equivalent solve is model predictive
control.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.response import (
    CURVATURE,
    DEVIATION,
    DEVIATION_STEP,
    ELASTICITY,
    FADING,
    LEAST_ELASTICITY,
    LEVEL,
    NOISE,
    Response,
    answer,
    expected,
    uncertainty,
)

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

LAST: Final = 2
"""Hours at the end of the horizon in which the cap is all that is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """The hours that a decision is for; shapes (B, R)."""

    cells: Ints
    """Hour of the local week of each hour from the one decided to the end of the horizon."""
    present: Bools
    """False beyond a campaign's horizon."""
    shape: Floats
    """Log of each hour against its day as the pooled weekday has it beyond that of today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What the hours ahead are expected to spend; money in minor units."""

    hours: Floats
    """Shape (B, R), at the multiplier decided."""
    log_multiplier: Floats
    """Shape (B,), natural log."""
    cap: Floats
    """Shape (B,), most that the first hour may spend."""


def at_anchor(response: Response, ahead: Ahead, unreported: Ints) -> tuple[Floats, Floats]:
    """Return the expected spend (B, R) of each hour ahead at the anchor, minor units.

    The first array is what is expected now, the second what it would be without today's deviation.
    ``unreported`` (B,) says how many hours lie between the newest known and the first ahead.
    """
    mean = response.mean
    rows = np.arange(len(mean))[:, None]
    steps = np.arange(1, ahead.cells.shape[1] + 1) + unreported[:, None]
    base = mean[:, LEVEL, None] + mean[rows, 2 + ahead.cells % 24] + ahead.shape
    fading = mean[:, DEVIATION, None] * FADING**steps
    # The mean of a log-normal lies above its median.
    above = 0.5 * (NOISE**2 + DEVIATION_STEP**2)
    usual = np.where(ahead.present, np.exp(base + above), 0.0)
    return usual * np.exp(fading), usual


def solve(response: Response, at_anchor_spend: Floats, left: Floats) -> Floats:
    """Return the log multiplier (B,) that is expected to spend ``left`` (B,) over the rest.

    The elasticity is taken to be a little higher than it is believed to be where it is not sure
    (cautious control): to step too little costs less than to step too far. Where what is left
    cannot be spent, it is the multiplier from which more would hardly buy more.
    """
    total = np.maximum(at_anchor_spend.sum(axis=1), 1e-9)
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


def decide_multiplier(
    response: Response,
    ahead: Ahead,
    left: Floats,
    now: tuple[Floats, Ints],
) -> Spending:
    """Decide the multiplier of the next hour and the most that the hour may spend.

    Parameters
    ----------
    left
        Shape (B,), minor units: what the horizon may still spend, what is in flight taken off.
    now
        The log multiplier in force, and how many hours are not reported yet; shapes (B,).
    """
    in_force, unreported = now
    at_anchor_spend, usual = at_anchor(response, ahead, unreported)
    to_go = ahead.present.sum(axis=1)
    hours = ahead.cells[:, 0] % 24
    wanted = solve(response, at_anchor_spend, left)
    decided = in_force + np.clip(wanted - in_force, -FASTEST, FASTEST)
    sd = uncertainty(response, hours, decided)
    first = np.exp(expected(response, hours, decided))
    cap = _cap(usual, at_anchor_spend, (left, to_go), (first, sd))
    spend = at_anchor_spend * np.exp(answer(response, decided - response.anchor))[:, None]
    return Spending(hours=spend, log_multiplier=decided, cap=cap)


def _cap(
    usual: Floats, at_anchor_spend: Floats, money: tuple[Floats, Ints], first: tuple[Floats, Floats]
) -> Floats:
    """Return the most that the first hour may spend: it bites on surprise only.

    It is never below what the hour is meant to spend, or usually would: an unknown response, or one
    odd hour, would starve itself.
    """
    (left, to_go), (mean, sd) = money, first
    share = np.maximum(_first_share(at_anchor_spend), _first_share(usual)) * left
    times = np.where(sd > SEARCHING, SEARCH_SHARE, SHARE)
    cap = np.minimum(mean * np.exp(SURPRISE * np.minimum(sd, 1.0)), times * share)
    return np.where(to_go <= LAST, left, np.minimum(np.maximum(cap, share), left))


def _first_share(spend: Floats) -> Floats:
    return np.asarray(spend[:, 0] / np.maximum(spend.sum(axis=1), 1e-9))
