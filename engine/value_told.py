"""How much of the revenue that an hour's clicks bring by a horizon is there by now.

Learned like the delay of conversions, from what later reports change in the same hours, but by
revenue and beyond the four weeks after which a conversion counts as told: customers come again.
Up to four weeks a campaign's growth is drawn to that of conversions, which its neighbours
know, too; beyond the oldest age that it has lived to, to the curve that explains it best where
that grows more, which comes to half as much again at most.

Source: as of `engine.delay` and `engine.value_growth`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine import delay
from engine.arrays import Floats
from engine.delay import Maturity, Restated
from engine.value_growth import (
    ASSUMED_STRENGTH,
    POOL_STRENGTH,
    bounded,
    curves_at,
    likeliest,
)

DAY: Final = 24
"""Hours."""

_LATER: Final = (35, 42, 49, 56, 63, 77, 90, 120, 180, 270, 365, 545, 730)

ENDS: Final = (*delay.AGES, *(DAY * day for day in _LATER))
"""Ends of the steps of age, hours since the end of the hour: the first are those of delays; then
weeks, for as long as hours are kept and may be told again."""

STEPS: Final = len(ENDS) - 1

MEMORY: Final = 90.0 * DAY
"""Hours after which a restatement counts for 1/e."""

MOST_SHARE: Final = 5.0
"""Times the revenue at the horizon that an hour may be expected to stand at: it is past it."""

_STEEPEST: Final = 0.999
_CURVES: Final = curves_at(tuple(end / DAY for end in ENDS))


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldValue:
    """Sums over restatements of B campaigns' hours; they can be added up."""

    growth: Floats
    """Shape (B, 29): revenue that came in less what was withdrawn, by step of age."""
    level: Floats
    """Shape (B, 29), >= 0: revenue there meanwhile, in hours seen through the whole step."""


def add_told(before: ToldValue, restated: Restated, hours: Floats) -> ToldValue:
    """Return sums with N restated hours more; those before count as ``hours`` (B, 1) older."""
    kept = np.exp(-hours / MEMORY)
    growth, level = delay.moved(restated, ENDS)
    return ToldValue(growth=kept * before.growth + growth, level=kept * before.level + level)


def share_at(
    told: ToldValue, order: Floats, conversions: Maturity, ages: Floats, horizon: Floats
) -> Floats:
    """Return the share (B, N) of the revenue at the horizon that hours have at ``ages`` (B, N).

    Parameters
    ----------
    order
        Shape (B,), > 0: what counts for one order, in the unit of the revenue.
    conversions
        How mature the campaigns' conversions are by age.
    ages
        Hours since the end of the hour; the share is 0 before it.
    horizon
        Shape (B,), days in [1, 730]. The share is above 1 past it, `MOST_SHARE` at most.
    """
    logs = np.concatenate(
        (np.zeros((len(order), 1)), np.cumsum(_steps(told, order, conversions), 1)), 1
    )
    there, end = _between(logs, ages), _between(logs, DAY * horizon[:, None])
    return np.where(ages < 0.0, 0.0, np.exp(np.minimum(there - end, np.log(MOST_SHARE))))


def _steps(told: ToldValue, order: Floats, conversions: Maturity) -> Floats:
    """Return the log growth of each step, (B, 29)."""
    growth, level = told.growth / order[:, None], told.level / order[:, None]
    early = np.arange(STEPS) < delay.STEPS
    taught = np.zeros(growth.shape)
    taught[:, early] = 2.0 * np.tanh(0.5 * np.diff(conversions.logs, axis=1))
    # Growth beyond what conversions say has to be seen: without any there is no curve. Its growth
    # is relative to the beginning of a step, and not to its middle.
    begun = np.maximum(level - 0.5 * growth, 0.0)
    begun = begun + np.where(early & (level > 0.0), POOL_STRENGTH, 0.0)
    curve = likeliest(_CURVES, growth, begun)
    later = 2.0 * np.tanh(0.5 * np.log1p(bounded(curve, level > 0.0)))
    beyond = (level <= 0.0) & (later > taught) & (later > 0.0)
    assumed = np.where(beyond | ~early, later, taught)
    strength = np.where(early, POOL_STRENGTH, ASSUMED_STRENGTH)
    ratio = (growth + strength * assumed) / (level + strength)
    return np.asarray(2.0 * np.arctanh(np.clip(0.5 * ratio, -_STEEPEST, _STEEPEST)))


def _between(logs: Floats, ages: Floats) -> Floats:
    """Return logs at ages (B, N), in a straight line between those at `ENDS`, (B, 30)."""
    ends = np.array(ENDS, dtype=np.float64)
    step = np.clip(np.searchsorted(ends, ages, side="right") - 1, 0, STEPS - 1)
    part = np.clip((ages - ends[step]) / (ends[step + 1] - ends[step]), 0.0, 1.0)
    rows = np.arange(len(logs))[:, None]
    return np.asarray((1.0 - part) * logs[rows, step] + part * logs[rows, step + 1])
