"""Which days a group's budget is shared out for."""

from __future__ import annotations

from dataclasses import dataclass

from schemas import Group
from workers.allocator.trees import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One allocation of one group; instants in seconds."""

    tree: Tree
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
        """The group whose budget it is, as it was known."""
        return self.tree.groups[0].group

    @property
    def name(self) -> str:
        """What the group is called; of a parent that nobody defined, what its children call it."""
        return self.tree.top.key.decode()
