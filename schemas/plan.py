"""Plans: what a campaign's money is for, and what Pacekeeper may do with it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar

from msgspec import Meta

from schemas.approval import Approvers
from schemas.autonomy import AutonomyOf, autonomy_for
from schemas.calendar_event import CalendarEvent
from schemas.errors import Reason, SchemaError
from schemas.fields import (
    Amount,
    Autonomy,
    BudgetPeriod,
    CurrencyCode,
    HorizonDays,
    Name,
    Objective,
    Ratio,
    Status,
    TimezoneName,
    Version,
)
from schemas.guardrails import Guardrails
from schemas.keys import check_name
from schemas.money import check_minor, exponent_of
from schemas.record import CampaignRecord, Part, refuse_negative, refuse_unordered, require
from schemas.zones import check_zone

Weight = Annotated[float, Meta(ge=0.0, le=1000.0)]
DayWeights = Annotated[
    tuple[Weight, ...],
    Meta(min_length=24, max_length=24, description="relative weight of each local hour 0 to 23"),
]
WeekWeights = Annotated[
    tuple[DayWeights, ...],
    Meta(min_length=7, max_length=7, description="factors by weekday (Monday first) and hour"),
]


class Rollover(StrEnum):
    """What happens to money that a period leaves over."""

    NONE = "none"
    FULL = "full"
    CAPPED = "capped"


class Strategy(StrEnum):
    """How a day's budget is spread over its hours."""

    EVEN = "even"
    FRONT_LOADING = "front_loading"
    PERFORMANCE_BASED = "performance_based"
    DAYPARTING = "dayparting"
    CONVERSION_PATTERN = "conversion_pattern"
    ADAPTIVE = "adaptive"


class Actuator(StrEnum):
    """What Pacekeeper turns: one multiplier on all bids or targets, or each hour's budget."""

    BID = "bid"
    TARGET_CPA = "target_cpa"
    TARGET_ROAS = "target_roas"
    BUDGET = "budget"


