"""Records for reports: one campaign of 240 euros a day, from a Monday in March 2026 on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from schemas import (
    AuditEntry,
    AuditStatus,
    Budget,
    BudgetPeriod,
    CampaignKey,
    Explanation,
    HoldReason,
    Kind,
    MetricsEvent,
    Mode,
    MoneyRange,
    Plan,
    Recommendation,
)

START = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday."""

MONDAY = int(START.timestamp())
HOUR = 3_600
DAY = 24 * HOUR

KEY = CampaignKey("google", "7", "42")
NAMES = KEY._asdict()


def at(hour: float) -> datetime:
    """Return the time so many hours after the start."""
    return START + timedelta(hours=hour)


def an_hour(number: int, spend: str = "10", **fields: Any) -> MetricsEvent:  # noqa: ANN401
    """Return what the campaign delivered in hour ``number``."""
    given: dict[str, Any] = {
        **NAMES,
        "window_start": at(number),
        "impressions": 1_000,
        "clicks": 50,
        "spend": Decimal(spend),
        "conversions": Decimal(2),
        "revenue": Decimal(40),
        "currency": "EUR",
    }
    return MetricsEvent(**(given | fields))


def a_plan(**fields: Any) -> Plan:  # noqa: ANN401
    """Return a plan of 240 euros a day."""
    given: dict[str, Any] = {
        **NAMES,
        "version": 1,
        "currency": "EUR",
        "timezone": "UTC",
        "budget": Budget(amount=Decimal(240), period=BudgetPeriod.DAY),
    }
    return Plan(**(given | fields))


def advice(hour: int, **fields: Any) -> Recommendation:  # noqa: ANN401
    """Return the advice about hour ``number``: from 10 to 11 euros, 240 in sight."""
    given: dict[str, Any] = {
        **NAMES,
        "recommendation_id": f"{hour:032x}",
        "kind": Kind.PACING,
        "hour": at(hour),
        "entity_id": "42",
        "field": "hourly_budget",
        "current_value": Decimal(10),
        "recommended_value": Decimal(11),
        "unit": "currency",
        "currency": "EUR",
        "hour_plan": tuple([Decimal(10)] * (24 - hour % 24)),
        "pacing_index": 1.0,
        "period_budget": Decimal(240),
        "spend_to_date": Decimal(10 * (hour % 24)),
        "projected_spend": MoneyRange(p10=Decimal(230), p50=Decimal(240), p90=Decimal(250)),
        "confidence": 0.9,
        "reasons": (Explanation(code="on_plan", text="Spend is as expected by now."),),
        "decided_at": at(hour),
        "valid_from": at(hour),
        "expires_at": at(hour + 1),
        "model_version": "model/1",
    }
    return Recommendation(**(given | fields))


def a_hold(hour: int, reason: HoldReason, **fields: Any) -> Recommendation:  # noqa: ANN401
    """Return the advice to leave the campaign alone in hour ``number``."""
    given: dict[str, Any] = {
        **NAMES,
        "recommendation_id": f"{hour + 2**64:032x}",
        "kind": Kind.HOLD,
        "hold_reason": reason,
        "hour": at(hour),
        "entity_id": "42",
        "reasons": (Explanation(code=reason.value, text="It is so."),),
        "decided_at": at(hour),
        "valid_from": at(hour),
        "expires_at": at(hour + 1),
        "model_version": "model/1",
    }
    return Recommendation(**(given | fields))


def an_entry(hour: int, status: AuditStatus = AuditStatus.SIMULATED) -> AuditEntry:
    """Return what became of the advice about hour ``number``."""
    return AuditEntry(
        **NAMES,
        at=at(hour),
        status=status,
        mode=Mode.SIMULATE,
        actor="pacekeeper",
        recommendation_id=f"{hour:032x}",
        entity_id="42",
        field="hourly_budget",
    )
