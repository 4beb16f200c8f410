"""The agent of ticks: allocates where the wait for closed days is over, and none has come since."""

from __future__ import annotations

from collections.abc import Sequence

from workers.allocator.allocating import Books, allocate_if_due
from workers.allocator.draft import Draft
from workers.allocator.policy import AllocatorPolicy
from workers.allocator.tables import GROUPS, TICKS
from workers.delivery.api import Record, Step, View
from workers.tick_times import tick_times


def ticks_step(
    policy: AllocatorPolicy, books: Books, view: View, records: Sequence[Record]
) -> Step:
    """Allocate for each group whose time has come by the ticks of one partition."""
    draft = Draft(policy, view, TICKS)
    for now in tick_times(draft, records, policy.tolerance.total_seconds()):
        for group in list(view.table(GROUPS)):
            allocate_if_due(draft, books, group, now)
    return draft.done()
