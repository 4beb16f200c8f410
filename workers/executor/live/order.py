"""Orders: changes that are to be made on a platform, each once."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import NamedTuple

from schemas.fields import Entity
from workers.connectors.protocol import Change, Lever

BUDGETS = frozenset({Lever.DAILY_BUDGET, Lever.LIFETIME_BUDGET})
"""Levers whose changes platforms count by the hour."""


class Kind(IntEnum):
    """What goes first when not all can go at once: the lowest."""

    LOWER = 0
    RAISE = 1
    BID = 2


class Account(NamedTuple):
    """Whose credentials, limits and breaker count."""

    platform: str
    account_id: str


class Target(NamedTuple):
    """One entity of a platform; its orders go one at a time, in order, whatever they set."""

    account: Account
    entity: Entity
    entity_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Make one change, between two moments; both in seconds since 1970, UTC."""

    action_id: str
    """Of this order alone: an action that sets several values has one order for each."""
    platform: str
    change: Change
    expected: Decimal | None
    """What is to be found in force; None where nobody has said, then whatever is found."""
    kind: Kind
    released_at: float
    expires_at: float
    shadow: bool = False
    """Whether all is done but the call that would make the change."""
    by_person: bool = False
    """Whether a person has released it, who may change what the platform is still learning."""
    highest: Decimal | None = None
    """The most that the plan allows to be set; None is no such limit."""
    max_change_pct: float | None = None
    """Largest change of what is found, per cent of it; None is no such limit."""

    @property
    def account(self) -> Account:
        """Return the account that the change is made in."""
        return Account(self.platform, self.change.ref.account_id)

    @property
    def target(self) -> Target:
        """Return the entity that is changed."""
        return Target(self.account, self.change.ref.entity, self.change.ref.entity_id)


def kind_of(change: Change, expected: Decimal | None) -> Kind:
    """Return what sort of change it is: a budget of which nothing is known counts as raised."""
    if change.ref.lever in (Lever.STATUS, Lever.BUDGET_INCREASE):
        return Kind.RAISE if change.target else Kind.LOWER
    if change.ref.lever not in BUDGETS:
        return Kind.BID
    return Kind.LOWER if expected is not None and change.target < expected else Kind.RAISE
