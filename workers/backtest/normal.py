"""The normal distribution on arrays, from a table of its logarithm.

numpy has none, and a replay asks for it some millions of times. Between the points of the table
the logarithm is a line, so values are right to a few millionths of themselves, in the tails too.
"""

from __future__ import annotations

from math import erfc, log, pi, sqrt
from typing import Final

import numpy as np

from engine.arrays import Floats

_GRID: Final = np.linspace(-37.0, 8.0, 18_001)
_LOGS: Final = np.array([log(0.5 * erfc(-z / sqrt(2.0))) for z in _GRID.tolist()])


def log_below(z: Floats) -> Floats:
    """Return the natural log of the probability below ``z``."""
    # Beyond the table its tail falls as a parabola does; nothing that matters is spent there.
    beyond = np.minimum(z - _GRID[0], 0.0)
    return np.asarray(np.interp(z, _GRID, _LOGS) + beyond * -_GRID[0] - 0.5 * beyond**2)


def from_log_below(logs: Floats) -> Floats:
    """Return the ``z`` below which the probability has this natural log, up to the table's end."""
    return np.asarray(np.interp(logs, _LOGS, _GRID))


def slope(z: Floats) -> Floats:
    """Return d log_below / d z: the density over the probability below."""
    return np.asarray(np.exp(-0.5 * z**2 - _LOG_ROOT - log_below(z)))


def from_slope(slopes: Floats) -> Floats:
    """Return the ``z`` with this slope, > 0, up to the table's ends: it falls as ``z`` rises."""
    return np.asarray(np.interp(-slopes, -_SLOPES, _GRID))


_LOG_ROOT: Final = 0.5 * log(2.0 * pi)
_SLOPES: Final = slope(_GRID)
