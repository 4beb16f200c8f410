"""How urgent a campaign is: the one word that accounts are sorted by."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from schemas import HoldReason
from workers.status.model import Held, Level, Projection, Use

OVER: Final = 1.002
"""Share of its budget from which a campaign is over it: prices cannot be divided."""

LIKELY: Final = 0.8
"""Probability of running out from which it is expected."""

EARLY: Final = 0.1
"""Share of its period before whose end a budget that runs out does so early."""

UNSPENT: Final = 0.9
"""Share of a budget below which the projection says that much of it is left over."""

AHEAD: Final = 1.05
"""Pace from which a budget that is used up was used up too soon."""

BROKEN: Final = frozenset(
    {
        HoldReason.STALE_DATA,
        HoldReason.SUSPECTED_OUTAGE,
        HoldReason.CURRENCY_MISMATCH,
        HoldReason.TIMEZONE_MISMATCH,
        HoldReason.INFEASIBLE_MINIMUM,
        HoldReason.CONFLICTING_TARGETS,
    }
)
"""Holds that do not end by themselves, and that nobody asked for."""

PAUSED: Final = frozenset({HoldReason.PAUSED, HoldReason.PAUSED_ON_PLATFORM})
"""Holds that somebody has asked for: what is left over meanwhile is meant to be."""

_TARGETS: Final = frozenset({"target_missed", "nothing_comes_back"})

BARELY: Final = 0.02
"""The same, from which it is worth a look."""


def level_of(
    risks: Collection[str], use: Use, ahead: Projection, early: float, hold: Held | None
) -> Level:
    """Return how urgent a campaign is.

    Parameters
    ----------
    risks
        Names of `engine.status.RISKS`.
    use
        Of the budget that the plan sets.
    early
        Share of the period that is to come after its budget is used up, 0 where it lasts.
    """
    used = use.share or 0.0
    if use.budget and used > OVER:
        return Level.CRITICAL
    if _TARGETS & set(risks) or (hold is not None and hold.reason in BROKEN):
        return Level.HIGH
    likely = (ahead.exhaustion or 0.0) >= LIKELY
    gone = "budget_used_up" in risks and (ahead.pace or 0.0) > AHEAD
    if gone or (likely and early >= EARLY):
        return Level.HIGH
    # A pace alone is no reason to look: who decides every hour catches up with it.
    soon = early >= BARELY and (likely or "runs_out_early" in risks)
    asked = hold is not None and hold.reason in PAUSED
    left = (
        not asked
        and bool(use.budget)
        and ahead.p50 is not None
        and ahead.p50 < UNSPENT * (use.budget or 0.0)
    )
    return Level.MEDIUM if soon or left or "getting_worse" in risks else Level.LOW
