"""What the guard rails made of a member's new budget."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from engine.group_budgets import Shared
from schemas import GuardrailCheck, GuardrailStatus
from schemas.money import from_minor
from workers.allocator.gathering import Gathered
from workers.allocator.money import Money
from workers.allocator.totals import DayBudget
from workers.allocator.trees import Tree


class Rails:
    """The checks of a split, member by member."""

    def __init__(
        self, tree: Tree, found: Gathered, shared: Shared, budget: DayBudget, money: Money
    ) -> None:
        """Prepare to check a split."""
        self._tree, self._found, self._shared = tree, found, shared
        self._nested, self._currency = budget.nested, tree.groups[0].group.currency
        self._currencies, self._rounding = found.currencies, money.rounding()
        has = money.common(shared.budget)
        self._has = None if budget.nested is None else budget.nested.sums(has)

    def of(self, i: int, sure: float) -> tuple[GuardrailCheck, ...]:
        """Return the checks of member ``i``: what bounds its value, what asks for a person."""
        shared, members, at = self._shared, self._found.members, int(self._found.of[i])
        budget, low, high = int(shared.budget[i]), int(shared.low[i]), int(shared.high[i])
        at_plan = {"min_budget": int(members.least[i]), "max_budget": int(members.most[i])}
        ends = [end for end in (low, high) if budget == end and end not in at_plan.values()]
        least, own = self._tree.groups[at].group.min_confidence, self._currencies[i]
        return (
            self._clamped("max_change_pct", ends, own),
            *(self._clamped(name, [end] * (budget == end), own) for name, end in at_plan.items()),
            self._clamped("group_budget", [shared.total] * bool(shared.unplaced or shared.forced)),
            *self._of_groups(at),
            _check("min_confidence", _blocked(sure < least)),
            _check("autonomy", _blocked(not self._tree.released(at))),
            _check("plan_allows", _blocked(not self._found.heads["releasable"][i])),
        )

    def _of_groups(self, at: int) -> Iterator[GuardrailCheck]:
        """Yield what the groups inside, from the member's own up, made of what they have."""
        if self._nested is None or self._has is None:
            return
        way = [each for each in self._tree.way_up(at) if each]
        for name, bounds in (
            ("group_minimum", self._nested.floor),
            ("group_maximum", self._nested.ceiling),
        ):
            far = np.abs(bounds - self._has)
            met = [int(bounds[each]) for each in way if far[each] <= self._rounding]
            yield self._clamped(name, met)

    def _clamped(self, name: str, limits: list[int], currency: str | None = None) -> GuardrailCheck:
        """Return a check; its limit is in the root's currency, or in the one that is given."""
        if not limits:
            return _check(name, GuardrailStatus.PASSED)
        limit = from_minor(limits[0], currency or self._currency)
        return _check(name, GuardrailStatus.CLAMPED, limit)


def _blocked(blocked: bool | np.bool_) -> GuardrailStatus:  # noqa: FBT001 -- the check itself
    return GuardrailStatus.BLOCKED if blocked else GuardrailStatus.PASSED


def _check(name: str, status: GuardrailStatus, limit: Decimal | None = None) -> GuardrailCheck:
    return GuardrailCheck(name=name, status=status, limit=limit)
