"""Recommendations: which of them projected something, and are kept until they are scored.

Of the many of a local day the first one that took effect is scored. Those that may still be it
are kept; the audit trail, read by another agent, says which took effect.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Final

from schemas import Kind, Recommendation
from schemas.levers import BID_MULTIPLIER, HOURLY_BUDGET
from schemas.recommendation import Impact
from workers.delivery.api import Record, Step, View
from workers.scorer.draft import Draft
from workers.scorer.policy import DAY, HOUR, ScorerPolicy
from workers.scorer.rows import (
    AUDIT,
    CLOCK,
    RECOMMENDATIONS,
    AuditRow,
    Percentiles,
    Projection,
    Projections,
    clock_in,
)

HOURLY: Final = frozenset({HOURLY_BUDGET, BID_MULTIPLIER})
"""Fields that are set anew every hour."""

MOST_AHEAD: Final = 2 * DAY
"""How far ahead of its record the hour of advice may be: it must not push out what is of today."""


def recommendations_step(policy: ScorerPolicy, view: View, records: Sequence[Record]) -> Step:
    """Keep the advice that projected something."""
    draft = Draft(policy, view, RECOMMENDATIONS)
    for advice, record in draft.readable(records, Recommendation):
        made = projection_of(advice)
        if made is None:
            continue
        if made.hour > record.timestamp // 1_000 + MOST_AHEAD:
            draft.count("ignored", record.topic, "ahead_of_its_time")
            continue
        row = draft.row(advice.key, Projections)
        applied = draft.other(AUDIT, advice.key, AuditRow).applied
        if not _comes_second(made, row.kept, applied):
            draft.keep(advice.key, Projections(_kept(draft, applied, (*row.kept, made))))
    return draft.done()


def projection_of(advice: Recommendation) -> Projection | None:
    """Return what ``advice`` projected; None for a hold, and for what projected nothing."""
    if advice.kind is Kind.HOLD:
        return None
    ranges = _impact(advice.expected_impact)
    daily = not ranges
    foreseen = advice.projected_spend
    if daily and foreseen is not None:
        ranges = {"spend": (foreseen.p10, foreseen.p50, foreseen.p90)}
    if not ranges:
        return None
    price, by_value = _price(advice)
    valid = int(advice.valid_from.timestamp())
    return Projection(
        id=bytes.fromhex(advice.recommendation_id),
        kind=advice.kind.value,
        field=advice.field or "",
        currency=advice.currency or "",
        hour=int(advice.hour.timestamp()),
        valid_from=valid,
        expires=int(advice.expires_at.timestamp()),
        day_end=_day_end(valid, len(advice.hour_plan)) if daily else 0,
        plan_version=advice.plan_version,
        confidence=advice.confidence,
        ranges=ranges,
        price=price,
        by_value=by_value,
    )


def first_applied(kept: Iterable[Projection], applied: Iterable[bytes]) -> dict[int, Projection]:
    """Return, of each local day's advice, the first that took effect, by the end of the day."""
    known, found = set(applied), dict[int, Projection]()
    for one in kept:
        if one.is_daily and one.id in known:
            before = found.get(one.day_end)
            if before is None or _order(one) < _order(before):
                found[one.day_end] = one
    return found


def _impact(impact: Impact | None) -> dict[str, Percentiles]:
    if impact is None:
        return {}
    told = {name: getattr(impact, name) for name in ("conversions", "revenue", "roas", "cpa")}
    return {
        name: (_decimal(each.p10), _decimal(each.p50), _decimal(each.p90))
        for name, each in told.items()
        if each is not None
    }


def _decimal(value: Decimal | float) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(repr(value))


def _price(advice: Recommendation) -> tuple[float | None, bool]:
    """Return what money brings elsewhere by the reasons, and whether that is revenue."""
    for reason in advice.reasons:
        price = reason.evidence.get("price")
        if isinstance(price, int | float):
            return float(price), reason.evidence.get("what") != "conversions"
    return None, False


def _day_end(valid: int, hours: int) -> int:
    # The plan of hours goes to the end of the local day; without one it is the UTC day's.
    return valid + hours * HOUR if hours else (valid // DAY + 1) * DAY


def _comes_second(made: Projection, kept: Sequence[Projection], applied: Collection[bytes]) -> bool:
    """Return whether advice is kept already, or other of its local day is known to be the first."""
    return any(
        one.id == made.id
        or (
            made.is_daily
            and one.day_end == made.day_end
            and one.id in applied
            and _order(one) < _order(made)
        )
        for one in kept
    )


def _kept(
    draft: Draft, applied: Collection[bytes], every: Sequence[Projection]
) -> tuple[Projection, ...]:
    """Return the advice that may still be scored, in the order of its hours."""
    clock = clock_in(draft.view.table(AUDIT).get(CLOCK))
    newest = max(one.hour for one in every) - draft.policy.forgotten
    first = first_applied(every, applied)
    stay = [
        one
        for one in every
        if one.hour > newest and (not one.is_daily or _may_be_first(one, first, clock))
    ]
    rare = sorted((one for one in stay if not one.is_daily), key=_order)[-draft.policy.most :]
    return tuple(sorted([one for one in stay if one.is_daily] + rare, key=_order))


def _may_be_first(one: Projection, first: dict[int, Projection], clock: int) -> bool:
    """Return whether it is the first of its day that took effect, or may become it.

    It may as long as the audit trail has not been read to a day after its expiry.
    """
    found = first.get(one.day_end)
    if found is not None and _order(found) <= _order(one):
        return found.id == one.id
    return clock < one.expires + DAY


def _order(one: Projection) -> tuple[int, bytes]:
    return one.hour, one.id
