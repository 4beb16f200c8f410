"""What groups may spend in a day, by what their periods have left: the whole, and those inside."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

import numpy as np

from engine.arrays import Ints
from engine.group_currencies import MOST
from engine.group_nesting import Nested
from engine.group_total import Span, mean_total, period_of
from schemas import Group
from schemas.money import to_minor
from workers.allocator.crews import Crew
from workers.allocator.draft import Draft
from workers.allocator.exchange import Exchange
from workers.allocator.spent import Spent
from workers.allocator.trees import Tree
from workers.instants import day_number


@dataclass(frozen=True, slots=True, kw_only=True)
class DayBudget:
    """What a tree has for each of the days that are shared out for, minor units."""

    total: int = 0
    spent: int = 0
    """What the whole's period has spent before, or is taken to have."""
    nested: Nested | None = None


class Totals:
    """Reads what the groups of a tree have spent, and says what is left for a stretch of days."""

    def __init__(
        self, draft: Draft, tree: Tree, crew: Crew, days: tuple[int, int], exchange: Exchange
    ) -> None:
        """Prepare to reckon for a first local day, and how many of them there are."""
        self._tree, self._days, self._exchange = tree, days, exchange
        self._spent = [Spent(draft, crew, at, days[0]) for at in range(len(tree.groups))]
        self._inside: list[list[int]] = [[] for _ in tree.groups]
        for each in range(len(tree.groups)):
            for at in tree.way_up(each):
                self._inside[at].append(each)
        self._known: dict[tuple[int, int, str], int | Fraction] = {}
        self._worths: dict[tuple[str, str, int | None], Fraction] = {}

    def budget(self, of: Ints) -> DayBudget:
        """Return all that there is for a day, given the group of each member."""
        return DayBudget(total=self.total(), spent=self.spent(), nested=self.nested(of))

    def spent(self, at: int = 0) -> int:
        """Return what a group's period, with the groups inside, has spent before the first day.

        Days that are late count as their budgets. In the group's currency, rounded up.
        """
        group = self._tree.groups[at].group
        first = period_of(group.budget.period.value, self._days[0], flight_of(group))[0]
        return ceil(sum(self._own(each, first, group.currency) for each in self._inside[at]))

    def total(self, at: int = 0) -> int:
        """Return what a group may spend at most on each of the days, minor units of its own."""
        return self._mean(at, most(self._tree.groups[at].group))

    def nested(self, of: Ints) -> Nested | None:
        """Return floors and ceilings of the groups inside, given each member's; None without any.

        What is left of a group's own minimum or maximum is laid over the days that its period has
        left, as the whole's is. In the root's currency, rounded down.
        """
        groups = range(len(self._tree.groups))
        if len(groups) == 1:
            return None
        highest = np.array([self._common(at, self.total(at)) for at in groups])
        lowest = [self._mean(at, least(self._tree.groups[at].group)) for at in groups]
        needed = np.array([self._common(at, each) for at, each in zip(groups, lowest, strict=True)])
        return Nested(parent=np.array(self._tree.parent), floor=needed, ceiling=highest, of=of)

    def _common(self, at: int, amount: int) -> int:
        """Return what a group's own amount is worth to the root; of a huge one, less."""
        worth = self._exchange.worth(self._tree.groups[at].group.currency)
        return amount if worth == 1 else min(floor(amount * worth), MOST)

    def _mean(self, at: int, amount: int) -> int:
        group = self._tree.groups[at].group
        period = group.budget.period.value
        return mean_total(amount, period, self._days, self.spent(at), flight_of(group))

    def _own(self, at: int, first: int, into: str) -> int | Fraction:
        """Return what a group's own members have spent since a day, members of the past as well."""
        if (at, first, into) not in self._known:
            spent = self._spent[at].since(first)
            self._known[at, first, into] = sum(
                amount * self._worth(currency, into, day)
                for (currency, day), amount in spent.items()
            )
        return self._known[at, first, into]

    def _worth(self, currency: str, into: str, day: int | None) -> int | Fraction:
        """Return what a minor unit is worth; without a rate 0: that of nobody who takes part."""
        if currency == into:
            return 1
        if (currency, into, day) not in self._worths:
            self._worths[currency, into, day] = self._exchange.worth(currency, into, day)
        return self._worths[currency, into, day]


def flight_of(group: Group) -> Span | None:
    """Return the first and the last day of a group's flight, if it has one."""
    if group.flight_start is None or group.flight_end is None:
        return None
    return day_number(group.flight_start), day_number(group.flight_end)


def most(group: Group) -> int:
    """Return the most that a group's period may have, minor units."""
    amount = group.budget.amount
    if group.max_budget is not None:
        amount = min(amount, group.max_budget)
    return to_minor(amount, group.currency)


def least(group: Group) -> int:
    """Return the least that a group's period must have, minor units; never above the most."""
    amount = Decimal(0) if group.min_budget is None else group.min_budget
    return min(to_minor(amount, group.currency), most(group))
