"""Pages of an allocation: what is settled of a large group, on its way to those who tell it.

What a million members are told does not fit into one transaction. What it is told from does, as
rows of numbers; each page is told in its own time, by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from string import Formatter
from typing import Final

import msgspec
import numpy as np

from engine.arrays import Rows
from engine.errors import UnknownFormat
from schemas import Allocation, SchemaError, parse_campaign_key
from schemas.errors import Reason
from workers.allocator.advice_rows import ROW, TOLD
from workers.allocator.facts import Facts
from workers.allocator.faults import Fault
from workers.delivery.sizes import LARGEST_BATCH
from workers.instants import from_seconds

PAGE: Final = 500
"""Most members of a page: some 200,000 bytes."""

MOST_BYTES: Final = LARGEST_BATCH * 11 // 16
"""Most bytes of a page's content: in base64 they are a third more, and a record has other fields.
With the longest names, and groups inside groups, fewer than `PAGE` members may take so many."""

_FORMAT: Final = 1

_LARGEST: Final = 2**53 - 1
"""The largest whole number that records have."""


class Content(msgspec.Struct, frozen=True, array_like=True):
    """What is in a page."""

    format: int
    facts: Facts
    campaigns: tuple[bytes, ...]
    rows: bytes


_CONTENT: Final = msgspec.msgpack.Decoder(Content)


def pages_of(facts: Facts, campaigns: Sequence[bytes], rows: Rows) -> Iterator[Allocation]:
    """Yield an allocation of a group page by page, none of them larger than `MOST_BYTES`."""
    parts = range(0, len(campaigns), PAGE)
    contents = [
        each for at in parts for each in _contents(facts, campaigns[at : at + PAGE], rows[at:])
    ]
    for page, content in enumerate(contents):
        yield Allocation(
            budget_group_id=facts.group,
            decided_at=from_seconds(facts.now),
            day=facts.day,
            page=page,
            pages=len(contents),
            content=content,
        )


def _contents(facts: Facts, campaigns: Sequence[bytes], rows: Rows) -> list[bytes]:
    """Return what the pages of some members say: one, or more where it would be too large."""
    some = rows[: len(campaigns)].copy()
    fewer, some["of"] = facts.only(some["of"])
    content = msgspec.msgpack.encode(Content(_FORMAT, fewer, tuple(campaigns), some.tobytes()))
    if len(content) <= MOST_BYTES or len(campaigns) == 1:
        return [content]
    half = len(campaigns) // 2
    return [
        *_contents(facts, campaigns[:half], rows),
        *_contents(facts, campaigns[half:], rows[half:]),
    ]


def content_of(page: Allocation) -> tuple[Facts, Sequence[bytes], Rows]:
    """Return what a page says: the facts, members and their rows.

    Raises
    ------
    UnknownFormat
        It was written by another version.
    SchemaError
        It cannot be read, or contradicts itself or the record that it came in.
    """
    try:
        content = _read(page.content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SchemaError("content", Reason.INVALID_VALUE, f"cannot be read: {error}") from error
    facts, campaigns = content.facts, content.campaigns
    told = page.budget_group_id, page.day, int(page.decided_at.timestamp())
    _require((facts.group, facts.day, facts.now) == told, "is of another group, day or clock")
    size = len(campaigns) * ROW.itemsize
    _require(len(content.rows) == size, f"has {len(content.rows)} bytes of rows, needs {size}")
    rows = np.frombuffer(content.rows, dtype=ROW)
    _require(_is_plain(facts.fault), "has a fault whose text is not filled in by its evidence")
    _require(_sound(facts, rows), "has a row of no group, no hold, or no finite number")
    for campaign in campaigns:
        parse_campaign_key(campaign)
    return facts, campaigns, rows


def _read(content: bytes) -> Content:
    written = msgspec.msgpack.decode(content)
    _require(isinstance(written, list) and written and isinstance(written[0], int), "has no format")
    if written[0] != _FORMAT:
        raise UnknownFormat("page of an allocation", found=written[0], known=_FORMAT)
    return _CONTENT.decode(content)


def _is_plain(fault: Fault | None) -> bool:
    """Return whether a fault's text only names its evidence: a width, say, may be of any size."""
    if fault is None:
        return True
    try:
        fields = list(Formatter().parse(fault.text))
    except ValueError:
        return False
    return all(
        name is None or (name in {"group", *fault.evidence} and not (spec or conversion))
        for _, name, spec, conversion in fields
    )


def _sound(facts: Facts, rows: Rows) -> bool:
    """Return whether rows name groups and holds that there are, and numbers that records take.

    The first group is the topmost, and each other comes after the one that it lies in.
    """
    parents = [each.parent for each in facts.inside]
    numbers = [name for name in ROW.names or () if ROW[name].base.kind == "f"]
    return (
        all(-1 <= parent < at for at, parent in enumerate(parents))
        and bool(((rows["of"] >= 0) & (rows["of"] < len(parents))).all())
        and bool(((rows["sure"] >= 0.0) & (rows["sure"] <= 1.0)).all())
        and bool(((rows["plan_version"] >= 0) & (rows["plan_version"] <= _LARGEST)).all())
        and bool((rows["hold"] < len(TOLD)).all() and (rows["settled_hold"] < len(TOLD)).all())
        and all(bool(np.isfinite(rows[name]).all()) for name in numbers)
    )


def _require(holds: object, otherwise: str) -> None:
    if not holds:
        detail = f"{otherwise}: it is the allocator's own, so nobody else may publish it"
        raise SchemaError("content", Reason.CONTRADICTION, detail)
