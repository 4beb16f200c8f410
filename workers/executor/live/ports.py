"""What the loop asks of the world around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

from workers.connectors.errors import ConnectorError
from workers.connectors.protocol import Change, Receipt, Ref, State
from workers.executor.live.order import Order
from workers.executor.live.outcome import Outcome


class NotOwner(Exception):
    """The order belongs to another worker now; it is still open, and none of ours."""


class Platform(Protocol):
    """The part of a `workers.connectors.protocol.Connector` that makes changes."""

    async def fit(self, change: Change) -> Change:
        """Return the change with the nearest value that can be set, of money never one above."""

    async def read_state(self, refs: Sequence[Ref]) -> Mapping[Ref, State]:
        """Return what is in force."""

    async def validate(self, change: Change, state: State) -> None:
        """Raise `Rejected` if it would not be done."""

    async def apply(self, change: Change, state: State) -> Receipt:
        """Make the change by one attempt on the wire."""


class Clock(Protocol):
    """Time as the worker sees it."""

    def now(self) -> float:
        """Return seconds since 1970, UTC."""

    async def sleep(self, seconds: float) -> None:
        """Return not before that time has passed."""


class Ownership(Protocol):
    """Whether this worker still owns the order.

    It must say no once the lease may be over by the worker's own monotonic clock, not only when
    somebody has told it so.
    """

    async def prove(self) -> None:
        """Renew the lease where it is soon over; asked before each call."""

    def may_act(self, order: Order) -> bool:
        """Return whether it may call the platform now; asked right before, so it never waits."""


class Freezes(Protocol):
    """What people have stopped; asked right before each change, so it never waits."""

    def freeze_on(self, order: Order) -> str:
        """Return which freeze holds and how to lift it; empty if none does."""

    def plan_changed(self, order: Order) -> str:
        """Return how the plan that bounds the order differs from then; empty if it does not."""


class Gate(Protocol):
    """Keeps to the platform's limits, and hears what the platform says."""

    async def turn(self, order: Order) -> None:
        """Return when one more call may be made; raise `Throttled` if not for long."""

    def heard(self, order: Order, said: Receipt | ConnectorError | None) -> None:
        """Take note of an answer; None is an answer to a reading."""


class Effects(Protocol):
    """Where outcomes go."""

    async def publish(self, order: Order, outcome: Outcome) -> None:
        """Return when it is committed; raise `NotOwner` when another worker has fenced this one."""


def chance_of(order: Order) -> Random:
    """Return the chance that spreads the order's waits: the same whenever it is replayed."""
    return Random(order.action_id)  # noqa: S311 -- spreads waits, guards nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """All of them."""

    platform: Callable[[Order], Platform]
    """The connector for an order's platform; raises `Rejected` where none may be asked."""
    clock: Clock
    ownership: Ownership
    freezes: Freezes
    effects: Effects
    chance: Callable[[Order], Random] = chance_of
