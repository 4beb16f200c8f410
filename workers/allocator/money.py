"""The money of a tree's members: in their own currencies, and in the one it is shared out in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from engine.arrays import Ints
from engine.group_currencies import MOST, Worth, bounded, explored_in_own, in_common
from engine.group_exploring import Explored
from schemas import Explanation
from schemas.fields import Objective
from workers.allocator.allocated import Allocated
from workers.allocator.crews import Crew, values_of
from workers.allocator.draft import Draft
from workers.allocator.exchange import Exchange, exchange_of
from workers.allocator.faults import MOST_SUMMED, Fault, amounts_fault, sums_fault
from workers.allocator.gathering import Gathered
from workers.allocator.member_rows import currency_of
from workers.allocator.past import past_of
from workers.allocator.reckoning import reckoned
from workers.allocator.shape import Shape

_LARGEST_CHANGE: Final = 11
"""Times its budget that a group's largest `max_change_pct` may make of one in a day."""


class Money:
    """Turns members' amounts into the root's currency and back; of one currency, not at all."""

    def __init__(
        self, draft: Draft, shape: Shape, crew: Crew, found: Gathered, before: Allocated
    ) -> None:
        """Prepare to reckon for the members that were ``found``."""
        clock, others = (shape.day, shape.now), _others(draft, crew)
        told = found.currencies, others
        self.exchange: Exchange = exchange_of(draft, shape.tree, clock, told, before.rates)
        self._shape = shape
        self._mixed = set(found.currencies) != {self.exchange.into}
        self._by_value = shape.group.objective is Objective.VALUE
        self._known = self._mixed and not self.exchange.missing
        each = {name: self.exchange.worth(name) for name in set(found.currencies)}
        worths = [each[name] for name in found.currencies] if self._known else []
        self._worth = Worth(worths)

    @property
    def reasons(self) -> list[Explanation]:
        """Which rates a decision went by, to be said in each."""
        return reckoned(self._shape, self.exchange)

    def fault(self, found: Gathered) -> Fault | None:
        """Return that amounts cannot be summed, or not at the rates, if so.

        Where there are no rates for them, that is another fault, and the first to be told.
        """
        if self._mixed and not self._known:
            return None
        amounts = [self.common(each) for each in (found.members.budget, found.members.least)]
        largest = max(int(each.max()) for each in amounts)
        if self._known and (largest > MOST or self.rounding() > MOST_SUMMED):
            return amounts_fault(self.exchange.required)
        # Floats do not wrap, and what they round is no matter here.
        reach = _LARGEST_CHANGE * sum(float(each.sum(dtype=np.float64)) for each in amounts)
        return sums_fault("may be given at most", int(reach))

    def split(
        self, found: Gathered, share: Callable[[Gathered], Explored]
    ) -> tuple[Gathered, Explored]:
        """Return members and their split in their own money; ``share`` is asked in the root's."""
        if not self._mixed:
            return found, share(found)
        found = replace(found, members=bounded(found.members, self._worth))
        common = in_common(found.members, self._worth, by_value=self._by_value)
        made = share(replace(found, members=common))
        return found, explored_in_own(made, found.members, self._worth, by_value=self._by_value)

    def common(self, amounts: Ints) -> Ints:
        """Return what members' own amounts (B,) are worth to the root, rounded up."""
        return self._worth.rounded_up(amounts) if self._known else amounts

    def rounding(self) -> int:
        """Return by how much the sum of what all have may fall short of what was shared out."""
        return sum(-(-each.numerator // each.denominator) for each in self._worth.each)


def _others(draft: Draft, crew: Crew) -> set[str]:
    """Return the currencies that members have, or had."""
    found: set[str] = set()
    for key, roster in zip(crew.keys, crew.rosters, strict=True):
        values = values_of(draft, key, roster.newest)
        found |= {currency_of(value) for value in values if value}
        for campaign in roster.newest:
            found.update(past_of(draft, key, campaign))
    return found
