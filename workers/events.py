"""Recommendations and audit entries as one stream of things that happened, for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from schemas.audit import AuditEntry
from schemas.codec import decode
from schemas.errors import SchemaError
from schemas.recommendation import Kind, Recommendation


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of the story."""

    at: datetime | None
    """When it was decided or done; of a simulated world, its own time."""
    campaign: str
    what: str
    """``pacing``, ``hold`` and so on, or the status of an audit entry."""
    detail: str
    calm: bool
    """Whether nobody needs to look at it."""


def recommendation_line(stored: bytes) -> Happening:
    """Tell a stored recommendation in one line."""
    try:
        advice = decode(stored, Recommendation)
    except SchemaError as error:
        return _unreadable("recommendation", error)
    return Happening(
        at=advice.decided_at,
        campaign=advice.key.decode(),
        what=str(advice.kind),
        detail=_advice(advice),
        calm=advice.kind is not Kind.EMERGENCY,
    )


def audit_line(stored: bytes) -> Happening:
    """Tell a stored audit entry in one line."""
    try:
        entry = decode(stored, AuditEntry)
    except SchemaError as error:
        return _unreadable("audit entry", error)
    change = f"{_money(entry.before)} → {_money(entry.after)} {entry.currency or ''}".rstrip()
    reason = f"  {entry.reason}" if entry.reason else ""
    return Happening(
        at=entry.at,
        campaign=entry.key.decode(),
        what=str(entry.status),
        detail=f"{entry.field} {change}{reason}  by {entry.actor}",
        calm=str(entry.status) in {"simulated", "applied", "confirmed", "no_op"},
    )


def _advice(advice: Recommendation) -> str:
    pace = "" if advice.pacing_index is None else f"  pace {advice.pacing_index:.2f}"
    if advice.kind is Kind.HOLD:
        return f"{advice.hold_reason} for {advice.hour:%a %H:%M}Z{pace}"
    change = f"{_money(advice.current_value)} → {_money(advice.recommended_value)}"
    spent = ""
    if advice.spend_to_date is not None and advice.period_budget is not None:
        spent = f"  spent {_money(advice.spend_to_date)} of {_money(advice.period_budget)}"
    return (
        f"{advice.field} {change} {advice.currency or ''} for {advice.hour:%a %H:%M}Z{pace}{spent}"
    )


def _unreadable(kind: str, error: SchemaError) -> Happening:
    return Happening(
        at=None, campaign="?", what="unreadable", detail=f"{kind}: {error}", calm=False
    )


def _money(amount: Decimal | None) -> str:
    return "?" if amount is None else f"{amount:,f}"
