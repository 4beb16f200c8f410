"""How large records are, and how large they may be.

A few compressed bytes can stand for a record of any size, and a worker writes uncompressed: what
it took in may be more than the topic takes that it is to be written to.
"""

from __future__ import annotations

from typing import Final

from workers.delivery.api import Output, Record

MEBIBYTE: Final = 1 << 20

LARGEST_BATCH: Final = MEBIBYTE - (MEBIBYTE >> 6)
"""Most bytes of a batch, and of a record that is to be sent on: Kafka's own limit of a topic's
``max.message.bytes`` is a MiB, and counts the frame of a batch too."""

LARGEST_LETTER: Final = 16 * MEBIBYTE
"""Most bytes of a dead letter, its headers not counted: their topics take one MiB more."""

_HEADER_FRAME = 10
"""Most bytes of the lengths of a header's name and value."""


def size_of(record: Record | Output) -> int:
    """Return about how many bytes ``record`` takes uncompressed, rather too many than too few."""
    headers = sum(
        len(name.encode()) + len(value or b"") + _HEADER_FRAME for name, value in record.headers
    )
    return len(record.key or b"") + len(record.value or b"") + headers
