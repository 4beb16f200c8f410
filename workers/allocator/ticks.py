"""The agent of ticks: allocates where the wait for closed days is over, and none has come since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schemas import SchemaError, Tick, decode
from workers.allocator.allocating import Books, allocate_if_due
from workers.allocator.draft import Draft
from workers.allocator.policy import AllocatorPolicy
from workers.allocator.tables import GROUPS, TICKS
from workers.delivery.api import Record, Step, View


def ticks_step(
    policy: AllocatorPolicy, books: Books, view: View, records: Sequence[Record]
) -> Step:
    """Allocate for each group whose time has come by the ticks of one partition."""
    draft = Draft(policy, view, TICKS)
    for now in _times(draft, records):
        for group in list(view.table(GROUPS)):
            allocate_if_due(draft, books, group, now)
    return draft.done()


def _times(draft: Draft, records: Sequence[Record]) -> Iterator[int]:
    """Yield what ticks say, in seconds.

    Those that are not to be believed are the optimizer's to put aside: it reads the same topic, and
    one mistake is to be one dead letter.
    """
    for record in records:
        try:
            tick = decode(record.value or b"", Tick)
        except SchemaError:
            draft.count("ignored", record.topic, "unreadable")
            continue
        now = int(tick.time.timestamp())
        if tick.partition != draft.view.partition:
            draft.count("ignored", record.topic, "other_partition")
        elif draft.policy.too_far_ahead(now, record.timestamp):
            draft.count("ignored", record.topic, "ahead_of_its_time")
        else:
            yield now
