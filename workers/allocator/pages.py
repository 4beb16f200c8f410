"""Pages of an allocation: what is settled of a large group, on its way to those who tell it.

What a million members are told does not fit into one transaction. What it is told from does, as
rows of numbers; each page is told in its own time, by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
import numpy as np

from engine.arrays import Rows
from engine.errors import UnknownFormat
from schemas import Allocation
from workers.allocator.advice_rows import ROW
from workers.allocator.facts import Facts
from workers.instants import from_seconds

PAGE: Final = 500
"""Most members of a page: some 200,000 bytes, less than a million with the longest names."""

_FORMAT: Final = 1


class Content(msgspec.Struct, frozen=True, array_like=True):
    """What is in a page."""

    format: int
    facts: Facts
    campaigns: tuple[bytes, ...]
    rows: bytes


_CONTENT: Final = msgspec.msgpack.Decoder(Content)


def pages_of(facts: Facts, campaigns: Sequence[bytes], rows: Rows) -> Iterator[Allocation]:
    """Yield an allocation of a group page by page."""
    count = -(-len(campaigns) // PAGE)
    for page in range(count):
        part = slice(page * PAGE, (page + 1) * PAGE)
        some = rows[part].copy()
        fewer, some["of"] = facts.only(some["of"])
        content = Content(_FORMAT, fewer, tuple(campaigns[part]), some.tobytes())
        yield Allocation(
            budget_group_id=facts.group,
            decided_at=from_seconds(facts.now),
            day=facts.day,
            page=page,
            pages=count,
            content=msgspec.msgpack.encode(content),
        )


def content_of(page: Allocation) -> tuple[Facts, Sequence[bytes], Rows]:
    """Return what a page says: the facts, members and their rows.

    Raises
    ------
    UnknownFormat
        It was written by another version.
    """
    written = msgspec.msgpack.decode(page.content)
    if not written or written[0] != _FORMAT:
        found = written[0] if written else 0
        raise UnknownFormat("page of an allocation", found=found, known=_FORMAT)
    content = _CONTENT.decode(page.content)
    return content.facts, content.campaigns, np.frombuffer(content.rows, dtype=ROW)
