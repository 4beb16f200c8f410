"""Tests for a change of rate, one count after the other: likelihood ratios that are summed up.

A count is negative binomial: mean ``m``, variance ``m + m**2 / size``. That its mean is ``c * m``
instead speaks a log likelihood ratio of ``y log c + (y + size) log((size + m) / (size + c m))``.
The evidence for a change at some time up to now is the largest sum of the newest ratios, none of
them included: Page's ``max(0, before + ratio)``.

As long as nothing changes, the products of ratios back in time are a martingale of mean 1, and so
the chance that the evidence of any one hour reaches h is at most ``exp(-h)`` (Ville). That is what
thresholds (`engine.thresholds`) follow from, and what makes ``exp(-evidence)`` a p-value.

Sources: Page, "Continuous Inspection Schemes", Biometrika 41 (1954); Lorden, "Procedures for
Reacting to a Change in Distribution", Ann. Math. Statist. 42 (1971); Ville, "Étude critique de la
notion de collectif" (1939); Fisher, "Statistical Methods for Research Workers", 4th ed. (1932).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.arrays import Floats, Ints

MOST_EVIDENCE: Final = 32.0
"""Where evidence ends, so that what is over is seen to be over: a chance of one in 8e13."""


def log_ratio(counts: Floats, means: Floats, inverse_size: Floats, factors: Floats) -> Floats:
    """Return what counts speak for their means being ``factors`` times as big; shapes broadcast.

    Parameters
    ----------
    counts, means
        >= 0, whole or not: amounts of money count in units of their own usual size.
    inverse_size
        >= 0, 1 / size of the negative binomial; 0 is Poisson's distribution.
    factors
        > 0.
    """
    spread = np.maximum(inverse_size, 1e-9)
    grows = np.log1p(spread * means) - np.log1p(spread * factors * means)
    return np.asarray(counts * np.log(factors) + (counts + 1.0 / spread) * grows)


def accumulate(evidence: Floats, ratio: Floats) -> Floats:
    """Return the evidence for a change after one count more, in [0, `MOST_EVIDENCE`]."""
    return np.asarray(np.clip(evidence + ratio, 0.0, MOST_EVIDENCE))


def pooled(total: Floats, moved: Ints, members: Ints) -> Floats:
    """Return the evidence that all members of a group changed, by group; shape (G,).

    It is Fisher's: where nothing changed, the sum over n members is no more than the sum of n
    exponentials, whose tail Chernoff bounds by ``exp(-(x - n - n log(x / n)))``. A group in which
    most stay as they were has none, whatever the evidence of the others.

    Parameters
    ----------
    total
        Sum of the evidence of its members, >= 0.
    moved
        How many of them have evidence of their own.
    members
        How many there are.
    """
    count = np.maximum(members, 1).astype(np.float64)
    over = np.maximum(total / count, 1.0)
    bound = count * (over - 1.0 - np.log(over))
    return np.asarray(np.where(2 * moved > count, bound, 0.0))
