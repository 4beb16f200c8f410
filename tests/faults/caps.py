"""What an hour may spend: never more than is left, and in force as it was decided."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from schemas import Action, Kind, Recommendation
from schemas.audit import AuditEntry, AuditStatus
from schemas.levers import BID_MULTIPLIER

LEAST = 100
"""Multipliers that must have been set for a run to say anything."""


def assert_within_budget(advice: Recommendation, *, steered: bool) -> None:
    """An hour may spend no more than is left of its day; only bids that are to be set are."""
    assert steered or advice.field != BID_MULTIPLIER
    if advice.kind is Kind.HOLD:
        return
    values = advice.hourly_cap, advice.period_budget, advice.spend_to_date
    cap, budget, spent = (Decimal(-1) if value is None else value for value in values)
    assert 0 <= cap <= max(Decimal(0), budget - spent)


def assert_caps(actions: Iterable[Action], entries: Iterable[AuditEntry]) -> None:
    """A multiplier that is in force has the cap that was decided with it."""
    decided = {each.action_id: (each.target, each.hourly_cap) for each in actions}
    effects = [
        entry
        for entry in entries
        if entry.field == BID_MULTIPLIER and entry.status is AuditStatus.SIMULATED
    ]
    assert len(effects) > LEAST
    for entry in effects:
        assert (entry.after, entry.hourly_cap) == decided[entry.action_id or ""]
