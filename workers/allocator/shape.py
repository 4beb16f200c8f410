"""Which days a group's budget is shared out for."""

from __future__ import annotations

from dataclasses import dataclass

from schemas import Group
from workers.allocator.groups import Known


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One allocation of one group; instants in seconds."""

    known: Known
    now: int
    """The clock of the record that led to it."""
    day: int
    """The first local day, days since 1970-01-01."""
    days: int
    """How many local days the budgets are for."""
    begins: int
    ends: int

    @property
    def group(self) -> Group:
        """The group as it was known."""
        return self.known.group
