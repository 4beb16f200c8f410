"""What the guard rails made of an advised bid, and whether it goes without a person."""

from __future__ import annotations

from decimal import Decimal

from engine.bids import MAX_CHANGE, MAXIMUM, MINIMUM
from schemas import GuardrailCheck, GuardrailStatus
from schemas.fields import Autonomy
from workers.adviser.bid_wanting import Entity


def rails(
    entity: Entity, reason: int, bid: Decimal, sure: float, *, unsure_cut: bool
) -> tuple[GuardrailCheck, ...]:
    """Return the checks of a bid that is advised; ``reason`` is that of `engine.bids.Bids`.

    ``unsure_cut`` says that the bid is cut by conversions that may not be all there are.
    """
    terms, standing = entity.terms, entity.standing
    return (
        _clamps("max_change_pct", bid, clamped=reason == MAX_CHANGE),
        _clamps("min_bid", bid, clamped=reason == MINIMUM),
        _clamps("max_bid", bid, clamped=reason == MAXIMUM),
        # A bid in its cooldown or its learning phase is not advised at all.
        _blocks("cooldown_minutes", blocked=False),
        _blocks("learning_phase", blocked=False),
        _blocks("max_changes_per_day", blocked=standing.changes_today >= terms.max_changes_per_day),
        _blocks("min_confidence", blocked=sure < terms.min_confidence),
        _blocks("protected", blocked=entity.protected),
        _blocks("autonomy", blocked=terms.autonomy is not Autonomy.AUTO),
        _blocks("pacing_multiplier", blocked=terms.paced),
        _blocks("conversions_known", blocked=unsure_cut),
    )


def may_go(checks: tuple[GuardrailCheck, ...]) -> bool:
    """Return whether nothing asks for a person."""
    return all(check.status is not GuardrailStatus.BLOCKED for check in checks)


def _clamps(name: str, bid: Decimal, *, clamped: bool) -> GuardrailCheck:
    if not clamped:
        return GuardrailCheck(name=name, status=GuardrailStatus.PASSED)
    return GuardrailCheck(name=name, status=GuardrailStatus.CLAMPED, limit=bid)


def _blocks(name: str, *, blocked: bool) -> GuardrailCheck:
    status = GuardrailStatus.BLOCKED if blocked else GuardrailStatus.PASSED
    return GuardrailCheck(name=name, status=status)
