"""What ticks say, to workers that another one reads them for as well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schemas import SchemaError, Tick, decode
from workers.delivery.api import Record
from workers.draft import Draft


def tick_times(draft: Draft, records: Sequence[Record], tolerance: float) -> Iterator[int]:
    """Yield what ticks say, in seconds; one ahead of its record by more than ``tolerance`` is not.

    Those that are not to be believed are the optimizer's to put aside: it reads the same topic, and
    one mistake is to be one dead letter. Here they are counted.
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
        elif now - record.timestamp // 1_000 > tolerance:
            draft.count("ignored", record.topic, "ahead_of_its_time")
        else:
            yield now
