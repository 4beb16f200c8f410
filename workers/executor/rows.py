"""What the executor's tables hold: one row per campaign and agent, and one per change.

Rows are MessagePack, tagged with the version of their layout. Those that a tick may have to act
on begin with the first and the last time at which it has to: of the others it reads no more.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from struct import Struct
from typing import TypeVar

import msgspec

from schemas.action import Action
from schemas.approval import Approval
from schemas.decision import Decision, Verb
from schemas.levers import DAILY_BUDGET
from schemas.recommendation import Recommendation
from workers.executor.memory import Memory
from workers.executor.slots import slot_of
from workers.instants import to_ms

_SPAN = Struct(">qq")
"""The first and the last time, in milliseconds, at which a tick has to look at a row."""

NEVER = 2**63 - 1
"""A time, in milliseconds, that does not come."""

HELD, ORDERS, CHANGES, GRANTS, EDITS = b"\0", b"\1", b"\2", b"\3", b"\5"
"""First bytes of keys in the table of actions: of what is held, orders and what has ended of them,
what changes have set, leave to move money, and edits of others. A campaign's key begins with none.
"""


class Row(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """A value of a table. ``tag`` is the layout's version."""


RowT = TypeVar("RowT", bound=Row)


class InForce(msgspec.Struct, frozen=True, array_like=True):
    """The value that a field has now."""

    value: Decimal
    currency: str | None
    set_by: bytes
    """Id of the action that set it."""
    plan_version: int = 0
    """Version of the plan that it was decided for; a daily budget holds no longer than that."""
    advised: bool = False
    """Whether advice had it set, and no person by a word of their own."""
    at: int = 0
    """When it was set, milliseconds; 0 where an older release has kept it."""


class Campaign(Row, frozen=True, array_like=True):
    """What is in force for one campaign, by `slot_of`, and which actions have been seen."""

    in_force: dict[str, InForce] = msgspec.field(default_factory=dict)
    memory: Memory = msgspec.field(default_factory=Memory)

    def value_for(self, action: Action) -> Decimal | None:
        """Return what is in force of the action's field, if it is in the action's currency."""
        current = self.standing(slot_of(action), action)
        # An entry's amounts are in the action's currency: one in another currency is none of them.
        return current.value if current and current.currency == action.currency else None

    def standing(self, slot: str, action: Action) -> InForce | None:
        """Return what is in force of a slot, as ``action`` has to see it.

        A daily budget that was decided for another version of the plan is none: the plan's own
        holds again.
        """
        current = self.in_force.get(slot)
        if current and action.field == DAILY_BUDGET:
            return current if current.plan_version == action.plan_version else None
        return current


class Yes(msgspec.Struct, frozen=True, array_like=True):
    """A person's approval that waits ``until`` a time, in milliseconds, for those of others."""

    subject: bytes
    """The recommendation; of a roll-back the action to undo, and the newest undone with it."""
    plan_version: int
    """Version of the plan that it was given under: under another one it is none."""
    until: int
    approval: Approval


class Proposals(Row, frozen=True, array_like=True):
    """Recommendations of one campaign that await a person, and those that did."""

    open: tuple[Recommendation, ...] = ()
    memory: Memory = msgspec.field(default_factory=Memory)
    superseded: dict[bytes, bytes] = msgspec.field(default_factory=dict)
    """Recommendation to the newer one that took its place."""
    answered: dict[bytes, bytes] = msgspec.field(default_factory=dict)
    """Recommendation to the decision that had been waiting for it and has ended it."""
    heard: dict[bytes, tuple[bytes, ...]] = msgspec.field(default_factory=dict)
    """Recommendation to decisions that had been waiting for it and were answered as well."""
    counted: tuple[Yes, ...] = ()
    """Approvals among these that wait for those of others."""

    @property
    def due(self) -> tuple[int, ...]:
        """When the open ones expire, milliseconds."""
        return tuple(expiry(advice) for advice in self.open)


class Ruling(msgspec.Struct, frozen=True, array_like=True):
    """What a person has said about a recommendation, which matters ``until`` it expires."""

    recommendation: bytes
    until: int
    verb: Verb
    by: str


class Waiting(msgspec.Struct, frozen=True, array_like=True):
    """A decision made ``at`` whose recommendation has not been seen; ``until`` patience ends."""

    decision: Decision
    at: int
    until: int


