"""Budget groups: one budget that several campaigns share."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_DOWN, Decimal
from types import MappingProxyType
from typing import Annotated, ClassVar, Final

from msgspec import Meta

from schemas.approval import Approvers
from schemas.errors import Reason, SchemaError
from schemas.fields import (
    Amount,
    Autonomy,
    BudgetPeriod,
    Cadence,
    CurrencyCode,
    Name,
    Objective,
    Ratio,
    Status,
    TimezoneName,
    Version,
)
from schemas.keys import check_name
from schemas.money import check_minor, exponent_of
from schemas.plan import Budget
from schemas.record import Record, refuse, refuse_negative, refuse_unordered, require
from schemas.zones import check_zone

_DAYS: Final = MappingProxyType({BudgetPeriod.DAY: 1, BudgetPeriod.WEEK: 7, BudgetPeriod.MONTH: 31})


class Group(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A budget shared by the campaigns whose plans name ``budget_group_id``.

    Groups form a tree by ``parent_group_id``: what a group receives lies within
    its own minimum and maximum and inside its parent's budget.
    """

    refuses_repeats: ClassVar[bool] = True

    budget_group_id: Name
    version: Version
    status: Status = Status.ACTIVE
    currency: CurrencyCode
    timezone: TimezoneName
    budget: Budget
    objective: Objective = Objective.CONVERSIONS
    cadence: Annotated[
        Cadence, Meta(description="when budgets are shared out: each local day, or each Monday")
    ] = Cadence.DAILY
    wait_hours: Annotated[
        int,
        Meta(
            ge=1,
            le=23,
            description="hours after the group's midnight that closed days are waited for; who is "
            "late then keeps its budget",
        ),
    ] = 6
    flight_start: date | None = None
    flight_end: Annotated[
        date | None, Meta(description="the last local day; nothing is shared out after it")
    ] = None
    parent_group_id: Name | None = None
    min_budget: Amount | None = None
    max_budget: Amount | None = None
    autonomy: Autonomy = Autonomy.PROPOSE
    approvers: Approvers = 1
    min_confidence: Ratio = 0.5
    max_change_pct: Annotated[
        float, Meta(gt=0.0, le=1000.0, description="per campaign and change, per cent")
    ] = 20.0
    learning_share: Annotated[Ratio, Meta(description="share of the budget for exploring")] = 0.0
    max_movement_pct: (
        Annotated[
            float,
            Meta(
                ge=0.0,
                le=100.0,
                description="most that members' daily budgets may be raised by in any 24 hours, "
                "all together, per cent of the group's budget of a day; a tree has its root's",
            ),
        ]
        | None
    ) = None

    @property
    def key(self) -> bytes:
        """Kafka key: the group's id."""
        return self.budget_group_id.encode()

    @property
    def movement_limit(self) -> Decimal | None:
        """Most that may be moved in any 24 hours, in the group's currency; None where any may.

        A month counts as 31 days, so that the limit is the same all year.
        """
        if self.max_movement_pct is None:
            return None
        amount = self.budget.amount
        if self.max_budget is not None:
            amount = min(amount, self.max_budget)
        share = Decimal(str(self.max_movement_pct)) / 100
        step = Decimal(1).scaleb(-exponent_of(self.currency))
        return (amount * share / self._days).quantize(step, ROUND_DOWN)

    @property
    def _days(self) -> int:
        """Days that the budget is for."""
        if self.flight_start is not None and self.flight_end is not None:
            return (self.flight_end - self.flight_start).days + 1
        return _DAYS[self.budget.period]

    def _check(self) -> None:
        check_name(self.budget_group_id, "budget_group_id")
        check_zone(self.timezone, "timezone")
        if self.parent_group_id == self.budget_group_id:
            raise SchemaError("parent_group_id", Reason.CONTRADICTION, "cannot be the group itself")
        exponent_of(self.currency)
        check_minor(self.budget.amount, self.currency, "budget.amount")
        refuse_negative(self, "min_budget", "max_budget")
        for field in ("min_budget", "max_budget"):
            check_minor(getattr(self, field), self.currency, field)
        refuse_unordered(("min_budget", "max_budget"), self.min_budget, self.max_budget)
        if self.parent_group_id is not None:
            refuse(self, ("max_movement_pct",), "in a group inside another: the root's counts")
        self._check_flight()

    def _check_flight(self) -> None:
        ends = ("flight_start", "flight_end")
        if self.budget.period is not BudgetPeriod.FLIGHT:
            refuse(self, ends, f"in a group with a budget per {self.budget.period}")
            return
        require(self, ends, "for a budget over the flight")
        refuse_unordered(ends, self.flight_start, self.flight_end)
        refuse(self, ("parent_group_id",), "in a group with a flight: it lies in no other")
