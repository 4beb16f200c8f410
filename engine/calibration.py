"""Whether conversions come as often as was foretold: bins, for a report.

Source: Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian
Binning", AAAI 2015, for the expected calibration error; DeGroot and Fienberg, "The Comparison and
Evaluation of Forecasters", The Statistician 32 (1983), for the diagram.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.arrays import Bools, Floats
from engine.intervals import Interval, share


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Rates foretold and seen by bin, from the lowest to the highest; shapes (K,)."""

    clicks: Floats
    predicted: Floats
    """Mean rate foretold, by clicks; 0 in an empty bin."""
    observed: Interval
    """Rate seen, and between which limits the true one lies four times of five."""
    error: float
    """Mean distance of the two by clicks (expected calibration error), in [0, 1]."""

    @property
    def kept(self) -> Bools:
        """Whether what was foretold lies within the limits of what was seen, (K,)."""
        return (self.observed.low <= self.predicted) & (self.predicted <= self.observed.high)


def calibration(
    predicted: Floats, clicks: Floats, conversions: Floats, bins: int = 10
) -> Calibration:
    """Return how rates that were foretold compare with what came, in bins of as many clicks.

    Parameters
    ----------
    predicted, clicks, conversions
        Shape (N,): rates foretold before the clicks came, in [0, 1]; clicks, each by its maturity;
        and conversions. All >= 0.
    bins
        How many, >= 1. Rows are not split, and equal rates share a bin.
    """
    different, which = np.unique(predicted, return_inverse=True)
    sums = np.bincount(which, clicks, len(different)).astype(np.float64)
    total = float(sums.sum())
    middle = (np.cumsum(sums) - 0.5 * sums) / (total if total > 0.0 else 1.0)
    bin_of = np.minimum((middle * bins).astype(np.int64), bins - 1)[which]
    counted, foretold, came = (
        np.bincount(bin_of, each, bins).astype(np.float64)
        for each in (clicks, clicks * predicted, conversions)
    )
    mean = np.divide(foretold, counted, out=np.zeros(bins), where=counted > 0.0)
    distance = float(np.abs(foretold - came).sum())
    return Calibration(
        clicks=counted,
        predicted=mean,
        observed=share(came, counted),
        error=distance / total if total > 0.0 else 0.0,
    )
