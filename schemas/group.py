"""Budget groups: one budget that several campaigns share."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from msgspec import Meta

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
    min_confidence: Ratio = 0.5
    max_change_pct: Annotated[
        float, Meta(gt=0.0, le=1000.0, description="per campaign and change, per cent")
    ] = 20.0
    learning_share: Annotated[Ratio, Meta(description="share of the budget for exploring")] = 0.0

    @property
    def key(self) -> bytes:
        """Kafka key: the group's id."""
        return self.budget_group_id.encode()

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
        self._check_flight()

    def _check_flight(self) -> None:
        ends = ("flight_start", "flight_end")
        if self.budget.period is not BudgetPeriod.FLIGHT:
            refuse(self, ends, f"in a group with a budget per {self.budget.period}")
            return
        require(self, ends, "for a budget over the flight")
        refuse_unordered(ends, self.flight_start, self.flight_end)
        refuse(self, ("parent_group_id",), "in a group with a flight: it lies in no other")
