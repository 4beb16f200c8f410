"""The ledger of a group: what was moved in the last 24 hours, and what may be.

One partition owns a group, so one ledger counts for all of its members, wherever they are. What is
granted counts as moved, until it is settled; from then on at the time of its effect. An answer
carries a time before which its action has no effect, and counts all that may have had one in the 24
hours before that. So of the raises in any 24 hours the one that was granted last was granted with
all others counted, and together they are within the limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

import msgspec
from msgspec import structs

from schemas.action import Action
from schemas.codec import decode
from schemas.keys import check_key
from schemas.movement import Movement, MovementVerb
from schemas.topics import ACTIONS
from workers.delivery.api import Output, Record, Step, View
from workers.executor.answers import Answer, header_of
from workers.executor.draft import Draft
from workers.executor.policy import ExecutorPolicy
from workers.executor.rows import Row, pack, unpack
from workers.executor.tables import MOVEMENTS
from workers.instants import check_timestamp, to_ms
from workers.partitioner import partition_of

_MILLISECOND: Final = timedelta(milliseconds=1)
WINDOW: Final = timedelta(hours=24) // _MILLISECOND
SPAN: Final = timedelta(minutes=10) // _MILLISECOND
"""What is moved within one span, milliseconds, is counted until all of it is a window old."""

_SWEPT: Final = b"\0swept"
"""Key of when reservations that matter no more were deleted last; no group's key begins so."""


class Ledger(Row, frozen=True, array_like=True):
    """What a group has moved, and may move; amounts in its currency."""

    version: int
    """Of the group, as the executors that ask know it: the newest counts."""
    limit: Decimal
    now: int = 0
    """The latest time that was asked at, milliseconds."""
    reserved: Decimal = Decimal(0)
    """What is granted and not settled."""
    moved: dict[int, Decimal] = msgspec.field(default_factory=dict)
    """What was moved, by the number of the `SPAN` since 1970."""

    @property
    def used(self) -> Decimal:
        """Return what counts as moved now."""
        return self.reserved + sum(self.moved.values(), Decimal(0))

    def room_at(self, amount: Decimal) -> int | None:
        """Return when ``amount`` may be within the limit, milliseconds; None for never."""
        if amount > self.limit:
            return None
        left = self.used
        for span in sorted(self.moved):
            left -= self.moved[span]
            if left + amount <= self.limit:
                return (span + 1) * SPAN + WINDOW
        # What is reserved may be given back any time.
        return self.now + SPAN


class Reservation(Row, frozen=True, array_like=True):
    """A raise that was granted, or has ended."""

    amount: Decimal
    until: int
    """When its action expires, milliseconds: nothing is granted to it from then on."""
    open: bool


def movements_step(policy: ExecutorPolicy, view: View, records: Sequence[Record]) -> Step:
    """Answer those that ask, and count what they have come to."""
    draft = Draft(policy, view, MOVEMENTS)
    for _, movement, record in draft.own(records, _told):
        with draft.carrying_out(record):
            if movement.verb is MovementVerb.ASK:
                _asked(draft, movement, record)
            else:
                _settled(draft, movement)
    return draft.done()


def _told(record: Record) -> tuple[bytes, Movement]:
    movement = decode(record.value or b"", Movement)
    check_key(record.key, movement.key)
    check_timestamp(record.timestamp)
    return movement.key, movement


def _asked(draft: Draft, movement: Movement, record: Record) -> None:
    ledger = _ledger_at(draft, movement, record.timestamp)
    known = unpack(draft.read(_key(movement)), Reservation)
    _sweep(draft, ledger.now)
    if (known is not None and not known.open) or to_ms(movement.expires_at) <= ledger.now:
        draft.count("repeats", record.topic)
    elif known is not None:
        # It was told so before, and may not have heard.
        _answer(draft, movement, ledger, granted=True, amount=known.amount)
    elif ledger.used + movement.amount <= ledger.limit:
        _answer(draft, movement, ledger, granted=True, amount=movement.amount)
        draft.writes[_key(movement)] = _reservation(movement, is_open=True)
        ledger = structs.replace(ledger, reserved=ledger.reserved + movement.amount)
    else:
        _answer(draft, movement, ledger, granted=False, amount=movement.amount)
    draft.writes[movement.key] = pack(ledger)


def _settled(draft: Draft, movement: Movement) -> None:
    """Count what was moved at its time, and nothing of it as reserved any more; once."""
    ledger = unpack(draft.read(movement.key), Ledger)
    known = unpack(draft.read(_key(movement)), Reservation)
    if known is not None and not known.open:
        return
    # One that is told before it has asked is known by then, and gets no leave.
    draft.writes[_key(movement)] = _reservation(movement, is_open=False)
    if known is None or ledger is None:
        return
    moved, span = dict(ledger.moved), to_ms(movement.at) // SPAN
    if movement.amount:
        moved[span] = moved.get(span, Decimal(0)) + movement.amount
    ledger = structs.replace(ledger, reserved=ledger.reserved - known.amount, moved=moved)
    draft.writes[movement.key] = pack(ledger)


def _ledger_at(draft: Draft, movement: Movement, at: int) -> Ledger:
    """Return the group's ledger as of a time, with the limit of its newest version."""
    limit = movement.limit or Decimal(0)
    ledger = unpack(draft.read(movement.key), Ledger)
    if ledger is None:
        return Ledger(movement.group_version, limit, at)
    now = max(ledger.now, at)
    moved = {
        span: amount for span, amount in ledger.moved.items() if (span + 1) * SPAN + WINDOW > now
    }
    ledger = structs.replace(ledger, now=now, moved=moved)
    # A group that was deleted may come again with any version.
    if movement.group_version >= ledger.version or not ledger.used:
        ledger = structs.replace(ledger, version=movement.group_version, limit=limit)
    return ledger


def _answer(
    draft: Draft, movement: Movement, ledger: Ledger, *, granted: bool, amount: Decimal
) -> None:
    """Publish the action once more, with the answer, where its campaign is."""
    content = movement.content or b""
    key = decode(content, Action).key
    answer = Answer(
        group=movement.budget_group_id,
        granted=granted,
        amount=amount,
        used=ledger.used,
        limit=ledger.limit,
        again=None if granted else ledger.room_at(amount),
    )
    draft.count("movements", "granted" if granted else "refused")
    topic, target = draft.policy.topic(ACTIONS), partition_of(key, draft.view.partitions)
    output = Output(topic, key, content, target, (header_of(answer),), ledger.now)
    draft.outputs.append(output)


def _sweep(draft: Draft, now: int) -> None:
    """Delete, now and then, what is known of actions that have expired: they get no leave."""
    swept = int.from_bytes(draft.read(_SWEPT) or b"", "big")
    if now < swept + WINDOW // 24:
        return
    draft.writes[_SWEPT] = now.to_bytes(8, "big")
    for key in _ended(draft, now):
        draft.writes[key] = None


def _ended(draft: Draft, now: int) -> Iterator[bytes]:
    for key, row in draft.view.table(MOVEMENTS).items():
        if key != _SWEPT and b"\0" in key:
            known = unpack(row, Reservation)
            if known is not None and not known.open and known.until <= now:
                yield key


def _reservation(movement: Movement, *, is_open: bool) -> bytes:
    until = to_ms(movement.expires_at)
    return pack(Reservation(movement.amount, until, is_open))


def _key(movement: Movement) -> bytes:
    """Return the key of a raise's reservation; names are printable, so a NUL is in none."""
    return movement.key + b"\0" + bytes.fromhex(movement.action_id)
