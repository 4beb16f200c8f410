"""What the topics still hold of one campaign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from schemas import HoldReason, Kind, Recommendation, SchemaError, decode
from workers.delivery.api import Record
from workers.optimizer.explaining import NOT_REPORTED

_HOUR = 3_600


class Entry(NamedTuple):
    """One record, at the clock that its headers name."""

    written: int
    """Kafka's own timestamp, milliseconds since the epoch: when it was published."""
    record: Record


class Published(NamedTuple):
    """A recommendation as it was published."""

    entry: Entry
    advice: Recommendation

    @property
    def value(self) -> bytes:
        """The bytes that were published."""
        return self.entry.record.value or b""

    @property
    def by_tick(self) -> bool:
        """Whether silence led to it, and no metrics record.

        A tick decides the hour that it lies in; a metrics record that is stale decides an hour
        that was over long before.
        """
        into = self.advice.decided_at.timestamp() - self.advice.hour.timestamp()
        held = self.advice.hold_reason is HoldReason.STALE_DATA and 0 <= into < _HOUR
        return held or any(reason.code == NOT_REPORTED for reason in self.advice.reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The records of one campaign, by full topic name, each topic in the order of its offsets."""

    key: bytes
    """The campaign's."""
    partition: int
    partitions: int
    sources: Mapping[str, Sequence[Entry]]
    """What the optimizer's agents read, the campaign's own records."""
    broadcasts: Mapping[str, Sequence[Entry]]
    """Records of the broadcast topics, all keys."""
    published: Sequence[Published]
    beginnings: Mapping[str, int]
    """First offset that each topic still keeps: in this partition, or of the broadcast's one."""


def read_published(entries: Sequence[Entry]) -> list[Published]:
    """Return the recommendations of the optimizer among ``entries``: those that name a state.

    Emergencies name one as well: the adviser's.
    """
    found = []
    for entry in entries:
        try:
            advice = decode(entry.record.value or b"", Recommendation)
        except SchemaError:
            continue
        if advice.state_digest is not None and advice.kind is not Kind.EMERGENCY:
            found.append(Published(entry, advice))
    return found
