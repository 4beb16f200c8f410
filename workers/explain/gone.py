"""What a recommendation was made from and is no longer on its topics, in sentences.

Where something is missing, bytes that differ say nothing of the recommendation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from schemas import Recommendation
from workers.delivery.api import Record
from workers.explain.comparing import Difference, differences

_DAY_MS: Final = 86_400_000


class Again(NamedTuple):
    """A recommendation as it is made now, beside what of its inputs is not there any more."""

    value: bytes
    gone: Sequence[str] = ()
    """Sentences: the topic, the partition, and the offsets."""

    def against(self, published: bytes) -> tuple[Sequence[Difference], Sequence[str]]:
        """Return what differs, and what is gone: nothing where the bytes are the same."""
        found = differences(published, self.value)
        return found, self.gone if found else ()


def verdict_of(found: Sequence[Difference], gone: Sequence[str]) -> str:
    """Return in a word whether a recommendation could be repeated."""
    if not found:
        return "identical"
    return "inputs_gone" if gone else "differs"


def since(record: ConsumerRecord, advice: Recommendation, days: int) -> int:
    """Return before when nothing was written that counts for advice, milliseconds since 1970.

    What says something of a day is written when the day is over, later in a replay of old reports.
    A day more than the ``days`` that advice goes by is for zones.
    """
    decided = int(advice.decided_at.timestamp() * 1_000)
    return min(int(record.timestamp), decided) - (days + 1) * _DAY_MS


async def deleted(consumer: AIOKafkaConsumer, tp: TopicPartition, needed: int) -> list[str]:
    """Return what retention has deleted of a partition that was written at ``needed`` or later.

    Nothing, where all is there from offset 0 on, or where something older is kept as well.
    """
    begins = (await consumer.beginning_offsets([tp]))[tp]
    found = (await consumer.offsets_for_times({tp: needed}))[tp]
    older_is_kept = found is None or found.offset > begins
    if not begins or older_is_kept:
        return []
    where = f"{tp.topic}, partition {tp.partition}, begins at offset {begins}"
    return [f"{where}: those before it were deleted by retention, and this goes by some of them"]


def undefined(groups: Sequence[Record], last: int) -> dict[bytes, Record]:
    """Return groups of which nothing is kept up to offset ``last``, with the first that is."""
    first: dict[bytes, Record] = {}
    for record in groups:
        first.setdefault(record.key or b"", record)
    return {key: record for key, record in first.items() if record.offset > last}


def replaced(groups: Sequence[Record], last: int, members: Mapping[bytes, int]) -> Iterator[str]:
    """Yield which records of groups were taken away by compaction.

    Parameters
    ----------
    groups
        All records of the partition that are kept, in order.
    last
        The offset of the newest that the recommendation was made by.
    members
        By group, closed days that were told before the recommendation.
    """
    where = f"{groups[0].topic}, partition {groups[0].partition}" if groups else "groups"
    if all(record.offset != last for record in groups):
        yield f"offset {last} of {where} is no longer kept: a newer version replaced it"
    for key, record in sorted(undefined(groups, last).items()):
        if members.get(key):
            yield (
                f"of group {key.decode(errors='replace')} nothing is kept before offset "
                f"{record.offset} of {where}, and its members had told of days: the version of "
                "then was replaced"
            )
