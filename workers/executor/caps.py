"""Caps on movement: which group's counts for a campaign.

All executors read all groups. A tree has one cap, its root's.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from schemas.codec import decode
from schemas.errors import SchemaError
from schemas.group import Group
from schemas.topics import GROUPS
from workers.executor.draft import Draft


class Cap(NamedTuple):
    """The most that budgets of a tree's members may be raised by in any 24 hours."""

    group: str
    version: int
    limit: Decimal
    currency: str


def cap_on(draft: Draft, group: str) -> Cap | None:
    """Return the cap of the tree that a group is in; None where there is none."""
    groups, seen = draft.view.broadcast(draft.policy.topic(GROUPS)), set[str]()
    found = _group(groups.get(group.encode()))
    while found is not None and found.parent_group_id and found.budget_group_id not in seen:
        # Groups in a circle have no root: nothing is shared out in them.
        seen.add(found.budget_group_id)
        found = _group(groups.get(found.parent_group_id.encode()))
    if found is None or found.movement_limit is None:
        return None
    return Cap(found.budget_group_id, found.version, found.movement_limit, found.currency)


@lru_cache(maxsize=4_096)
def _group(value: bytes | None) -> Group | None:
    """Return a group; what cannot be read is none, and the allocator puts it aside."""
    try:
        return None if value is None else decode(value, Group)
    except SchemaError:
        return None
