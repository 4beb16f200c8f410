"""Recommendations: what Pacekeeper thinks should happen, and why."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from math import isfinite
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from schemas.approval import Approvers
from schemas.errors import Reason, SchemaError
from schemas.fields import (
    Amount,
    Code,
    CurrencyCode,
    Digest,
    Entity,
    Name,
    Ratio,
    Text,
    Utc,
    VersionUsed,
)
from schemas.impact import Impact, MoneyRange, Range
from schemas.money import MAX_AMOUNT, MAX_TOTAL, check_amount
from schemas.record import CampaignRecord, Part, refuse, require
from schemas.returns import Returns, check_returns
from schemas.windows import WindowEnd, WindowStart, check_window

Offset = Annotated[int, Meta(ge=0, le=2**63 - 1)]

Integer = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]  # the encoder writes no larger ones
_ACTIONABLE = Decimal(MAX_AMOUNT)
"""Bound of what an action and an audit entry can say; totals may be larger."""


class Kind(StrEnum):
    """What the advice is about."""

    BUDGET = "budget"
    BID = "bid"
    PACING = "pacing"
    TARGETING = "targeting"
    CREATIVE = "creative"
    EMERGENCY = "emergency"
    STATUS = "status"
    CALENDAR = "calendar"
    HOLD = "hold"


class HoldReason(StrEnum):
    """Why Pacekeeper leaves a campaign alone."""

    NO_PLAN = "no_plan"
    PAUSED = "paused"
    PAUSED_ON_PLATFORM = "paused_on_platform"
    ENDED = "ended"
    FLIGHT_NOT_STARTED = "flight_not_started"
    FLIGHT_OVER = "flight_over"
    FLIGHT_GAP = "flight_gap"
    BUDGET_GONE = "budget_gone"
    INFEASIBLE_MINIMUM = "infeasible_minimum"
    INFEASIBLE_MAXIMUM = "infeasible_maximum"
    WITHIN_BAND = "within_band"
    CURRENCY_MISMATCH = "currency_mismatch"
    TIMEZONE_MISMATCH = "timezone_mismatch"
    TOO_LITTLE_DATA = "too_little_data"
    STALE_DATA = "stale_data"
    FROZEN = "frozen"
    SUSPECTED_OUTAGE = "suspected_outage"
    CONFLICTING_TARGETS = "conflicting_targets"
    EXCLUDED_HOUR = "excluded_hour"
    GROUP_TREE = "group_tree"


class Priority(StrEnum):
    """How soon somebody should look at it."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Risk(StrEnum):
    """What may go wrong when the advice is followed."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class GuardrailStatus(StrEnum):
    """What a guard rail did to the value."""

    PASSED = "passed"
    CLAMPED = "clamped"
    BLOCKED = "blocked"


class Explanation(Part, frozen=True, kw_only=True):
    """One reason: a code for programs, a sentence for people, the numbers behind it."""

    code: Code
    text: Text
    evidence: dict[str, str | Integer | float | bool] = msgspec.field(default_factory=dict)

    def _check(self) -> None:
        for name, value in self.evidence.items():
            if isinstance(value, float) and not isfinite(value):
                detail = f"must be finite, was {value}"
                raise SchemaError(f"evidence.{name}", Reason.NOT_FINITE, detail)


class GuardrailCheck(Part, frozen=True, kw_only=True):
    """One guard rail, what it did and its limit in the unit of the value."""

    name: Code
    status: GuardrailStatus
    limit: Amount | None = None


class MultiplierKind(StrEnum):
    """What a multiplier beside a bid is for."""

    DEVICE = "device"
    PLACEMENT = "placement"
    HOUR = "hour"


class BidMultiplier(Part, frozen=True, kw_only=True):
    """One multiplier that a person may set beside a bid; Pacekeeper sets none of them."""

    kind: MultiplierKind
    name: Annotated[
        Name, Meta(description="device or placement as reports name it, or hours such as 18-23")
    ]
    factor: Annotated[
        float, Meta(ge=0.0, le=100.0, description="as the platform takes it; 1 changes nothing")
    ]
    share: Annotated[Ratio, Meta(description="share of the clicks that it is for")]
    likely: Annotated[Range, Meta(description="the factor before rounding and bounds")]


class Recommendation(CampaignRecord, frozen=True, kw_only=True):
    """One decision about one campaign for one hour.

    A pacing recommendation's ``recommended_value`` is for the hour that begins at
    ``valid_from``: ``hour``, or a later one where reports came late. It is what
    ``field`` says: the hour's budget, or the multiplier of its bids, with which
    ``hourly_cap`` is set. ``hour_plan`` holds the amounts of money from there to the
    end of the account's local day, in order. ``day_budget`` holds the hour to what it may
    spend where a platform knows no budget but the day's. A hold leaves everything as it is
    and says why. A budget recommendation's value is for each local day until ``expires_at``; it and
    the holds beside it have ``field`` daily_budget. A bid recommendation's value is the
    usual bid of its entity, and ``bid_multipliers`` are for people; it ends by ``returns``.
    One of status has 0 to pause a campaign on its platform and 1 to resume it. One of the
    calendar is about a window of time to come.
    More people may have to approve it than the plan asks for: ``approvers``, a group's wish.
    The ``inputs``, versions and ``state_digest`` are what a replay needs.
    """

    _largest: ClassVar[Decimal] = Decimal(MAX_TOTAL)

    recommendation_id: Digest
    kind: Kind
    hold_reason: HoldReason | None = None
    hour: Annotated[Utc, Meta(description="start of the hour that is decided")]
    entity: Entity = Entity.CAMPAIGN
    entity_id: Name
    field: Annotated[Code, Meta(description="what to set, such as hourly_budget")] | None = None
    current_value: Amount | None = None
    recommended_value: Amount | None = None
    without_jitter: (
        Annotated[Amount, Meta(description="the value without what chance added, so as to learn")]
        | None
    ) = None
    change: Amount | None = None
    change_pct: float | None = None
    unit: Code | None = None
    currency: CurrencyCode | None = None
    hour_plan: Annotated[tuple[Amount, ...], Meta(max_length=25)] = ()
    hourly_cap: Amount | None = None
    day_budget: (
        Annotated[
            Amount,
            Meta(
                description="what the local day may have spent when the hour is over: what was "
                "spent, what is expected of hours not told yet, and what this hour may spend"
            ),
        ]
        | None
    ) = None
    bid_multipliers: Annotated[tuple[BidMultiplier, ...], Meta(max_length=200)] = ()
    returns: Returns = ()
    window_start: WindowStart = None
    window_end: WindowEnd = None
    pacing_index: Annotated[float, Meta(ge=0.0, description="1 is on plan")] | None = None
    exhaustion_risk: Ratio | None = None
    exhausts_at: Utc | None = None
    period_budget: Amount | None = None
    spend_to_date: Amount | None = None
    projected_spend: MoneyRange | None = None
    expected_impact: Impact | None = None
    confidence: Ratio = 0.0
    priority: Priority = Priority.LOW
    risk: Risk = Risk.LOW
    reasons: tuple[Explanation, ...] = ()
    guardrails: tuple[GuardrailCheck, ...] = ()
    auto_execute: bool = False
    approvers: Approvers = 1
    decided_at: Utc
    valid_from: Utc
    expires_at: Utc
    supersedes: Digest | None = None
    model_version: Annotated[str, Meta(min_length=1, max_length=100)]
    plan_version: VersionUsed = 0
    prior_version: VersionUsed = 0
    inputs: Annotated[
        dict[str, Offset], Meta(description="last offset seen of each topic's partition")
    ] = msgspec.field(default_factory=dict)
    state_digest: Digest | None = None

    def _check(self) -> None:
        super()._check()
        if self.kind is Kind.HOLD:
            require(self, ("hold_reason",), "for a hold")
            return
        require(self, ("field", "recommended_value", "unit"), f"for advice of kind {self.kind}")
        refuse(self, ("hold_reason",), "outside a hold")
        if self.expires_at <= self.valid_from:
            raise SchemaError("expires_at", Reason.CONTRADICTION, "must be after valid_from")
        check_returns(self.returns, self.expires_at)
        check_window(self.window_start, self.window_end)
        for name in ("current_value", "recommended_value", "day_budget"):
            value = getattr(self, name)
            if value is not None:
                check_amount(value, name, limit=_ACTIONABLE)
