"""What the executor keeps of a plan: what policy may do by itself, and within which bounds."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from schemas.autonomy import AutonomyOf, autonomy_for
from schemas.fields import Autonomy
from schemas.plan import Actuator
from workers.executor.rows import NEVER, Row


class Bounds(msgspec.Struct, frozen=True, array_like=True):
    """What a plan says of the bid of an ad set, or of all without one of their own."""

    base: Decimal | None = None
    min: Decimal | None = None


class PlanRule(Row, frozen=True, array_like=True):
    """What a plan lets Pacekeeper do by itself; one that was deleted allows nothing."""

    version: int
    autonomy: Autonomy
    protected: bool
    since: int = 0
    """What ticks had told when the campaign had no plan and got this one, milliseconds."""
    gone: int = NEVER
    """What ticks had told when it was deleted."""
    highest: dict[str, Decimal | None] = msgspec.field(default_factory=dict)
    """Most that may be bid by ad set that has terms of its own, "" for all others; None for any."""
    currency: str = ""
    actuator: Actuator = Actuator.BUDGET
    target_cpa: Decimal | None = None
    target_roas: Decimal | None = None
    bids: dict[str, Bounds] = msgspec.field(default_factory=dict)
    """By ad set, "" for all without one of their own."""
    ad_sets: tuple[str, ...] = ()
    protected_ad_sets: tuple[str, ...] = ()
    max_change_pct: float | None = None
    daily_cap: Decimal | None = None
    timezone: str = ""
    cooldown_minutes: int = 0
    max_changes_per_day: int | None = None
    budget_group_id: str | None = None
    """The group whose budget it shares, "" of none; None where an older release did not keep it."""
    day_budget: Decimal | None = None
    """Its own budget of a day; None where that is of another period."""
    autonomy_of: AutonomyOf = AutonomyOf()
    approvers: int = 1
    """How many people have to approve a change, and a roll-back that raises a value."""
    budget: Decimal | None = None
    """Of the plan's period; None where it was kept by an older release."""

    @property
    def holds(self) -> bool:
        """Whether it was not deleted."""
        return self.gone == NEVER

    def autonomy_for(self, field: str | None) -> Autonomy:
        """Return how far Pacekeeper may go by itself with what advice's ``field`` names."""
        return autonomy_for(self.autonomy, self.autonomy_of, field)

    def needs_person(self, field: str) -> bool:
        """Return whether a change of a field needs a person's yes."""
        return self.protected or self.autonomy_for(field) is not Autonomy.AUTO
