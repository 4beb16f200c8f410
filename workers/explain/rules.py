"""What each rule made of an amount: before, after, and what it said."""

from __future__ import annotations

from typing import NamedTuple

from schemas import Recommendation
from schemas.levers import BID_MULTIPLIER
from schemas.recommendation import GuardrailCheck, GuardrailStatus
from workers.explain.inside import Inside

_SPEND = "max_spend_step_pct"


class Ruled(NamedTuple):
    """One rule."""

    name: str
    before: str
    after: str
    status: str


def ruled(advice: Recommendation, inside: Inside | None) -> list[Ruled]:
    """Return what the guard rails did, in their order; those that change nothing have no amounts.

    Where several rails clamp, what lies between two of them is not published, and stands as "...".
    """
    checks = advice.guardrails
    clamps = [check for check in checks if _moves(check, advice)]
    known = inside if advice.field is not None else None
    before, found = known.wanted if known else "...", []
    for check in checks:
        after = before
        if clamps and check is clamps[-1]:
            after = f"{advice.recommended_value:,}"
        elif check in clamps:
            after = "..."
        cells = (before, after) if check in clamps else _beside(check)
        found.append(Ruled(check.name, *cells, str(check.status)))
        before = after
    if not found or known is None:
        return found
    opening = [
        Ruled("left of the period", "", known.left, ""),
        Ruled("rest of today", known.left, known.today, f"at most {known.limit}"),
        _wish(advice, known),
    ]
    return [*opening, *found]


def _moves(check: GuardrailCheck, advice: Recommendation) -> bool:
    """Return whether a rail moved the value; where bids are set one is on their hour's spend."""
    beside = check.name == _SPEND and advice.field == BID_MULTIPLIER
    return check.status is GuardrailStatus.CLAMPED and not beside


def _beside(check: GuardrailCheck) -> tuple[str, str]:
    return ("", "") if check.limit is None else ("", f"cap {check.limit:,}")


def _wish(advice: Recommendation, inside: Inside) -> Ruled:
    """Return the step from what today may spend to what the strategy wants of the hour."""
    if advice.field == BID_MULTIPLIER and inside.answer is not None:
        bound = f"by its {inside.answer.binding.replace('_', ' ')}"
        return Ruled("multiplier that spends it", inside.today, inside.wanted, bound)
    return Ruled("this hour, by its weight", inside.today, inside.wanted, "")