class Decisions(Row, frozen=True, array_like=True):
    """What people have said about one campaign."""

    rulings: tuple[Ruling, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    conditions: dict[str, bytes] = msgspec.field(default_factory=dict)
    """Kind to the campaign's own condition that was published last, as JSON."""
    memory: Memory = msgspec.field(default_factory=Memory)
    counted: tuple[Yes, ...] = ()
    """Approvals that wait for those of others."""

    def ruling_on(self, recommendation_id: str | None) -> Ruling | None:
        """Return what was said about a recommendation that was known then."""
        wanted = bytes.fromhex(recommendation_id or "")
        return next((one for one in self.rulings if one.recommendation == wanted), None)

    def waiting_for(self, recommendation_id: str | None, clock: int) -> tuple[Waiting, ...]:
        """Return decisions that wait for a recommendation; none that ticks have closed."""
        return tuple(
            one
            for one in self.waiting
            if one.decision.recommendation_id == recommendation_id and one.until > clock
        )

    def with_yes(self, more: tuple[Yes, ...]) -> Decisions:
        """Return the row with more approvals that wait."""
        return msgspec.structs.replace(self, counted=(*self.counted, *more))

    def without_yes(self, subject: bytes) -> Decisions:
        """Return the row without approvals of what needs no more."""
        others = tuple(yes for yes in self.counted if yes.subject != subject)
        return msgspec.structs.replace(self, counted=others)

    def without_lapsed(self, clock: int) -> Decisions:
        """Return the row without approvals whose time ticks have told to be over."""
        still = tuple(yes for yes in self.counted if yes.until > clock)
        return msgspec.structs.replace(self, counted=still)

    @property
    def due(self) -> tuple[int, ...]:
        """When patience with the waiting ones ends, milliseconds."""
        return tuple(waiting.until for waiting in self.waiting)


class Held(msgspec.Struct, frozen=True, array_like=True):
    """An action read ``at`` a time that waits ``until`` one: when it is valid, or patience ends."""

    action: Action
    at: int
    until: int
    for_plan: bool
    asked: bool = False
    """Whether it waits for its group's ledger: for an answer, or for room."""


class Holds(Row, frozen=True, array_like=True):
    """Actions of one campaign that wait, and those that waited for a plan in vain."""

    held: tuple[Held, ...] = ()

    def of(self, action_id: str) -> Held | None:
        """Return what is held of an action."""
        return next((one for one in self.held if one.action.action_id == action_id), None)

    def without(self, action_id: str) -> Holds:
        """Return what waits beside an action."""
        return Holds(tuple(one for one in self.held if one.action.action_id != action_id))

    @property
    def due(self) -> tuple[int, ...]:
        """When the waiting ends, milliseconds."""
        return tuple(one.until for one in self.held)


def change_key(campaign: bytes, action: bytes) -> bytes:
    """Return the key under which an older release kept what an action had changed."""
    return campaign + b"\0" + action


def held_key(campaign: bytes) -> bytes:
    """Return the key of the campaign's `Holds`, beside those of the campaigns themselves."""
    return HELD + campaign


def expiry(advice: Recommendation) -> int:
    """Return when a recommendation expires, milliseconds."""
    return to_ms(advice.expires_at)


def pack(row: Row) -> bytes:
    """Return the row's bytes."""
    return msgspec.msgpack.encode(row)


def unpack(data: bytes | None, kind: type[RowT]) -> RowT | None:
    """Read a row; None stays None."""
    return None if data is None else _decoder(kind).decode(data)


def pack_due(row: Proposals | Decisions | Holds) -> bytes:
    """Return the row's bytes behind the times at which a tick has to act on it."""
    span = (min(row.due), max(row.due)) if row.due else (NEVER, 0)
    return _SPAN.pack(*span) + pack(row)


def unpack_due(data: bytes | None, kind: type[RowT]) -> RowT:
    """Read what `pack_due` has written; None is the empty row."""
    return kind() if data is None else _decoder(kind).decode(memoryview(data)[_SPAN.size :])


def may_be_due(data: bytes, since: int, now: int) -> bool:
    """Return whether something of what `pack_due` has written may fall due after ``since``."""
    first, last = _SPAN.unpack_from(data)
    return bool(first <= now and last > since)


@cache
def _decoder(kind: type[RowT]) -> msgspec.msgpack.Decoder[RowT]:
    return msgspec.msgpack.Decoder(kind)
