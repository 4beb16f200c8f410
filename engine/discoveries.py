"""Which of many tests say something: the false ones among them are a known share.

Source: Benjamini, Hochberg, "Controlling the False Discovery Rate", J. R. Stat. Soc. B 57 (1995);
Benjamini, Yekutieli, Annals of Statistics 29 (2001), for tests that rise and fall together.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.arrays import Bools, Floats

FALSE_SHARE: Final = 0.1
"""False ones among the discoveries, in the mean, at most."""


def discoveries(chances: Floats, false_share: float = FALSE_SHARE) -> Bools:
    """Return which chances (p-values, any shape) are discoveries among all of them.

    The largest number k is taken of which the k smallest are at most ``k / n * false_share``.
    The chances may be independent or rise and fall together.
    """
    flat = np.sort(chances, axis=None)
    ranks = np.arange(1, flat.size + 1)
    kept = np.flatnonzero(flat <= false_share * ranks / max(flat.size, 1))
    limit = flat[kept[-1]] if kept.size else -1.0
    return np.asarray(chances <= limit)
