"""History: what each campaign's last changes have set, so that any of them can be rolled back.

It stands in pages, as a row that holds all of it would be written anew with each change. The newest
page is written with each change; a full one is kept until fifteen have followed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import msgspec

from schemas.action import Action
from schemas.fields import Entity
from workers.connectors.stretches import stretch_of
from workers.executor.rows import CHANGES, Row, pack, unpack
from workers.executor.slots import part_of, slot_named
from workers.instants import to_ms

PAGE: Final = 32
"""Changes on one page."""
PAGES: Final = 16
"""Pages that are kept: of each campaign its last 480 changes at least."""
HOUR_MS: Final = timedelta(hours=1) // timedelta(milliseconds=1)

Read = Callable[[bytes], bytes | None]
"""Returns the row of a key."""


class Past(msgspec.Struct, frozen=True, array_like=True):
    """A change that took effect."""

    number: int
    """Of the campaign's changes, counted from 0."""
    action_id: bytes
    entity: Entity
    entity_id: str
    field: str
    unit: str
    currency: str | None
    before: Decimal | None
    """What was in force before it; None where nothing was known to be."""
    target: Decimal
    plan_version: int
    previous: bytes = b""
    """Action that had set the value before; empty when there was none."""
    rolls_back: bytes = b""
    """The oldest change that it undoes; empty where it undoes none."""
    undone_by: bytes = b""
    """The roll-back of it that is in effect; empty while there is none."""
    hour_ends: int = 0
    """End of the hour that its ``day_budget`` is for, milliseconds."""
    day_budget: Decimal | None = None
    part: str = ""
    """The window that it was for, as `part_of` names it; empty where it was for none."""
    approvers: int = 1
    """How many people had to approve it."""

    @property
    def slot(self) -> str:
        """Return what names the field of the entity, as `slot_of` does."""
        return slot_named(self.entity, self.entity_id, self.field, self.part)

    @property
    def window_start(self) -> datetime | None:
        """Return when the window begins that it was for."""
        stretch = stretch_of(self.part)
        return stretch and stretch.start

    @property
    def window_end(self) -> datetime | None:
        """Return when that window is over."""
        stretch = stretch_of(self.part)
        return stretch and stretch.end

    @property
    def stays(self) -> bool:
        """Return whether it left the value as it was, as a renewed budget of an hour does."""
        return self.before == self.target

    @property
    def passes_on(self) -> bool:
        """Return whether what it stands on is what holds: it went back to that, or left it."""
        return bool(self.rolls_back) or self.stays


class Page(Row, frozen=True, array_like=True):
    """Some changes of one campaign, the oldest first."""

    past: tuple[Past, ...] = ()


def past_of(action: Action, before: Decimal | None, previous: bytes) -> Past:
    """Return what is kept of an action that takes effect now; its number is given when kept."""
    return Past(
        number=0,
        action_id=bytes.fromhex(action.action_id),
        entity=action.entity,
        entity_id=action.entity_id,
        field=action.field,
        unit=action.unit,
        currency=action.currency,
        before=before,
        target=action.target,
        plan_version=action.plan_version,
        previous=previous,
        rolls_back=bytes.fromhex(action.rolls_back or ""),
        # A roll-back is for no hour of its own, and expires when the one that it is in ends.
        hour_ends=to_ms(action.hour) + HOUR_MS if action.hour else to_ms(action.expires_at),
        day_budget=action.day_budget,
        part=part_of(action),
        approvers=action.approvers,
    )


