"""Where the spend is heading: pace, projection, exhaustion, caps on the next hour and its day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.calendar import DAY, FAR, HOUR
from engine.horizon import Horizon
from engine.normal import NINETIETH
from engine.plans import UNLIMITED
from engine.situation import Clock

NO_TIME: Final = -1
"""Stands for "does not run out within the period"."""

HOURLY_DEVIATION: Final = 0.5
"""Standard deviation of an hour's spend around its expectation, as a share of it: that of
traffic on real hours of the week, used until a campaign's own has been learned."""

SURPRISE: Final = 2.0
"""Standard deviations above its plan at which an hour is cut off."""

_LOGISTIC = 1.702
"""Of a score, so that the logistic function comes nearest to the normal distribution."""

_MOST = 9 * 10**18
"""Projections stay here, in minor units: more than any budget, and still within int64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What happens if the campaign goes on as it has in this period; arrays of shape (B,)."""

    index: Floats
    """Share of the allowance spent / expected share of the period; NaN before its first hour."""
    p10: Ints
    """10th percentile of the period's spend if nothing changes, minor units; p50, p90 alike."""
    p50: Ints
    p90: Ints
    exhaustion: Floats
    """Probability, in [0, 1], that the allowance does not last, if nothing changes."""
    exhausts_at: Ints
    """Second at which it is used up at the median, `NO_TIME` where it lasts."""


def outlook(clock: Clock, horizon: Horizon) -> Outlook:
    """Return the pace and the projection of each campaign.

    The projection carries on the spend per unit of expected weight that the period has seen; before
    its first hour it is what is left. Its relative error is ``HOURLY_DEVIATION * sqrt(1/n + 1/m)``
    for n hours seen and m to come, normal. The probability uses the logistic approximation of the
    normal distribution, within 0.0095.

    Source: Bowling et al., "A logistic approximation to the cumulative normal distribution",
    Journal of Industrial Engineering and Management 2 (2009).
    """
    seen = horizon.elapsed > 0.0
    burn = np.divide(horizon.spent, horizon.elapsed, out=np.zeros(len(seen)), where=seen)
    # Before a period's first hour nothing goes on yet: it is expected to spend what it has.
    meant = np.maximum(horizon.left, 0).astype(np.float64)
    coming = np.where(seen, np.maximum(burn, 0.0) * horizon.rest, meant)
    hours = np.maximum((clock.reported_until - horizon.started) / HOUR, 1.0)
    ahead = np.maximum((horizon.end - clock.target) / HOUR, 1.0)
    deviation = coming * HOURLY_DEVIATION * np.sqrt(1.0 / hours + 1.0 / ahead)
    base = horizon.spent + horizon.in_flight
    low = np.maximum(coming - NINETIETH * deviation, 0.0)
    high = coming + NINETIETH * deviation
    return Outlook(
        index=_index(horizon, seen & (horizon.allowance > 0)),
        p10=_on_top_of(base, low),
        p50=_on_top_of(base, coming),
        p90=_on_top_of(base, high),
        exhaustion=_exhaustion(coming - horizon.left, deviation),
        exhausts_at=_exhausts_at(clock, horizon, coming),
    )


def hourly_cap(amount: Ints, horizon: Horizon, limits: Ints) -> Ints:
    """Return what the next hour must not exceed, minor units, shape (B,).

    It bites on surprise only: ``amount * exp(SURPRISE * HOURLY_DEVIATION)``, within the
    plan's hourly maximum ``limits`` and what is left of the day and the period.
    """
    factor = np.exp(SURPRISE * HOURLY_DEVIATION)
    surprising = np.ceil(np.minimum(amount, 2**50) * factor).astype(np.int64)
    cap: Ints = np.minimum(np.maximum(surprising, amount), limits)
    return np.minimum(cap, horizon.hard_cap)


def day_budget(amount: Ints, horizon: Horizon, limits: Ints) -> Ints:
    """Return what the day may have spent when the next hour is over, minor units, shape (B,), >= 0.

    A platform that knows no budget but the day's holds the hour to ``amount`` (B,) by it, if the
    day has spent what is expected of it. It is never above the plan's cap of the day ``limits``
    (B,), nor above what the day will have spent when nothing is left of the period.
    """
    spent = _bounded(horizon.day_spent)
    left = _bounded(horizon.allowance - horizon.spent - horizon.in_flight)
    most = np.minimum(limits, spent + left)
    after: Ints = np.minimum(spent + np.minimum(amount, UNLIMITED), most)
    return np.maximum(after, 0)


def _bounded(amounts: Ints) -> Ints:
    """Return amounts of which two can be added: beyond all that records say they stay there."""
    return np.minimum(np.maximum(amounts, -UNLIMITED), UNLIMITED)


def _on_top_of(base: Ints, coming: Floats) -> Ints:
    """Return ``base + coming``, rounded down, at most `_MOST`."""
    room = np.maximum(_MOST - base, 0)
    total: Ints = base + np.minimum(coming, room).astype(np.int64)
    return total


def _index(horizon: Horizon, defined: Bools) -> Floats:
    share = np.divide(
        horizon.elapsed,
        horizon.elapsed + horizon.rest,
        out=np.ones(len(defined)),
        where=defined,
    )
    spent = np.divide(
        np.maximum(horizon.spent, 0), horizon.allowance, out=np.zeros(len(defined)), where=defined
    )
    return np.where(defined, spent / share, np.nan)


def _exhaustion(excess: Floats, deviation: Floats) -> Floats:
    """Return P(excess + deviation * N(0, 1) > 0)."""
    certain = deviation <= 0.0
    score = np.divide(excess, deviation, out=np.zeros(len(excess)), where=~certain)
    normal = 1.0 / (1.0 + np.exp(-_LOGISTIC * np.clip(score, -30.0, 30.0)))
    return np.where(certain, (excess > 0.0).astype(np.float64), normal)


def _exhausts_at(clock: Clock, horizon: Horizon, coming: Floats) -> Ints:
    """Return when the allowance is used up, on a straight line through the period's rest."""
    left = np.maximum(horizon.left, 0)
    runs_out = (coming > left) & (horizon.end < FAR * DAY)
    share = np.divide(left, coming, out=np.ones(len(coming)), where=runs_out)
    seconds = (np.maximum(horizon.end - clock.target, 0) * share).astype(np.int64)
    return np.where(runs_out, clock.target + seconds, NO_TIME)
