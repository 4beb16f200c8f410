"""Which changes of closed days are told of: those that are rare for a campaign, and among all.

Every test of a day has a chance (p-value) of ``24 exp(-peak)`` at most, for Ville's bound is one of
each hour. Benjamini and Hochberg need no more of all tests than how many had at least so much
evidence; whole numbers of evidence, rounded down, err on the safe side and make a tally of `CELLS`
numbers that can be added up in any order.

Sources: those of `engine.change_tests` and `engine.discoveries`.
"""

from __future__ import annotations

from math import log
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.change_tests import MOST_EVIDENCE
from engine.discoveries import FALSE_SHARE
from engine.funnel import WATCHED
from engine.thresholds import threshold

CELLS: Final = int(MOST_EVIDENCE) + 1
"""Whole numbers of evidence, from none to the most."""

TESTS: Final = int(WATCHED.sum())
"""Of a campaign and day."""

SUSPECTED: Final = threshold(0.05, TESTS)
"""Evidence from which on a change of a campaign is told of: .05 false alarms a campaign-week."""

CONTINUES: Final = SUSPECTED / 2.0
"""Evidence at the end of a day from which on what was told of goes on."""

_HOURS: Final = log(24.0)


def tally(peak: Floats) -> Ints:
    """Return how many tests of each campaign have how much evidence, (B, `CELLS`), of (B, 5, 5)."""
    cells = np.floor(np.maximum(peak[:, WATCHED] - _HOURS, 0.0)).astype(np.int64)
    at = np.arange(len(peak))[:, None] * CELLS + np.minimum(cells, CELLS - 1)
    return np.bincount(at.ravel(), minlength=len(peak) * CELLS).reshape(-1, CELLS)


def least_evidence(tallied: Ints, false_share: float = FALSE_SHARE) -> float:
    """Return the evidence from which on tests are discoveries among all of a tally (`CELLS`,).

    Infinite where none is one. Of what is told, false alarms are ``false_share`` at most, in the
    mean.
    """
    evidence = np.arange(CELLS, dtype=np.float64)
    as_much = np.cumsum(tallied[::-1])[::-1]
    found = (as_much > 0) & (tallied.sum() * np.exp(-evidence) <= false_share * as_much)
    return float(evidence[np.argmax(found)]) + _HOURS if found.any() else np.inf


def alarms(peak: Floats, least: float) -> Bools:
    """Return which changes are to be told of, (B, 5, 5): see `least_evidence`."""
    return np.asarray((peak >= SUSPECTED) & (peak >= least))
