"""The audit trail's hash chain: what seals an entry when it is written, and checks it afterwards.

Each entry carries its number within the partition, the hash of the entry before it, and its own
hash: SHA-256 over its canonical JSON without the field ``hash``. The bytes that are stored are the
canonical JSON too, so every single byte of an entry is vouched for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from schemas.audit import GENESIS
from schemas.codec import sha256
from workers.delivery.api import Output


class Head(NamedTuple):
    """The end of a partition's chain: what the next entry continues."""

    sequence: int
    """Number of the last entry; -1 before the first."""
    hash: str
    """Its SHA-256, hexadecimal."""


START = Head(-1, GENESIS)


def seal(head: bytes | None, outputs: Sequence[Output]) -> tuple[bytes | None, Sequence[Output]]:
    """Make ``outputs`` the next links of their partition's chain.

    Parameters
    ----------
    head
        What the last call for this partition returned; None for the first.
    outputs
        Audit entries as JSON, not sealed, in the order in which they are to stand.

    Returns
    -------
    The new head, and the outputs with sealed values.
    """
    last = START if head is None else Head(*orjson.loads(head))
    sealed = []
    for output in outputs:
        last, value = seal_entry(orjson.loads(output.value or b""), last)
        sealed.append(output._replace(value=value))
    return (orjson.dumps(list(last)) if sealed else head), sealed


def seal_entry(entry: dict[str, Any], last: Head) -> tuple[Head, bytes]:
    """Return the head that ``entry`` makes after ``last``, and the entry's stored bytes."""
    number = last.sequence + 1
    linked = {**entry, "previous_hash": last.hash}
    linked.pop("hash", None)
    if number:
        linked["sequence"] = number  # 0 is the field's default, which is never written
    own = sha256(canonical(linked))
    return Head(number, own), canonical({**linked, "hash": own})


def canonical(entry: dict[str, Any]) -> bytes:
    """Return the one JSON text of ``entry``: sorted keys, no blanks, UTF-8."""
    return orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)
