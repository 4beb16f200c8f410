"""Recommendations: which of them projected something, and what."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from schemas import Kind, Recommendation
from schemas.impact import Impact
from workers.delivery.api import Record, Step, View
from workers.scorer.draft import Draft
from workers.scorer.keeping import keep
from workers.scorer.policy import DAY, HOUR, ScorerPolicy
from workers.scorer.rows import RECOMMENDATIONS, Percentiles, Projection

MOST_AHEAD: Final = 2 * DAY
"""How far ahead of its record the hour of advice, and what it is valid from, may be: it must not
push out what is of today."""


def recommendations_step(policy: ScorerPolicy, view: View, records: Sequence[Record]) -> Step:
    """Keep the advice that projected something."""
    draft = Draft(policy, view, RECOMMENDATIONS)
    for advice, record in draft.readable(records, Recommendation):
        made = projection_of(advice)
        if made is None:
            continue
        if max(made.hour, made.valid_from) > record.timestamp // 1_000 + MOST_AHEAD:
            draft.count("ignored", record.topic, "ahead_of_its_time")
            continue
        keep(draft, advice.key, made)
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
