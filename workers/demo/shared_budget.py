"""A budget group for the demo: campaigns of two platforms that share one budget a day.

Who is to be advised on budgets must be known for some days. So these campaigns have a first plan
before the history is told: it names their group, and only watches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from schemas import Autonomy, Budget, BudgetPeriod, Group, Plan, Strategy
from workers.simulator.population import Campaign
from workers.simulator.records import plan

NAME: Final = "eur-search-and-social"

ACCOUNTS: Final = frozenset({("google", "481-220-9317"), ("meta", "act_20941187")})
"""Whose campaigns share it: one currency, and days that begin together."""

_LEAST: Final = 2
"""Campaigns without whom there is nothing to share."""


@dataclass(frozen=True, slots=True)
class SharedBudget:
    """Which campaigns share a budget, and by which plans.

    Parameters
    ----------
    campaigns
        All campaigns, in the market's order.
    """

    campaigns: Sequence[Campaign]

    @property
    def members(self) -> list[Campaign]:
        """Return who shares; nobody in a world that has too few of them."""
        found = [each for each in self.campaigns if each.key[:2] in ACCOUNTS]
        return found if len(found) >= _LEAST else []

    @property
    def group(self) -> Group | None:
        """Return the group with all that its members have; None where there is none.

        What it says waits for a person: the demo compares what hours bring under the same budgets
        of days.
        """
        members = self.members
        if not members:
            return None
        total = sum((each.day_budget for each in members), Decimal(0))
        return Group(
            budget_group_id=NAME,
            version=1,
            currency=members[0].currency,
            timezone=members[0].timezone,
            budget=Budget(amount=total, period=BudgetPeriod.DAY),
            autonomy=Autonomy.PROPOSE,
        )

    def watching(self) -> list[Plan]:
        """Return the plans of the time before, under which nothing is carried out."""
        plans = (plan(each, Strategy.EVEN) for each in self.members)
        return [replace(each, budget_group_id=NAME, autonomy=Autonomy.OBSERVE) for each in plans]

    def plan(self, row: int, plan: Plan) -> Plan:
        """Return a campaign's plan, of a member the one that follows its first."""
        if self.campaigns[row] not in self.members:
            return plan
        return replace(plan, budget_group_id=NAME, version=plan.version + 1)
