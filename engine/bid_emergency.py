"""Emergencies: spend, cost per click or conversions that changed at once, and a quick answer.

Counts of the newest hours are held against those expected, over each window that ends now. The
window in which a change is likeliest is the one that is judged, by how much likelier it is than
none (the change-point statistic of Lorden's). The answer is one multiplier, quick, never for long:
it ends by itself and is taken back step by step.

A `rise` of spend is one of spend counted in clicks at the usual cost, against clicks expected; of
cost per click, the same against clicks that came. Cost per conversion rises by a `fall` of
conversions against those that are expected of the spend by now; hours in which reports may have
failed are to be left out of it, with zeros on both sides.

Source: Lorden, "Procedures for Reacting to a Change in Distribution", Annals of Mathematical
Statistics 42 (1971); Willsky and Jones, IEEE Transactions on Automatic Control 21 (1976).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints

SURE: Final = 22.6
"""Twice the log likelihood ratio from which a change is no chance: 24 windows an hour, all week,
and one false alarm in 20 such weeks at most (2 ln(24 * 168 / 0.05))."""

LEAST_EXPECTED: Final = 1.0
"""Counts that are expected at least: one that comes where none was expected is no emergency."""

LEAST: Final = 0.4
"""The most that an emergency leaves of a bid is 1, the least this."""

LASTS: Final = 6
"""Hours that an answer holds unless it is called for again."""

RETURNS: Final = 6
"""Hours in which it is taken back, in equal steps of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How B campaigns' newest hours differ from what was expected; shapes (B,)."""

    hours: Ints
    """Length of the window in which a change is likeliest; 0 where there was none."""
    times: Floats
    """By how much costs rose in it, >= 1: counts over those expected, or for a fall the inverse."""
    evidence: Floats
    """Twice the log likelihood ratio, >= 0."""

    @property
    def sure(self) -> Bools:
        """Whether it is an emergency, (B,)."""
        return self.evidence > SURE

    def of(self, row: int) -> Change:
        """Return the change of one campaign, of shapes (1,)."""
        one = slice(row, row + 1)
        return Change(hours=self.hours[one], times=self.times[one], evidence=self.evidence[one])


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """Answers that are in force for B campaigns; shapes (B,)."""

    factor: Floats
    """In (0, 1]: what was left of the bid when it began."""
    left: Ints
    """Hours until all is taken back, 0 to `LASTS` + `RETURNS`."""

    @property
    def now(self) -> Floats:
        """What is left of the bid in this hour, in (0, 1], (B,)."""
        part = np.minimum(self.left / (RETURNS + 1.0), 1.0)
        return np.asarray(self.factor**part)


def calm(count: int) -> Emergency:
    """Return ``count`` campaigns without an emergency."""
    return Emergency(factor=np.ones(count), left=np.zeros(count, dtype=np.int64))


def rise(counted: Floats, expected: Floats, dispersion: Floats) -> Change:
    """Return how counts rose above what was expected, at their newest end.

    Parameters
    ----------
    counted, expected
        Shape (B, H), >= 0, the newest hour last.
    dispersion
        Shape (B,), >= 1: variance of counts over what is expected of them.
    """
    came, due = _windows(counted, expected)
    due = np.maximum(due, LEAST_EXPECTED)
    ratio = np.maximum(came / due, 1.0)
    return _likeliest(due * (ratio * np.log(ratio) - ratio + 1.0), ratio, dispersion)


def fall(counted: Floats, expected: Floats, dispersion: Floats) -> Change:
    """Return how counts fell below what was expected, at their newest end; as `rise`."""
    came, due = _windows(counted, expected)
    part = np.minimum(np.divide(came, due, out=np.ones_like(due), where=due > 0.0), 1.0)
    surprise = due * (part * np.log(np.maximum(part, 1e-300)) - part + 1.0)
    # Half a count where there was none: nothing can be said of how far it fell.
    times = np.maximum(due / np.maximum(came, 0.5), 1.0)
    return _likeliest(surprise, times, dispersion)


def answered(emergency: Emergency, change: Change) -> Emergency:
    """Return the emergency with an answer to a change, where it is sure.

    The bid is divided by what costs rose by; a second answer within the first cuts no deeper than
    the deeper of the two, for the first has not shown in the reports yet.
    """
    wanted = np.clip(1.0 / change.times, LEAST, 1.0)
    deeper = np.minimum(wanted, np.where(emergency.left > 0, emergency.now, 1.0))
    return Emergency(
        factor=np.where(change.sure, deeper, emergency.factor),
        left=np.where(change.sure, LASTS + RETURNS, emergency.left),
    )


def an_hour_later(emergency: Emergency) -> Emergency:
    """Return the emergency after an hour."""
    left = np.maximum(emergency.left - 1, 0)
    return Emergency(factor=np.where(left > 0, emergency.factor, 1.0), left=left)


def _windows(counted: Floats, expected: Floats) -> tuple[Floats, Floats]:
    """Return the sums of each window that ends now, from the shortest on; shapes (B, H)."""
    return np.cumsum(counted[:, ::-1], axis=1), np.cumsum(expected[:, ::-1], axis=1)


def _likeliest(surprise: Floats, times: Floats, dispersion: Floats) -> Change:
    """Return the window with the largest log likelihood ratio (B, H) over the dispersion (B,)."""
    best = np.argmax(surprise, axis=1)[:, None]
    most = np.take_along_axis(surprise, best, axis=1)[:, 0]
    return Change(
        hours=np.where(most > 0.0, best[:, 0] + 1, 0),
        times=np.take_along_axis(times, best, axis=1)[:, 0],
        evidence=np.maximum(2.0 * most / dispersion, 0.0),
    )
