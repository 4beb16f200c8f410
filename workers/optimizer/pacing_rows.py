"""What the pacer knows of a campaign, as the table keeps it: until which hour, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine import pacing_state, state
from engine.arrays import Bools, Ints, Rows
from engine.errors import UnknownFormat
from engine.pacer import Pacing
from engine.state import NEVER
from workers.optimizer.draft import Draft
from workers.optimizer.tables import pacing_key

FORMAT: Final = 1

UNCHANGED: Final = 2**62
"""Stands for "no hour that was learned has changed since"."""

_HEAD: Final = np.dtype(
    [("format", "u1"), ("steered", "u1"), ("began", "<i8"), ("until", "<i8"), ("changed", "<i8")],
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the pacer knows of B campaigns; arrays of shape (B,)."""

    pacing: Pacing
    began: Ints
    """The first hour learned, `engine.state.NEVER` before it."""
    until: Ints
    """End of the last hour learned, `engine.state.NEVER` before the first."""
    changed: Ints
    """The earliest hour that was told otherwise after it was learned, or `UNCHANGED`."""
    steered: Bools
    """Whether a multiplier was in force in the last hour learned."""


def heads(values: Sequence[bytes]) -> Rows:
    """Return from when until when B values know of hours, and since when these have changed.

    Raises
    ------
    UnknownFormat
        When a value was written by a later version.
    """
    size = _HEAD.itemsize
    rows = np.frombuffer(b"".join([value[:size] or _BLANK for value in values]), _HEAD)
    if rows.size and (rows["format"] != FORMAT).any():
        raise UnknownFormat("pacing", found=int(rows["format"].max()), known=FORMAT)
    return rows


def unpack(values: Sequence[bytes], fresh: Pacing) -> Memory:
    """Return what B values say; an empty one is a campaign before its first hour.

    Raises
    ------
    UnknownFormat
        When a value was written by a later version.
    """
    rows = heads(values)
    return Memory(
        pacing=pacing_state.unpack([value[_HEAD.itemsize :] for value in values], fresh),
        began=rows["began"].astype(np.int64),
        until=rows["until"].astype(np.int64),
        changed=rows["changed"].astype(np.int64),
        steered=rows["steered"] > 0,
    )


def pack(memory: Memory) -> list[bytes]:
    """Return the values of B campaigns."""
    head = np.zeros(len(memory.until), dtype=_HEAD)
    head["format"] = FORMAT
    head["began"], head["until"] = memory.began, memory.until
    head["changed"], head["steered"] = memory.changed, memory.steered
    rows = zip(state.pack(head), pacing_state.pack(memory.pacing), strict=True)
    return [first + rest for first, rest in rows]


def note_change(draft: Draft, campaign: bytes, hour: int) -> None:
    """Note that an hour, by its first second, is told otherwise than it was when it was learned."""
    key = pacing_key(campaign)
    value = draft.read(key)
    if not value:
        return
    head = np.frombuffer(value[: _HEAD.itemsize], _HEAD).copy()
    if hour < min(head["until"][0], head["changed"][0]):
        head["changed"] = hour
        draft.writes[key] = head.tobytes() + value[_HEAD.itemsize :]


def _blank() -> bytes:
    head = np.zeros(1, dtype=_HEAD)
    head["format"], head["changed"] = FORMAT, UNCHANGED
    head["began"] = head["until"] = NEVER
    return head.tobytes()


_BLANK: Final = _blank()
