"""Stored values of many members at once: their heads, and their closed days side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from engine.arrays import Ints, Rows
from workers.allocator.member_rows import DAY, FORMAT, HEAD, KEPT_DAYS, unpack

BLOCK: Final = 4_096
"""Members that are worth to be read at a time: more take memory, and no less time."""


def tables_of(values: Sequence[bytes], day: int) -> tuple[Rows, Rows]:
    """Return heads (B,) and the `KEPT_DAYS` days before ``day`` (B, T), the last of them last.

    What is not known of a member, or of a day, is all zero.
    """
    heads = np.zeros(len(values), dtype=HEAD)
    table = np.zeros((len(values), KEPT_DAYS), dtype=DAY)
    for at, head, days in rows_of(values):
        heads[at] = head
        place = days["day"] - (day - KEPT_DAYS)
        row, column = np.nonzero((place >= 0) & (place < KEPT_DAYS))
        table[at[row], place[row, column]] = days[row, column]
    return heads, table


def rows_of(values: Sequence[bytes]) -> Iterator[tuple[Ints, Rows, Rows]]:
    """Yield members that have as many days each: which they are, heads (N,) and days (N, D).

    Those of whom nothing is kept are left out.
    """
    for count, at in _by_days(values).items():
        layout = np.dtype([("head", HEAD), ("days", DAY, (count,))])
        some = (values[each] for each in at.tolist())
        current = (value if value[0] == FORMAT else _upgraded(value) for value in some)
        rows = np.frombuffer(b"".join(current), dtype=layout)
        yield at, rows["head"], rows["days"]


def _by_days(values: Sequence[bytes]) -> Mapping[int, Ints]:
    """Return by number of days which values have so many; those without a head are left out."""
    found: dict[int, list[int]] = defaultdict(list)
    for at, value in enumerate(values):
        if value:
            known = len(value) - HEAD.itemsize if value[0] == FORMAT else -1
            count = len(unpack(value)[1]) if known < 0 else known // DAY.itemsize
            found[count].append(at)
    return {count: np.array(at, dtype=np.int64) for count, at in found.items()}


def _upgraded(value: bytes) -> bytes:
    head, days = unpack(value)
    return bytes(head.tobytes() + days.tobytes())
