"""Kafka headers that Pacekeeper adds to records, as data."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

HEALED: Final = "pacekeeper-healed"
"""On a metrics record that was published once more, to the partition its key belongs to."""

CLOCK: Final = "pacekeeper-clock"
"""On what a worker publishes: the time of the decision, milliseconds since the epoch.

The record's own timestamp is when it was written, which is what retention goes by.
"""

DEAD_LETTER: Final[Mapping[str, str]] = MappingProxyType(
    {
        "pacekeeper-dead-letter-topic": "topic that the record was read from",
        "pacekeeper-dead-letter-partition": "its partition there",
        "pacekeeper-dead-letter-offset": "its offset there",
        "pacekeeper-dead-letter-timestamp": "its timestamp, milliseconds since the epoch",
        "pacekeeper-dead-letter-reason": "short code of what was wrong",
        "pacekeeper-dead-letter-field": "path of the field at fault, empty for the whole record",
        "pacekeeper-dead-letter-detail": "what was wrong, in a sentence",
        "pacekeeper-dead-letter-null": "present when the record had no value at all",
    }
)
"""Headers of a dead letter beside those that the record came with, and what each says."""
