"""Curves learned from what chance of our own did to spend, as soon as that tells enough.

Spend that follows demand makes an exponent look larger than it is. What a coin of ours did to a
budget no demand can have caused, and only as far as it went on to the spend does it say anything:
how far that is, is learned from the days themselves. Until the coins of a pool tell its exponent,
its curves come from all that its spend did, as those of campaigns that nobody varied.

Source: Wooldridge, "Econometric Analysis of Cross Section and Panel Data" (2002), chapter 5.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Final

import numpy as np

from engine.arrays import Floats
from engine.curve_fitting import OF_POOLS, Fit, fit_curves
from engine.response_days import Days, centred

_LEAST: Final = 1e-12

_FARTHEST: Final = 1.5
"""Most of a move of a budget that is taken to go on to the spend."""


def fitted(days: Days) -> Fit:
    """Fit the curves of campaigns in pools, from our own chance where it tells a pool's exponent.

    Without any jitter in the days it is `engine.curve_fitting.fit_curves`.
    """
    plain = fit_curves(replace(days, jitter=None))
    if days.jitter is None or not days.jitter.any():
        return plain
    jitter = days.jitter * passed_on(days)[days.pool][:, None]
    ours = fit_curves(replace(days, jitter=jitter))
    return _either(ours, plain, days)


def passed_on(days: Days) -> Floats:
    """Return what share of the jitter of budgets is found in the spend of each pool, (P,), >= 0.

    Jitter must be told with the days. It is 0 where there is none, or none went on.
    """
    if days.jitter is None:
        raise AssertionError("what was not moved goes on to nothing")
    middle, pools = centred(days), int(days.pool.max()) + 1
    total = np.maximum(middle.weight.sum(axis=1), _LEAST)
    moved = days.jitter - ((middle.weight * days.jitter).sum(axis=1) / total)[:, None]
    weighted = middle.weight * moved
    both = np.bincount(days.pool, np.vecdot(weighted, middle.log_spend), pools)
    own = np.bincount(days.pool, np.vecdot(weighted, moved), pools)
    found = np.divide(both, own, out=np.zeros(pools), where=own > _LEAST)
    return np.clip(found, 0.0, _FARTHEST)


def _either(ours: Fit, plain: Fit, days: Days) -> Fit:
    """Return pools by our own chance where it tells their exponents."""
    told = ours.pool_identified
    mixed = {
        field.name: np.where(
            told if field.name in OF_POOLS else told[days.pool],
            getattr(ours, field.name),
            getattr(plain, field.name),
        )
        for field in fields(Fit)
    }
    return Fit(**mixed)
