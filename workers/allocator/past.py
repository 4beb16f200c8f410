"""What members did in other currencies than their present one.

Money that was spent stays spent: were the days of an account that changes its currency forgotten,
its group's period would have them to spend once more. They count at their rates, where these are
known; curves are learned from days in the present currency alone.
"""

from __future__ import annotations

from typing import Final

import msgspec

from schemas import Portfolio
from workers.allocator import member_rows
from workers.allocator.draft import Draft
from workers.allocator.tables import MEMBERS, past_key

_LIVES: Final = msgspec.msgpack.Decoder(dict[str, bytes])


def past_of(draft: Draft, group: bytes, campaign: bytes) -> dict[str, bytes]:
    """Return by currency what is kept of a member, its present currency not among them."""
    value = draft.read_of(MEMBERS, past_key(group, campaign))
    return {} if value is None else _LIVES.decode(value)


def has_past(draft: Draft, group: bytes, campaign: bytes) -> bool:
    """Return whether anything is kept of what a member did in another currency."""
    return draft.read_of(MEMBERS, past_key(group, campaign)) is not None


def taken(value: bytes, past: dict[str, bytes], row: Portfolio) -> tuple[bytes, dict[str, bytes]]:
    """Return a member's value and its past with one more closed day; whichever order they come in.

    The currency of the newest day is the present one. What is in others stays, as long as a day of
    it is kept.
    """
    lives = dict(past)
    if value:
        lives[member_rows.currency_of(value)] = value
    lives[row.currency] = member_rows.taken(lives.get(row.currency, b""), row)
    present = max(lives, key=lambda each: _rank(lives[each]))
    oldest = _rank(lives[present])[0] - member_rows.KEPT_DAYS
    value = lives.pop(present)
    kept = {name: life for name, life in lives.items() if _rank(life)[0] > oldest}
    return value, {name: member_rows.after(life, oldest) for name, life in kept.items()}


def packed(past: dict[str, bytes]) -> bytes | None:
    """Return what is to be kept; None of nothing."""
    return msgspec.msgpack.encode(dict(sorted(past.items()))) if past else None


def _rank(value: bytes) -> tuple[int, int, bytes]:
    return member_rows.rank(member_rows.unpack(value)[0])
