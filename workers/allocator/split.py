"""A group's day as it was split."""

from __future__ import annotations

from typing import NamedTuple

from engine.group_exploring import Explored
from workers.allocator.gathering import Gathered
from workers.allocator.money import Money
from workers.allocator.totals import DayBudget


class Split(NamedTuple):
    """Members, what there was for them, and what they are to have, each in its own money."""

    found: Gathered
    budget: DayBudget
    explored: Explored
    money: Money