class History:
    """The changes of one campaign, read page by page as far as somebody asks."""

    def __init__(self, read: Read, campaign: bytes) -> None:
        self._read, self._campaign = read, campaign
        self._newest = self._page(_newest_key(campaign))
        self._next = self._newest[-1].number + 1 if self._newest else 0
        self._unread = range((self._next - 1) // PAGE, -1, -1)[:PAGES]
        self._known: dict[bytes, Past] = {}

    def of(self, action_id: bytes) -> Past | None:
        """Return what an action has changed; None when it changed nothing or is kept no more."""
        while action_id not in self._known and self._unread:
            number, self._unread = self._unread[0], self._unread[1:]
            # An id may come again once it was forgotten: then the newest counts.
            self._known = {past.action_id: past for past in self._numbered(number)} | self._known
        return self._known.get(action_id)

    def with_change(self, past: Past) -> dict[bytes, bytes | None]:
        """Return the rows to write so that a change is the newest one."""
        rows: dict[bytes, bytes | None] = {}
        own, key = msgspec.structs.replace(past, number=self._next), _newest_key(self._campaign)
        if len(self._newest) < PAGE:
            rows[key] = pack(Page((*self._newest, own)))
            return rows
        full = self._newest[0].number // PAGE
        rows[_full_key(self._campaign, full)] = pack(Page(self._newest))
        rows[key] = pack(Page((own,)))
        if full + 1 >= PAGES:
            rows[_full_key(self._campaign, full + 1 - PAGES)] = None
        return rows

    def with_changed(self, changed: dict[bytes, Past]) -> dict[bytes, bytes | None]:
        """Return the rows to write so that these, which are kept, are as they say."""
        rows: dict[bytes, bytes | None] = {}
        newest = (self._next - 1) // PAGE
        for number in {past.number // PAGE for past in changed.values()}:
            kept = tuple(changed.get(past.action_id, past) for past in self._numbered(number))
            here = number == newest
            key = _newest_key(self._campaign) if here else _full_key(self._campaign, number)
            rows[key] = pack(Page(kept))
        return rows

    def _numbered(self, number: int) -> tuple[Past, ...]:
        if number == (self._next - 1) // PAGE:
            return self._newest
        return self._page(_full_key(self._campaign, number))

    def _page(self, key: bytes) -> tuple[Past, ...]:
        return (unpack(self._read(key), Page) or Page()).past


def standing(of: Callable[[bytes], Past | None], slot: str, last: bytes) -> Iterator[Past]:
    """Yield the change that has set a slot last, and from one to the next what it stands on.

    A roll-back stands on what had been set before the change that it went back over. The last one
    yielded may have set another slot as well as its own; what that stands on is another matter.
    """
    past = of(last)
    while past is not None:
        yield past
        if past.slot != slot:
            return
        base = of(past.rolls_back) if past.rolls_back else past
        below = of(base.previous) if base else None
        # Numbers go down, or ids that came again could lead in a circle.
        past = below if below and below.number < past.number else None


def marked(of: Callable[[bytes], Past | None], roll_back: Past) -> dict[bytes, Past]:
    """Return the changes that a roll-back, in effect from now on, has undone or lets hold again."""
    return {past.action_id: past for past in _toggled(of, roll_back, holds=True)}


def _toggled(of: Callable[[bytes], Past | None], roll_back: Past, *, holds: bool) -> Iterator[Past]:
    for past in undone_with(of, roll_back):
        if holds or past.undone_by == roll_back.action_id:
            undone_by = roll_back.action_id if holds else b""
            yield msgspec.structs.replace(past, undone_by=undone_by)
            if past.rolls_back:
                yield from _toggled(of, past, holds=not holds)


def undone_with(of: Callable[[bytes], Past | None], roll_back: Past) -> list[Past]:
    """Return the changes that a roll-back has gone back over, the newest first."""
    over: list[Past] = []
    for past in standing(of, roll_back.slot, roll_back.previous):
        if past.action_id == roll_back.rolls_back:
            return [*over, past]
        if not past.passes_on:
            over.append(past)
    # What is named is kept no more, and all that stands upon it was undone; or something came in
    # between and left the same value, and only what is named was.
    named = of(roll_back.rolls_back)
    return [named] if named else over


def _newest_key(campaign: bytes) -> bytes:
    return CHANGES + campaign


def _full_key(campaign: bytes, number: int) -> bytes:
    # Names are printable, so a NUL cannot be in one.
    return CHANGES + campaign + b"\0" + number.to_bytes(4, "big")
