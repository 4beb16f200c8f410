"""Bid terms: what a plan says about bids, without all the rest of it."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.fields import (
    Amount,
    Autonomy,
    CurrencyCode,
    Name,
    Ratio,
    Status,
    TimezoneName,
    VersionUsed,
)
from schemas.levers import BID
from schemas.plan import Actuator, Bid, Plan, Strategy
from schemas.record import Part


class AdSetTerms(Part, frozen=True, kw_only=True):
    """What a plan says about one ad set's bid."""

    bid: Bid | None = None
    protected: bool = False


class BidTerms(Part, frozen=True, kw_only=True):
    """What advice on bids needs of a campaign's plan; of two targets there is one at most."""

    plan_version: VersionUsed
    status: Status = Status.ACTIVE
    currency: CurrencyCode
    timezone: TimezoneName
    flight_end: date | None = None
    target_roas: Annotated[float, Meta(gt=0.0, le=10_000.0)] | None = None
    target_cpa: Amount | None = None
    avg_order_value: Amount | None = None
    paced: Annotated[
        bool, Meta(description="whether an hourly multiplier on all bids keeps the budget")
    ] = False
    platform_bids: Annotated[
        bool, Meta(description="whether the platform bids by itself, towards a target")
    ] = False
    bid: Bid | None = None
    ad_sets: dict[Name, AdSetTerms] = msgspec.field(default_factory=dict)
    max_change_pct: Annotated[float, Meta(gt=0.0, le=1000.0)] = 100.0
    cooldown_minutes: Annotated[int, Meta(ge=0, le=43_200)] = 0
    max_changes_per_day: Annotated[int, Meta(ge=0, le=10_000)] = 25
    autonomy: Autonomy = Autonomy.PROPOSE
    min_confidence: Ratio = 0.5
    protected: bool = False


def terms_of(plan: Plan) -> BidTerms:
    """Return what a plan says about bids."""
    rails = plan.guardrails
    adaptive = plan.strategy is Strategy.ADAPTIVE
    return BidTerms(
        plan_version=plan.version,
        status=plan.status,
        currency=plan.currency,
        timezone=plan.timezone,
        flight_end=plan.flight_end,
        target_roas=plan.target_roas,
        target_cpa=plan.target_cpa,
        avg_order_value=plan.avg_order_value,
        paced=adaptive and plan.actuator in (None, Actuator.BID),
        platform_bids=plan.actuator in (Actuator.TARGET_CPA, Actuator.TARGET_ROAS),
        bid=plan.bid,
        ad_sets={
            each.ad_set_id: AdSetTerms(bid=each.bid, protected=each.protected)
            for each in plan.ad_sets
        },
        max_change_pct=rails.max_change_pct,
        cooldown_minutes=rails.cooldown_minutes,
        max_changes_per_day=rails.max_changes_per_day,
        autonomy=plan.autonomy_for(BID),
        min_confidence=plan.min_confidence,
        protected=plan.protected,
    )
