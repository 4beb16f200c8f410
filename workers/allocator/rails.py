"""What the guard rails made of a member's new budget."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from schemas import GuardrailCheck, GuardrailStatus
from schemas.money import from_minor
from workers.allocator.explaining import currency_of
from workers.allocator.facts import Facts


class Rails:
    """The checks of a split, member by member."""

    def __init__(self, facts: Facts) -> None:
        """Prepare to check a split."""
        self._facts = facts

    def of(self, row: np.void) -> tuple[GuardrailCheck, ...]:
        """Return a member's checks: what bounds its value, what asks for a person."""
        facts, own = self._facts, currency_of(row)
        budget, low, high = (int(row[name]) for name in ("budget", "low", "high"))
        at_plan = {"min_budget": int(row["least"]), "max_budget": int(row["most"])}
        ends = [end for end in (low, high) if budget == end and end not in at_plan.values()]
        inside = facts.inside[int(row["of"])]
        return (
            self._clamped("max_change_pct", ends, own),
            *(self._clamped(name, [end] * (budget == end), own) for name, end in at_plan.items()),
            self._clamped("group_budget", [facts.total] * bool(facts.unplaced or facts.forced)),
            *self._of_groups(int(row["of"])),
            *self._of_movement(),
            _check("min_confidence", _blocked(row["needed"] < inside.min_confidence)),
            _check("autonomy", _blocked(not inside.released)),
            _check("plan_allows", _blocked(not row["releasable"])),
        )

    def _of_groups(self, at: int) -> Iterator[GuardrailCheck]:
        """Yield what the groups inside, from the member's own up, made of what they have."""
        if not self._facts.nested:
            return
        way = [self._facts.inside[each] for each in self._facts.way_up(at)[:-1]]
        for name, bounds in (
            ("group_minimum", [each.least for each in way]),
            ("group_maximum", [each.most for each in way]),
        ):
            met = [
                bound
                for bound, each in zip(bounds, way, strict=True)
                if abs(bound - each.has) <= self._facts.rounding
            ]
            yield self._clamped(name, met)

    def _of_movement(self) -> Iterator[GuardrailCheck]:
        limit = self._facts.movement_limit
        if limit is not None:
            yield self._clamped("max_movement_pct", [limit] * bool(self._facts.movement_wanted))

    def _clamped(self, name: str, limits: list[int], currency: str | None = None) -> GuardrailCheck:
        """Return a check; its limit is in the root's currency, or in the one that is given."""
        if not limits:
            return _check(name, GuardrailStatus.PASSED)
        limit = from_minor(limits[0], currency or self._facts.currency)
        return _check(name, GuardrailStatus.CLAMPED, limit)


def _blocked(blocked: bool | np.bool_) -> GuardrailStatus:  # noqa: FBT001 -- the check itself
    return GuardrailStatus.BLOCKED if blocked else GuardrailStatus.PASSED


def _check(name: str, status: GuardrailStatus, limit: Decimal | None = None) -> GuardrailCheck:
    return GuardrailCheck(name=name, status=status, limit=limit)
