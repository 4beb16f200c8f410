"""Orders: what is being set on a platform for each campaign, one action after the other.

A campaign's actions are carried out in turn: what the next one finds is what the last one has
left. An order is open from the transaction that wrote its intent until the one that tells its
outcome, whoever dies in between.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Final

import msgspec

from schemas.action import Action
from schemas.fields import Entity
from workers.connectors.protocol import Lever
from workers.executor.live.outcome import Result
from workers.executor.rows import ORDERS, Row
from workers.executor.slots import slot_named

MOST_SET_LAST: Final = 2_000
"""Values of which it is kept what was read last: two of each ad set that a plan can name. Ad sets
come and go; of what is let go, what is found next counts."""
HANDS_OFF: Final = timedelta(hours=24) // timedelta(milliseconds=1)
"""How long policy leaves alone what somebody else has set, milliseconds."""


class Part(msgspec.Struct, frozen=True, array_like=True):
    """One value of the platform that an action sets."""

    entity: Entity
    entity_id: str
    lever: Lever
    target: Decimal
    expected: Decimal | None = None
    """What was set there last; None where nothing is known."""
    highest: Decimal | None = None
    max_change_pct: float | None = None
    result: Result | None = None
    """How it ended; None while it has not."""
    before: Decimal | None = None
    after: Decimal | None = None
    beside: bool = False
    """Whether the rest is set also where this is refused, or somebody else has set it."""
    part: str = ""
    """Of a lever that has several values."""

    @property
    def slot(self) -> str:
        """Return what names the value on the platform."""
        return slot_named(self.entity, self.entity_id, self.lever, self.part)

    @property
    def was_set(self) -> bool:
        """Return whether it was changed, and would have to be put back."""
        return self.result in {Result.APPLIED, Result.CONFIRMED}

    @property
    def is_waived(self) -> bool:
        """Return whether it is not in force, and the rest is to be all the same."""
        return self.beside and self.result in {Result.REJECTED, Result.DRIFT}

    @property
    def may_be_set(self) -> bool:
        """Return whether it was changed, or nobody could read whether it was."""
        return self.was_set or self.result is Result.UNVERIFIED


class OpenOrder(msgspec.Struct, frozen=True, array_like=True):
    """An action that is being carried out; of its parts the first that has not ended is next."""

    action: Action
    currency: str
    begun: int
    """When, milliseconds."""
    number: int
    """Of the campaign's orders, counted from 0."""
    parts: tuple[Part, ...]
    shadow: bool = False
    undoing: bool = False
    """Whether the parts put back what others, before one that failed, had set."""
    failure: str = ""
    """Why, while undoing."""
    plan_version: int | None = None
    """Version of the plan whose bounds it keeps to; None where there was none that holds."""

    @property
    def at(self) -> int | None:
        """Return the position of the part that is next; None when all have ended."""
        return next((at for at, part in enumerate(self.parts) if part.result is None), None)

    @property
    def order_id(self) -> str:
        """Return what names the order of the part that is next."""
        return f"{self.action.action_id}-{'undo-' if self.undoing else ''}{self.at}"

    def with_part(self, part: Part) -> OpenOrder:
        """Return the order with its next part replaced."""
        at = self.at or 0
        parts = (*self.parts[:at], part, *self.parts[at + 1 :])
        return msgspec.structs.replace(self, parts=parts)


class Speed(msgspec.Struct, frozen=True, array_like=True):
    """How often a field was changed by policy on the local day of its last change."""

    day: int
    """Days since 1970 in the account's zone."""
    changes: int
    last: int
    """When, milliseconds."""


class Orders(Row, frozen=True, array_like=True):
    """What is being carried out for one campaign, what waits behind it, and what was left."""

    under_way: OpenOrder | None = None
    waiting: tuple[Action, ...] = ()
    count: int = 0
    set_last: dict[str, Decimal] = msgspec.field(default_factory=dict)
    """What is in force on the platform by what was read last, by `Part.slot`."""
    budget_changes: dict[str, tuple[int, ...]] = msgspec.field(default_factory=dict)
    """When budgets may have been changed, milliseconds, the last few, by `Part.slot`."""
    hands_off: dict[str, int] = msgspec.field(default_factory=dict)
    """Until when policy leaves alone what somebody else has set, milliseconds, by `Part.slot`."""
    speeds: dict[str, Speed] = msgspec.field(default_factory=dict)
    """By `workers.executor.slots.slot_of`."""
    refused: dict[str, int] = msgspec.field(default_factory=dict)
    """Until when what the platform has refused beside others is not asked for again, milliseconds,
    by `Part.slot`."""
    since: int = 0
    """When the first order was begun of which histories tell, milliseconds; 0 before it."""
    edited: tuple[str, ...] = ()
    """Values that somebody else has set and nobody here since, by `Part.slot`."""
    unread: dict[str, Decimal] = msgspec.field(default_factory=dict)
    """What a day may spend on top for a window, where nobody could read whether it may: the most,
    by `Part.slot`."""

    def with_edited(self, slot: str) -> tuple[str, ...]:
        """Return those values when somebody else has set one more."""
        return (*(other for other in self.edited if other != slot), slot)[-MOST_SET_LAST:]


def orders_key(campaign: bytes) -> bytes:
    """Return the key of the campaign's `Orders`, beside those of the campaigns themselves."""
    return ORDERS + campaign
