"""How sure a decision is, as one number."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints, Rows
from engine.calendar import HOUR
from engine.situation import Clock, Evidence, Situation
from engine.strategies import needs_learning, steers

POOL_HALF: Final = 28.0
"""Campaign-days at which a prior is half trusted."""

LAG_HALF: Final = 6.0
"""Hours of unreported spend at which the picture is half as sure."""

SUSPECT: Final = 0.5
"""What is left of the confidence where the day's counts contradict each other."""

_IMPRESSIONS, _CLICKS = 0, 1


def confidence(situation: Situation, clock: Clock) -> Floats:
    """Return the confidence in each decision, in [0, 1], shape (B,).

    A product: of what was learned (1 for a strategy that needs nothing), of how recent the
    reports are, and of whether the counts of the day agree with each other.
    """
    learned = needs_learning(situation.plans) | steers(situation.plans)
    shape = np.where(learned, of_shape(situation.evidence), 1.0)
    # Part of the target hour may be reported already.
    lag = np.maximum(clock.target - clock.reported_until, 0) / HOUR
    fresh = LAG_HALF / (LAG_HALF + lag)
    suspect = suspect_day(situation.campaigns)
    return np.asarray(shape * fresh * np.where(suspect, SUSPECT, 1.0))


def of_shape(evidence: Evidence) -> Floats:
    """Return the confidence in the learned week: own share, and the prior's for the rest."""
    pooled = evidence.pooled / (evidence.pooled + POOL_HALF)
    return evidence.own + (1.0 - evidence.own) * pooled


def suspect_day(campaigns: Rows) -> Bools:
    """Return whether the newest hour's local day has more clicks than impressions."""
    counts: Ints = campaigns["day_counts"]
    return np.asarray(counts[:, _CLICKS] > counts[:, _IMPRESSIONS])