class Budget(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much may be spent, and over which stretch of the account's time."""

    amount: Amount
    period: BudgetPeriod

    def _check(self) -> None:
        if self.amount <= 0:
            raise SchemaError("amount", Reason.OUT_OF_RANGE, f"must be above 0, was {self.amount}")


class Days(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A stretch of account-local days, both ends included."""

    first: date
    last: date

    def _check(self) -> None:
        refuse_unordered(("first", "last"), self.first, self.last)


class Bid(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The usual bid and the range that it may move in; micro amounts are allowed."""

    base: Amount | None = None
    min: Amount | None = None
    max: Amount | None = None

    def _check(self) -> None:
        refuse_negative(self, "base", "min", "max")
        refuse_unordered(("min", "base"), self.min, self.base)
        refuse_unordered(("base", "max"), self.base, self.max)
        refuse_unordered(("min", "max"), self.min, self.max)


class AdSet(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ad set (ad group) of the campaign, when bids are set there."""

    ad_set_id: Name
    bid: Bid | None = None
    protected: bool = False

    def _check(self) -> None:
        check_name(self.ad_set_id, "ad_set_id")


class Plan(CampaignRecord, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One campaign's plan. A higher ``version`` replaces it; an empty record deletes it.

    Days, weeks and months begin in ``timezone``. All amounts are in ``currency``.
    """

    refuses_repeats: ClassVar[bool] = True

    version: Version
    status: Status = Status.ACTIVE
    currency: CurrencyCode
    timezone: TimezoneName
    budget: Budget
    objective: Objective = Objective.CONVERSIONS
    avg_order_value: Amount | None = None
    target_roas: Annotated[float, Meta(gt=0.0, le=10_000.0)] | None = None
    target_cpa: Amount | None = None
    value_horizon_days: HorizonDays | None = None
    flight_start: date | None = None
    flight_end: date | None = None
    flight_gaps: Annotated[tuple[Days, ...], Meta(max_length=100)] = ()
    rollover: Rollover = Rollover.NONE
    rollover_cap: Amount | None = None
    daily_cap: Amount | None = None
    min_daily_budget: Amount | None = None
    max_daily_budget: Amount | None = None
    min_hourly_budget: Amount | None = None
    max_hourly_budget: Amount | None = None
    strategy: Strategy = Strategy.ADAPTIVE
    custom_weights: DayWeights | None = None
    dayparting: WeekWeights | None = None
    reallocate_within_day: Annotated[
        bool, Meta(description="move budget between hours to come when today surprises")
    ] = False
    bid: Bid | None = None
    actuator: (
        Annotated[Actuator, Meta(description="bid for adaptive, budget for the others if absent")]
        | None
    ) = None
    ad_sets: Annotated[tuple[AdSet, ...], Meta(max_length=1000)] = ()
    budget_group_id: Name | None = None
    autonomy: Autonomy = Autonomy.PROPOSE
    autonomy_of: AutonomyOf = AutonomyOf()
    approvers: Approvers = 1
    min_confidence: Ratio = 0.5
    guardrails: Guardrails = Guardrails()
    learning_share: Annotated[Ratio, Meta(description="share of the budget for exploring")] = 0.0
    protected: Annotated[bool, Meta(description="never changed without a person")] = False
    pauses_on_platform: Annotated[
        bool,
        Meta(
            description="whether the campaign is to be paused on its platform while the plan is "
            "not active or its flight does not run, and resumed when it does"
        ),
    ] = False
    calendar: Annotated[tuple[CalendarEvent, ...], Meta(max_length=500)] = ()

    def autonomy_for(self, field: str | None) -> Autonomy:
        """Return how far Pacekeeper may go by itself with what advice's ``field`` names."""
        return autonomy_for(self.autonomy, self.autonomy_of, field)

    def _check(self) -> None:
        super()._check()
        check_zone(self.timezone, "timezone")
        _check_targets(self)
        _check_amounts(self)
        _check_flight(self)
        _check_weights(self)
        if self.rollover is Rollover.CAPPED:
            require(self, ("rollover_cap",), "when rollover is capped")


_MONEY = (
    "daily_cap",
    "min_daily_budget",
    "max_daily_budget",
    "min_hourly_budget",
    "max_hourly_budget",
    "rollover_cap",
)


def _check_targets(plan: Plan) -> None:
    if plan.target_roas is not None and plan.target_cpa is not None:
        detail = "cannot stand beside target_roas; give one of the two"
        raise SchemaError("target_cpa", Reason.CONTRADICTION, detail)
    if plan.value_horizon_days is not None and plan.target_roas is None:
        detail = "says by when revenue counts for target_roas, which is not given"
        raise SchemaError("value_horizon_days", Reason.CONTRADICTION, detail)
    for field in ("target_cpa", "avg_order_value"):
        value: Decimal | None = getattr(plan, field)
        if value is not None and value <= 0:
            raise SchemaError(field, Reason.OUT_OF_RANGE, f"must be above 0, was {value}")


def _check_amounts(plan: Plan) -> None:
    exponent_of(plan.currency)
    check_minor(plan.budget.amount, plan.currency, "budget.amount")
    refuse_negative(plan, *_MONEY)
    for field in _MONEY:
        check_minor(getattr(plan, field), plan.currency, field)
    for number, event in enumerate(plan.calendar):
        check_minor(event.budget_increase, plan.currency, f"calendar[{number}].budget_increase")
    for low, high in (
        ("min_daily_budget", "max_daily_budget"),
        ("min_hourly_budget", "max_hourly_budget"),
        ("min_daily_budget", "daily_cap"),
        ("min_hourly_budget", "daily_cap"),
    ):
        refuse_unordered((low, high), getattr(plan, low), getattr(plan, high))


def _check_flight(plan: Plan) -> None:
    if plan.budget.period is BudgetPeriod.FLIGHT:
        require(plan, ("flight_start", "flight_end"), "for a budget over the flight")
    refuse_unordered(("flight_start", "flight_end"), plan.flight_start, plan.flight_end)
    for number, gap in enumerate(plan.flight_gaps):
        before = plan.flight_start is not None and gap.first < plan.flight_start
        after = plan.flight_end is not None and gap.last > plan.flight_end
        if before or after:
            field = f"flight_gaps[{number}]"
            raise SchemaError(field, Reason.CONTRADICTION, "must lie inside the flight")


def _check_weights(plan: Plan) -> None:
    if plan.custom_weights is not None and not any(plan.custom_weights):
        raise SchemaError("custom_weights", Reason.OUT_OF_RANGE, "must not all be 0")
    if plan.dayparting is not None and not any(map(any, plan.dayparting)):
        raise SchemaError("dayparting", Reason.OUT_OF_RANGE, "must not all be 0")
