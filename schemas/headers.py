"""Kafka headers that Pacekeeper adds to records, as data."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

HEALED: Final = "pacekeeper-healed"
"""On a record that was published once more, to the partition its key belongs to."""

HANDED_UP: Final = "pacekeeper-handed-up"
"""On a record of a group inside another that was published once more, to the partition of a group
above it: how many times by now."""

SPREAD: Final = "pacekeeper-spread"
"""On an exchange rate that was believed and published once more, to another partition."""

MOVEMENT: Final = "pacekeeper-movement"
"""On an action that was published once more: what the ledger of its group's movement has said."""

REPLAYED: Final = "pacekeeper-replayed"
"""On a record that was published again from a dead-letter topic: where it was there."""

CLOCK: Final = "pacekeeper-clock"
"""On what a worker publishes: the time of the decision, milliseconds since the epoch.

The record's own timestamp is when it was written, which is what retention goes by.
"""

DEAD_LETTER_PREFIX: Final = "pacekeeper-dead-letter-"

DEAD_LETTER: Final[Mapping[str, str]] = MappingProxyType(
    {
        DEAD_LETTER_PREFIX + "topic": "topic that the record was read from",
        DEAD_LETTER_PREFIX + "partition": "its partition there",
        DEAD_LETTER_PREFIX + "offset": "its offset there",
        DEAD_LETTER_PREFIX + "timestamp": "its timestamp, milliseconds since the epoch",
        DEAD_LETTER_PREFIX + "reason": "short code of what was wrong",
        DEAD_LETTER_PREFIX + "field": "path of the field at fault, empty for the whole record",
        DEAD_LETTER_PREFIX + "detail": "what was wrong, in a sentence",
        DEAD_LETTER_PREFIX + "null": "present when the record had no value at all",
        DEAD_LETTER_PREFIX + "cut": "present when the record was too large: its size, in bytes",
    }
)
"""Headers of a dead letter beside those that the record came with, and what each says."""
