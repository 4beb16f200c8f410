"""Which changes of closed days are told of: those that are rare for a campaign, and in their hour.

The evidence of an hour has a chance (p-value) of ``exp(-evidence)`` at most. Benjamini and Hochberg
need no more of all tests of an hour than how many had at least so much; whole numbers of evidence,
rounded down, err on the safe side and make a tally of `CELLS` numbers that can be added up in any
order.

A campaign's false alarms are those of its evidence that begins and gets so far: by Ville's bound
one in ``exp(evidence)`` of what begins. It begins in hours with a count at most, and so a campaign
of three conversions a day is told of at an eighth of the odds of one that has some every hour.

Sources: those of `engine.change_tests` and `engine.discoveries`.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.anomalies import CHANGES
from engine.arrays import Bools, Floats, Ints
from engine.change_tests import MOST_EVIDENCE
from engine.discoveries import FALSE_SHARE
from engine.funnel import SIGNALS
from engine.thresholds import threshold

CELLS: Final = int(MOST_EVIDENCE) + 1
"""Whole numbers of evidence, from none to the most."""

TESTS: Final = len(SIGNALS) * len(CHANGES)
"""Of a campaign and hour."""

SUSPECTED: Final = threshold(0.05, TESTS)
"""Evidence from which on a change is told of where it may begin in every hour: .05 false alarms a
campaign-week, of all tests together."""

CONTINUES: Final = SUSPECTED / 2.0
"""Evidence at the end of a day from which on what was told of goes on."""


def tally(evidence: Floats) -> Ints:
    """Return how many tests have how much evidence, (B, H, `CELLS`), of (B, H, 5, 5)."""
    count, hours = evidence.shape[:2]
    cells = np.minimum(np.floor(evidence).astype(np.int64), CELLS - 1).reshape(-1, TESTS)
    at = np.arange(count * hours)[:, None] * CELLS + cells
    tallied = np.bincount(at.ravel(), minlength=count * hours * CELLS)
    return tallied.reshape(count, hours, CELLS)


def least_evidence(tallied: Ints, false_share: float = FALSE_SHARE) -> Floats:
    """Return the evidence from which on tests are discoveries among all of a tally, (...).

    Tallies are (..., `CELLS`), each of one hour. It is `CELLS`, more than there may be, where none
    is a discovery. Of what is told, false alarms are ``false_share`` at most, in the mean.
    """
    evidence = np.arange(CELLS, dtype=np.float64)
    as_much = np.cumsum(tallied[..., ::-1], axis=-1)[..., ::-1]
    tests = tallied.sum(axis=-1, keepdims=True)
    found = (as_much > 0) & (tests * np.exp(-evidence) <= false_share * as_much)
    return np.where(found.any(axis=-1), evidence[np.argmax(found, axis=-1)], float(CELLS))


def suspected(beginnings: Floats) -> Floats:
    """Return the evidence from which on a change is told of, by how often it may begin a day."""
    return np.asarray(SUSPECTED - np.log(24.0 / np.clip(beginnings, 1.0, 24.0)))


def alarms(evidence: Floats, least: Floats, beginnings: Floats) -> Bools:
    """Return which changes are to be told of, (B, 5, 5).

    Shapes are those of `engine.funnel_watch.Judged`; ``least`` is (H,), see `least_evidence`.
    """
    rare = evidence >= suspected(beginnings)[:, None, :, None]
    return np.asarray((rare & (evidence >= least[:, None, None])).any(axis=1))
