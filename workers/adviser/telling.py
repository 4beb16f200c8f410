"""How an account's hours are told: how late conversions come, and whether they are told at all.

A feed that tells each hour once, soon after its end, says nothing of conversions that come later.
What was told is then final, or cut: nothing in it says which, nor how much is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Floats
from engine.delay import Maturity
from engine.rate_cells import matured

MISSING: Final = 10.0
"""Conversions that ought to have been told since, none of which was: by chance alone once in 20,000
times (Poisson), so the feed tells nothing again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What is known of the telling of one campaign's hours."""

    maturity: Maturity
    """Of one campaign: how late its conversions come."""
    taught: bool
    """Whether anybody has taught that; else it is assumed."""
    restates: bool
    """Whether any of the account's days was told again, otherwise than before."""

    def share(self, ages: Floats) -> Floats:
        """Return the share of final conversions (N,) that is there at ages (N,), hours."""
        one = np.zeros(len(ages), dtype=np.int64)
        return matured(self.maturity, one, np.ones(len(ages)), ages)

    def cut(self, conversions: Floats, told: Floats, ages: Floats) -> bool:
        """Return whether hours are not told again, as far as is known.

        Parameters
        ----------
        conversions
            Shape (N,): told of hours that are not final.
        told, ages
            Shape (N,): hours from an hour's end to when it was told, and to now.
        """
        if self.restates:
            return False
        missing = conversions * np.maximum(self.share(ages) / self.share(told) - 1.0, 0.0)
        return not self.taught or float(missing.sum()) > MISSING
