"""Ratios of arrays, with something else where there is nothing to divide by."""

from __future__ import annotations

import numpy as np

from engine.arrays import Floats


def ratio(above: Floats, below: Floats, otherwise: float = 0.0) -> Floats:
    """Return ``above / below``, ``otherwise`` where ``below`` is not above 0; shapes broadcast."""
    whole = np.full(np.broadcast_shapes(above.shape, below.shape), otherwise)
    return np.asarray(np.divide(above, below, out=whole, where=below > 0.0))
