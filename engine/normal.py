"""The normal distribution, for chances."""

from __future__ import annotations

from math import erfc, sqrt
from typing import Final

import numpy as np

from engine.arrays import Floats

NINETIETH: Final = 1.2815515655446004
"""Its 90th percentile, and but for the sign its 10th."""


def below(scores: Floats) -> Floats:
    """Return the chance that a standard normal number is below each score, any shape."""
    flat = [0.5 * erfc(-score / sqrt(2.0)) for score in np.ravel(scores).tolist()]
    return np.array(flat, dtype=np.float64).reshape(np.shape(scores))
