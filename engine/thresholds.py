"""How much evidence is an alarm, from how many false ones are put up with.

Source: Lorden, "Procedures for Reacting to a Change in Distribution", Ann. Math. Statist. 42
(1971): from one false alarm to the next it is ``exp(threshold)`` hours at least.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np

from engine.arrays import Floats
from engine.errors import EngineError

WEEK_HOURS: Final = 168

_STEPS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The evidence of each test from which on there is an alarm."""

    evidence: Floats
    """Shape of the tests of a campaign, > 0."""
    nominal: float
    """What it would be if counts kept to their model."""

    def chance(self, evidence: Floats) -> Floats:
        """Return the most that the chance of evidence is in an hour where nothing changed.

        By Ville it is ``exp(-evidence)``; where clean weeks have shown that there is more of it
        than there should be, it is taken for as much less as its threshold is higher.
        """
        return np.asarray(np.exp(-evidence * (self.nominal / self.evidence)))


def threshold(false_alarms: float, tests: int = 1) -> float:
    """Return the evidence from which on ``tests`` tests give no more false alarms a week.

    Parameters
    ----------
    false_alarms
        Of all the tests together, a campaign and week, in (0, 1).

    Raises
    ------
    EngineError
        When ``false_alarms`` does not lie between 0 and 1, or there is no test.
    """
    if not 0.0 < false_alarms < 1.0 or tests < 1:
        raise EngineError(
            "false alarms are more than 0 and fewer than 1 a week, of one test at least: "
            f"was {false_alarms} of {tests}"
        )
    return log(WEEK_HOURS * tests / false_alarms)


def nominal(tests: tuple[int, ...], false_alarms: float) -> Thresholds:
    """Return the thresholds of tests, of the given shape, of counts that keep to their model."""
    count = int(np.prod(tests))
    evidence = threshold(false_alarms, count)
    return Thresholds(evidence=np.full(tests, evidence), nominal=evidence)


def calibrated(peaks: Floats, false_alarms: float) -> Thresholds:
    """Return thresholds that so many clean weeks in a hundred would have reached.

    Each test gets the same share of them; no threshold is below the nominal one.

    Parameters
    ----------
    peaks
        Shape (W, *tests): the most evidence of each test in each of W campaign-weeks, in which
        nothing is known to have been wrong.
    false_alarms
        A campaign and week, in (0, 1).
    """
    tests = peaks.shape[1:]
    least = nominal(tests, false_alarms)
    low, high = 0.0, 1.0
    # Of tests that tend to err together each may err in more of the weeks than its even share.
    for _ in range(_STEPS):
        share = (low + high) / 2.0
        reached = (peaks >= _beyond(peaks, share, least)).reshape(len(peaks), -1)
        low, high = (share, high) if reached.any(axis=1).mean() <= false_alarms else (low, share)
    return Thresholds(evidence=_beyond(peaks, low, least), nominal=least.nominal)


def _beyond(peaks: Floats, share: float, least: Thresholds) -> Floats:
    quantile = np.quantile(peaks, 1.0 - share, axis=0, method="higher")
    return np.maximum(np.nextafter(quantile, np.inf), least.evidence)
