"""Histories of values on platforms: what we have set of each, what others have, what was found.

Histories of changes come late, twice, and in any order, by the platforms' own clocks. What is kept
here lets each edit be told from our own changes, and each drift from those that nobody knows of.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_UP, Decimal, localcontext
from typing import Final

import msgspec
from msgspec.structs import replace

from schemas.edit import Editor
from workers.connectors.amounts import DIGITS
from workers.executor.draft import Draft
from workers.executor.rows import EDITS, Row, pack, unpack

MOST_MADE: Final = 200
"""Own changes that are kept of a value: those of eight days, one an hour. After a start the
collector asks for a week of edits."""
MOST_EDITS: Final = 32
MOST_DRIFTS: Final = 8


class Made(msgspec.Struct, frozen=True, array_like=True):
    """A change that we have tried to make, whether or not it was made; times in milliseconds."""

    begun: int
    ended: int
    value: Decimal

    def made(self, at: int, after: Decimal | None, tolerance: int) -> bool:
        """Return whether an edit of our credentials can be this one."""
        during = self.begun - tolerance <= at <= self.ended + tolerance
        return during and is_rounded(self.value, after)


class KnownEdit(msgspec.Struct, frozen=True, array_like=True):
    """An edit as far as it matters; ``at`` in milliseconds, never after it was told."""

    edit_id: bytes
    at: int
    by: Editor
    actor: str
    client: str
    before: Decimal | None
    after: Decimal | None

    @property
    def words(self) -> str:
        """Return who it was, for people."""
        by = self.by.value.replace("_", " ")
        kind = f"{by}, by {self.client}" if self.client else by
        return f"{self.actor} ({kind})" if self.actor else kind


class Found(msgspec.Struct, frozen=True, array_like=True):
    """A value that nobody expected, found ``at`` a time; what was known before is of ``since``."""

    action_id: bytes
    since: int
    at: int
    value: Decimal

    def is_by(self, edit: KnownEdit, tolerance: int) -> bool:
        """Return whether the edit has set what was found."""
        during = self.since - tolerance <= edit.at <= self.at + tolerance
        return during and edit.after in (None, self.value)


class History(Row, frozen=True, array_like=True):
    """What is known of one value's changes."""

    made: tuple[Made, ...] = ()
    """The last ones."""
    forgotten: int = 0
    """Up to when own changes were forgotten, milliseconds."""
    known_at: int = 0
    """When what is in force was read or told last, milliseconds."""
    edits: tuple[KnownEdit, ...] = ()
    """The latest of others, and those of our credentials that are not ours."""
    horizon: int = 0
    """Up to when edits were forgotten: of those that old nobody can say whether they are new."""
    drifts: tuple[Found, ...] = ()
    """Those that no edit has explained yet."""
    seen: int = 0
    """When the latest edit was made that was known at the last reading."""

    def is_repeat(self, edit: KnownEdit) -> bool:
        """Return whether the edit was told before, word by word, or may have been."""
        known = any(one.edit_id == edit.edit_id for one in self.edits)
        return known or edit.at <= self.horizon

    def is_restated(self, edit: KnownEdit) -> bool:
        """Return whether the same change was told in other words."""
        return any((one.at, one.after) == (edit.at, edit.after) for one in self.edits)

    def with_edit(self, edit: KnownEdit) -> History:
        """Return the history with an edit; another telling of the same one goes."""
        others = (one for one in self.edits if (one.at, one.after) != (edit.at, edit.after))
        edits = sorted((*others, edit), key=lambda one: one.at)
        gone = edits[:-MOST_EDITS]
        horizon = max((self.horizon, *(one.at for one in gone)))
        return replace(self, edits=tuple(edits[-MOST_EDITS:]), horizon=horizon)

    def with_made(self, made: Made) -> History:
        """Return the history with one more change of ours."""
        kept, gone = (*self.made, made)[-MOST_MADE:], (*self.made, made)[:-MOST_MADE]
        forgotten = max((self.forgotten, *(one.ended for one in gone)))
        return replace(self, made=kept, forgotten=forgotten)

    def edit_that_set(self, value: Decimal, tolerance: int) -> KnownEdit | None:
        """Return the latest edit since the value was known last that has set another one."""
        since = max(self.known_at - tolerance, self.seen + 1)
        fitting = (one for one in reversed(self.edits) if one.after == value and one.at >= since)
        return next(fitting, None)

    def read(self, at: int) -> History:
        """Return the history after the value was read ``at`` a time."""
        seen = max((one.at for one in self.edits), default=0)
        return replace(self, known_at=max(self.known_at, at), seen=seen)


def history_of(draft: Draft, campaign: bytes, slot: str) -> History:
    """Return the history of one value of the campaign, as this step has left it."""
    return unpack(draft.read(_key(campaign, slot)), History) or History()


def keep_history(draft: Draft, campaign: bytes, slot: str, history: History | None) -> None:
    """Write the history of one value, or forget it."""
    draft.writes[_key(campaign, slot)] = None if history is None else pack(history)


def is_rounded(wanted: Decimal, found: Decimal | None) -> bool:
    """Return whether a platform that has fewer decimals may have made ``found`` of ``wanted``."""
    if found is None or found == wanted:
        return True
    step = Decimal(1).scaleb(min(int(found.as_tuple().exponent), 0))
    with localcontext(prec=DIGITS):
        return found in {wanted.quantize(step, rounding) for rounding in (ROUND_DOWN, ROUND_UP)}


def _key(campaign: bytes, slot: str) -> bytes:
    return EDITS + campaign + b"\0" + slot.encode()
