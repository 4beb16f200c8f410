"""Recommendations and audit entries as one stream of things that happened, for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from schemas.audit import FOLLOWED, OPEN, AuditEntry, AuditStatus
from schemas.codec import decode
from schemas.errors import SchemaError
from schemas.fields import Entity
from schemas.levers import BID_MULTIPLIER
from schemas.recommendation import Kind, Recommendation

_EXPLAINED = frozenset(
    {
        AuditStatus.APPROVAL_REQUIRED,
        AuditStatus.REJECTED,
        AuditStatus.FAILED,
        AuditStatus.UNVERIFIED,
        AuditStatus.DRIFT,
        AuditStatus.EDITED,
    }
)
"""Of these, what to do about them or who it was stands in the detail."""

_CALM = FOLLOWED | OPEN | {AuditStatus.SHADOW}
"""Nobody needs to look at these."""

_WANTED = OPEN | {AuditStatus.SHADOW}
"""Of these, what was found and what is wanted is told: nothing has changed."""


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
    return Happening(
        at=entry.at,
        campaign=entry.key.decode(),
        what=str(entry.status),
        detail=_entry(entry),
        calm=entry.status in _CALM,
    )


def _advice(advice: Recommendation) -> str:
    pace = "" if advice.pacing_index is None else f"  pace {advice.pacing_index:.2f}"
    if advice.kind is Kind.HOLD:
        return f"{advice.hold_reason} for {advice.hour:%a %H:%M}Z{pace}"
    values = advice.current_value, advice.recommended_value
    if advice.kind in (Kind.TARGETING, Kind.CREATIVE):
        # The unit is no money, and the first reason names what it is about.
        return f"{_change(advice.field, values, (None, None))}: {advice.reasons[0].text}"
    spent = ""
    if advice.spend_to_date is not None and advice.period_budget is not None:
        spent = f"  spent {_money(advice.spend_to_date)} of {_money(advice.period_budget)}"
    # Not ``hour``: where reports come late, the value is for an hour after the one that names it.
    begins = f"for {advice.valid_from:%a %H:%M}Z"
    change = _change(_lever(advice), values, (advice.currency, advice.hourly_cap))
    return f"{change} {begins}{pace}{spent}"


def _entry(entry: AuditEntry) -> str:
    waits = entry.status is AuditStatus.APPROVAL_REQUIRED
    told = (
        _change(_lever(entry), _moved(entry, waits=waits), (entry.currency, entry.hourly_cap)),
        entry.reason or "",
        entry.detail if entry.status in _EXPLAINED else "",
        f"recommendation_id {entry.recommendation_id}" if waits else f"by {entry.actor}",
    )
    return "  ".join(filter(None, told))


def _moved(entry: AuditEntry, *, waits: bool) -> tuple[Decimal | None, Decimal | None]:
    """Return the value before and after, or what is wanted where that is not in force."""
    if waits:
        return entry.expected, entry.target
    return entry.before, entry.target if entry.status in _WANTED else entry.after


def _lever(record: Recommendation | AuditEntry) -> str | None:
    """Return what is set; of one ad set it says which."""
    of_one = record.entity is Entity.AD_SET
    return f"{record.field} of {record.entity_id}" if of_one else record.field


def _change(
    field: str | None,
    values: tuple[Decimal | None, Decimal | None],
    money: tuple[str | None, Decimal | None],
) -> str:
    """Tell what is set, from what to what; of a multiplier also what an hour may spend."""
    currency, cap = money
    if field == BID_MULTIPLIER:
        before, after = ("?" if value is None else f"x{value:.3f}" for value in values)
        limit = "" if cap is None else f", at most {_money(cap)} {currency or ''}".rstrip()
        return f"bids {before} → {after}{limit}"
    before, after = map(_money, values)
    return f"{field} {before} → {after} {currency or ''}".rstrip()


def _unreadable(kind: str, error: SchemaError) -> Happening:
    return Happening(
        at=None, campaign="?", what="unreadable", detail=f"{kind}: {error}", calm=False
    )


def _money(amount: Decimal | None) -> str:
    return "?" if amount is None else f"{amount:,f}"
