"""What new budgets are expected to bring, and how sure it is that the moves gain.

A campaign's value at a spend ``x`` is ``level * (x / usual) ** exponent``. Both are uncertain: the
log of the level has the variance of its estimate, the exponent that of its posterior, and the two
are nearly independent as spend is centred on the usual. The price of money is taken as known: it
comes from all campaigns, and one campaign's error hardly moves it.

Source: variances of logs to first order (the delta method), Cramér, "Mathematical Methods of
Statistics" (1946), section 28.4; the price as in Everett, Operations Research 11 (1963).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, sqrt
from typing import Final

import numpy as np

from engine.arrays import Floats
from engine.curve_fitting import HIGHEST, LOWEST, Fit
from engine.group_budgets import Shared
from engine.normal import NINETIETH

_STEP: Final = 1e-3
"""Of the exponent, to see how the log of a slope moves with it."""

_LEAST: Final = 1e-300

_WIDEST: Final = 20.0
"""Log distance of a percentile from the median at most: beyond it nothing is known anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a day of given spends brings; shapes (B,), in the value that curves were fitted to."""

    p10: Floats
    p50: Floats
    p90: Floats


def outcome(fit: Fit, spend: Floats) -> Outcome:
    """Return the day's value at spends (B,) >= 0 in the money of the fit, with 80 % intervals."""
    value = fit.curves().value(spend)
    used = np.where((spend > 0.0) & (fit.usual > 0.0), spend, 1.0)
    away = np.log(used / np.where(fit.usual > 0.0, fit.usual, used))
    deviation = np.sqrt(_level_variance(fit) + (away * fit.exponent_deviation) ** 2)
    spread = np.exp(np.minimum(NINETIETH * deviation, _WIDEST))
    return Outcome(p10=value / spread, p50=value, p90=value * spread)


def confidence(shared: Shared, present: Floats) -> Floats:
    """Return the probability that each move gains, (B,) in [0, 1]; 0.5 where nothing moves.

    A raise gains when what it brings per unit of money exceeds the price, a cut when what it gives
    up is less: the normal probability of the log of their ratio.

    Parameters
    ----------
    shared
        The split.
    present
        Shape (B,), the budgets before it, minor units.
    """
    fit, after = shared.fit, shared.budget.astype(np.float64)
    moved = (after != present) & (fit.usual > 0.0) & (fit.level > 0.0)
    usual = np.where(moved, fit.usual, 1.0)
    low = np.where(moved, np.minimum(present, after), 0.0) / usual
    high = np.where(moved, np.maximum(present, after), 1.0) / usual
    exponent = np.clip(fit.exponent, LOWEST, HIGHEST)
    slope = _log_slope(exponent, low, high)
    bend = (_log_slope(exponent + _STEP, low, high) - slope) / _STEP
    deviation = np.sqrt(_level_variance(fit) + (bend * fit.exponent_deviation) ** 2)
    level = np.log(np.where(moved, fit.level, 1.0) / usual)
    away = np.where(moved, level + slope - shared.log_price, 0.0)
    towards = np.sign(after - present) * away / np.maximum(deviation, 1e-9)
    sure = [0.5 * (1.0 + erf(score / sqrt(2.0))) for score in towards.tolist()]
    return np.where(moved, np.array(sure), 0.5)


def _level_variance(fit: Fit) -> Floats:
    return np.asarray(1.0 / np.maximum(fit.level_precision, 1e-6))


def _log_slope(exponent: Floats, low: Floats, high: Floats) -> Floats:
    """Return the log of the mean slope of ``x ** exponent`` from ``low`` to ``high`` > ``low``."""
    rise = high**exponent - low**exponent
    return np.log(np.maximum(rise, _LEAST)) - np.log(high - low)
