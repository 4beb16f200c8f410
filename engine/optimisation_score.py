"""How well campaigns are run, from 0 to 100: which share of what is attainable is attained.

Five parts, each between 0 (nothing of it) and 1 (all of it), weighed by `WEIGHTS`. What there is no
basis for is left out, and the others count for more. So a score says what would raise it, and by
how many points: a part's weight times what it lacks.

Laws: following advice never lowers a score, and neither do better data, a cheaper conversion or
more evidence; a pace further from 1, an end further from the budget and money that runs out earlier
never raise it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats
from engine.status import UNKNOWN

PARTS: Final = ("advice", "budget_use", "target", "data", "evidence")
"""Names of the parts, in the order of the columns of `Scores`."""

WEIGHTS: Final = (30.0, 25.0, 20.0, 15.0, 10.0)
"""Points of each part where all have a basis; they sum to 100."""

OVERSPEND_COSTS: Final = 4.0
"""Share of the part that is lost for an end above the budget, per share of the budget."""

PACE_COUNTS: Final = 0.25
"""Share of `budget_use` that is the pace so far; the rest is where the period ends."""

ON_TIME: Final = 3.0
"""Hours that reports may be behind; a day behind is as good as none."""
_TOO_LATE: Final = 24.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What the scores of B campaigns are reckoned from; shapes (B,)."""

    open_gain: Floats
    """>= 0: what advice that is open and not followed is expected to bring on top, each weighed by
    its confidence, as a share of what the campaign brings now."""
    ends_at: Floats
    """Where the period is projected to end over its budget, >= 0, or `UNKNOWN`."""
    early: Floats
    """Share of the period that is to come when its money is gone, in [0, 1]; 0 if it lasts."""
    pace: Floats
    """Spent over what was meant to be by now, >= 0, or `UNKNOWN`."""
    efficiency: Floats
    """Target over what a conversion costs, >= 0, or `UNKNOWN`: no target, or nothing spent."""
    held: Floats
    """Share of the last hours in which something broken held the campaign, in [0, 1]."""
    outage: Bools
    """Whether its conversions are suspected not to be counted now."""
    behind: Floats
    """Hours that its reports are behind, >= 0."""
    evidence: Floats
    """In [0, 1): how much is known of what its conversions cost (`engine.status.Status`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Scores of B campaigns."""

    score: Floats
    """Shape (B,), in [0, 100]."""
    attained: Floats
    """Shape (B, 5), in [0, 1], by `PARTS`; 1 where a part is left out."""
    weight: Floats
    """Shape (B, 5), points: 100 in all, 0 where a part is left out."""

    @property
    def lacking(self) -> Floats:
        """Points that each part could still add, shape (B, 5), >= 0."""
        return self.weight * (1.0 - self.attained)


def score(basis: Basis) -> Scores:
    """Return how well B campaigns are run."""
    parts = (
        1.0 / (1.0 + basis.open_gain),
        _budget_use(basis),
        np.where(basis.efficiency == UNKNOWN, 1.0, np.clip(basis.efficiency, 0.0, 1.0)),
        _data(basis),
        basis.evidence,
    )
    missing = np.zeros((len(basis.evidence), len(PARTS)), dtype=np.bool_)
    missing[:, PARTS.index("budget_use")] = basis.ends_at == UNKNOWN
    missing[:, PARTS.index("target")] = basis.efficiency == UNKNOWN
    attained = np.where(missing, 1.0, np.stack(parts, axis=1))
    weight = np.where(missing, 0.0, np.array(WEIGHTS))
    weight = 100.0 * weight / weight.sum(axis=1, keepdims=True)
    points = np.clip((weight * attained).sum(axis=1), 0.0, 100.0)
    return Scores(score=points, attained=attained, weight=weight)


def together(scores: Scores, spend: Floats) -> Scores:
    """Return the scores of B campaigns as one, (1,): an account's, in one currency.

    Parameters
    ----------
    spend
        Shape (B,), >= 0: what campaigns are weighed by; alike where none has spent.
    """
    share = spend / spend.sum() if spend.sum() > 0.0 else np.full(len(spend), 1.0 / len(spend))
    weight = (share[:, None] * scores.weight).sum(axis=0, keepdims=True)
    points = (share[:, None] * scores.weight * scores.attained).sum(axis=0, keepdims=True)
    attained = np.divide(points, weight, out=np.ones_like(points), where=weight > 0.0)
    return Scores(
        score=np.clip(points.sum(axis=1), 0.0, 100.0),
        attained=np.clip(attained, 0.0, 1.0),
        weight=weight,
    )


def _budget_use(basis: Basis) -> Floats:
    over = 1.0 - OVERSPEND_COSTS * (basis.ends_at - 1.0)
    ends = np.clip(np.where(basis.ends_at > 1.0, over, basis.ends_at), 0.0, 1.0)
    ends = ends * (1.0 - np.clip(basis.early, 0.0, 1.0))
    some = np.maximum(basis.pace, 1e-9)
    pace = np.where(basis.pace == UNKNOWN, 1.0, np.minimum(some, 1.0 / some))
    return np.asarray((1.0 - PACE_COUNTS) * ends + PACE_COUNTS * pace)


def _data(basis: Basis) -> Floats:
    on_time = 1.0 - np.clip((basis.behind - ON_TIME) / (_TOO_LATE - ON_TIME), 0.0, 1.0)
    return np.asarray((1.0 - basis.held) * on_time * np.where(basis.outage, 0.0, 1.0))
