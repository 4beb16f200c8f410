"""Portfolio rows: what a campaign did in a closed period, for the allocator."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta

from schemas.fields import (
    MAX_COUNT,
    Amount,
    Conversions,
    CurrencyCode,
    Name,
    Ratio,
    TimezoneName,
    Utc,
    Version,
)
from schemas.money import exponent_of
from schemas.record import CampaignRecord, refuse_negative, refuse_unordered
from schemas.zones import check_zone


class Portfolio(CampaignRecord, frozen=True, kw_only=True):
    """One campaign's closed local days, from ``first_day`` to ``last_day`` inclusive."""

    budget_group_id: Name
    first_day: date
    last_day: date
    timezone: TimezoneName
    currency: CurrencyCode
    plan_version: Version
    budget: Amount
    spend: Amount
    revenue: Amount
    conversions: Conversions
    impressions: Annotated[int, Meta(ge=0, le=MAX_COUNT)]
    clicks: Annotated[int, Meta(ge=0, le=MAX_COUNT)]
    observed_hours: Annotated[int, Meta(ge=0, le=9_000)]
    capped_hours: Annotated[
        int, Meta(ge=0, le=9_000, description="hours cut short by a cap or an empty budget")
    ] = 0
    conversion_maturity: Annotated[
        Ratio, Meta(description="share of the conversions that have been reported by now")
    ] = 1.0
    releasable: Annotated[
        bool,
        Meta(
            description="whether a new daily budget may be applied without a person: the plan's "
            "budget is per day, its autonomy auto, and it is not protected"
        ),
    ] = False
    budget_jitter: Annotated[
        float,
        Meta(
            ge=-1.0,
            le=1.0,
            description="by how much chance of the group's own moved the budget in force, "
            "natural log",
        ),
    ] = 0.0
    min_budget: Amount | None = None
    max_budget: Amount | None = None
    closed_at: Utc

    @property
    def key(self) -> bytes:
        """Kafka key: the group's id."""
        return self.budget_group_id.encode()

    def _check(self) -> None:
        super()._check()
        check_zone(self.timezone, "timezone")
        exponent_of(self.currency)
        refuse_unordered(("first_day", "last_day"), self.first_day, self.last_day)
        refuse_negative(self, "budget", "spend", "revenue", "min_budget", "max_budget")
        refuse_unordered(("min_budget", "max_budget"), self.min_budget, self.max_budget)
