"""Days of which some hours were not observed, and what the others say of them.

An hour that was cut off tells nothing of what it would have spent. It is guessed from the other
hours of its day by the covariance that is assumed where nobody has taught anything, and how unsure
the guess is goes with it: one expectation step of the EM algorithm, from what is assumed. As that
never depends on what was learned before, days may come in any order.

Source: Dempster, Laird and Rubin, "Maximum Likelihood from Incomplete Data via the EM Algorithm"
(1977).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints

HOURS: Final = 24

UNLIKE: Final = 0.6
"""Standard deviation of an hour around the day's mean where nobody has taught anything, log."""

NEAR: Final = 4.0
"""Hours over which neighbouring hours are alike where nobody has taught anything."""

_ANY_LEVEL: Final = 100.0
"""Variance of the level of a day around the mean of its observed hours: as good as unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeDays:
    """N days without gaps."""

    log_spend: Floats
    """Shape (N, 24), natural log: observed or guessed."""
    unsure: Floats
    """Shape (N, 24, 24): covariance of the guesses, zero where an hour was observed."""

    def of(self, rows: Ints) -> WholeDays:
        """Return some of the days."""
        return WholeDays(log_spend=self.log_spend[rows], unsure=self.unsure[rows])


def assumed() -> Floats:
    """Return the covariance (24, 24) of log shapes that is assumed where nobody has taught any."""
    apart = np.abs(np.arange(HOURS)[:, None] - np.arange(HOURS))
    around = np.minimum(apart, HOURS - apart)
    return np.asarray(UNLIKE**2 * np.exp(-around / NEAR))


def whole_days(log_spend: Floats, seen: Bools) -> WholeDays:
    """Return N days with their gaps filled.

    Parameters
    ----------
    log_spend
        Shape (N, 24), natural log; what it holds where an hour was not seen is of no account.
    seen
        Shape (N, 24); at least one hour of each day.
    """
    log_spend = np.where(seen, log_spend, 0.0)
    unsure = np.zeros((len(log_spend), HOURS, HOURS))
    at = np.flatnonzero(~seen.all(axis=1))
    if at.size:
        log_spend[at], unsure[at] = _guessed(log_spend[at], seen[at])
    return WholeDays(log_spend=log_spend, unsure=unsure)


def _guessed(log_spend: Floats, seen: Bools) -> tuple[Floats, Floats]:
    """Return days with the conditional means of what was not seen, and their covariance."""
    whole = assumed() + _ANY_LEVEL
    size = log_spend.sum(axis=1, keepdims=True) / seen.sum(axis=1, keepdims=True)
    known = np.where(seen, log_spend - size, 0.0)
    both = seen[:, :, None] & seen[:, None, :]
    # With ones in place of what was not seen the matrix can be inverted, and gives it no weight.
    within = np.where(both, whole, 0.0) + np.eye(HOURS) * ~seen[:, :, None]
    towards = whole * seen[:, :, None]
    gain = np.linalg.solve(within, towards)
    guess = size + (known[:, None, :] @ gain)[:, 0]
    left = whole - np.swapaxes(towards, 1, 2) @ gain
    missing = ~seen[:, :, None] & ~seen[:, None, :]
    return np.where(seen, log_spend, guess), np.where(missing, left, 0.0)
