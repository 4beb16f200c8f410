"""The courier: carries open orders to their platforms and tells what became of each.

It owns no truth: an order is open until its effect is committed, whatever happens to the courier
in between. Cancelled, killed or fenced, it leaves orders open for the next owner.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

from workers.connectors.errors import ConnectorError
from workers.connectors.protocol import Receipt
from workers.executor.live.breaker import Breakers
from workers.executor.live.carry_out import carry_out
from workers.executor.live.lanes import Entry
from workers.executor.live.limits import Counts, take_turn
from workers.executor.live.order import Account, Order
from workers.executor.live.policy import Patience
from workers.executor.live.ports import NotOwner, Ports
from workers.executor.live.queue import Queue


@dataclass(slots=True, kw_only=True)
class Desk:
    """What holds of platforms and accounts, for all couriers of a process; the loop's gate."""

    ports: Ports
    counts: dict[str, Counts]
    """By platform."""
    breakers: Breakers = field(default_factory=Breakers)

    async def turn(self, order: Order) -> None:
        """Return when one more call may be made; raise `Throttled` if not for long."""
        await take_turn(self.counts[order.platform], order.account, self.ports.clock)

    def heard(self, order: Order, said: Receipt | ConnectorError | None) -> None:
        """Take note of an answer."""
        now = self.ports.clock.now()
        self.counts[order.platform].heard(order.account, said, now)
        with self._telling(order.account):
            self.breakers.heard(order.account, said, now)

    def begin(self, order: Order) -> None:
        """Take note that an order begins; one that is over is not there to try an account."""
        if self.ports.clock.now() < order.expires_at:
            self.breakers.begin(order)

    def end(self, order: Order) -> None:
        """Take note that an order has ended."""
        with self._telling(order.account):
            self.breakers.end(order, self.ports.clock.now())

    def opens(self, account: Account) -> float:
        """Return from when on orders of an account may begin; infinite until `watched` tells."""
        now = self.ports.clock.now()
        return max(self.counts[account.platform].opens(account, now), self.breakers.opens(account))

    def due(self, order: Order) -> float:
        """Return from when on an order may begin, whatever holds for its account."""
        return self.counts[order.platform].due(order)

    @contextmanager
    def watched(self, tell: Callable[[Account], None]) -> Iterator[None]:
        """Let ``tell`` know whenever an account opens earlier than was said."""
        self.breakers.watchers.append(tell)
        try:
            yield
        finally:
            self.breakers.watchers.remove(tell)

    @contextmanager
    def _telling(self, account: Account) -> Iterator[None]:
        before = self.breakers.opens(account)
        yield
        if self.breakers.opens(account) < before:
            for tell in self.breakers.watchers:
                tell(account)


class Courier:
    """Carries out the orders of one partition, for one term of ownership.

    Who gets a partition back starts another one: in between somebody else may have called.
    Its `Ownership` must say no for good once the term is over.

    Parameters
    ----------
    per_account
        How many orders of one account may be under way at once.
    """

    def __init__(self, desk: Desk, patience: Patience, *, per_account: int = 4) -> None:
        self._desk, self._ports, self._patience = desk, desk.ports, patience
        self._queue = Queue(per_account)
        self._known: set[str] = set()
        self._news = asyncio.Event()

    def hand_over(self, order: Order) -> None:
        """Take an order whose transaction is committed and that no other worker has seen."""
        self._accept(Entry(order, None))

    def take_up(
        self,
        orders: Iterable[Order],
        *,
        settled: Iterable[str] = (),
        changes: Iterable[tuple[Order, float]] = (),
        lease: float = 0.0,
    ) -> None:
        """Take over the open orders of a partition, oldest first.

        To be called once no effect of the earlier owner can be committed any more and all that
        are have been read. ``settled`` are ids of orders whose effects are committed and have not
        reached the tables, where they may still look open. ``changes`` are those of the last hour
        that may have taken effect, each with the time of its outcome. ``lease`` is for how many
        seconds the earlier owner may still call without knowing that it is one no more.
        """
        self._known.update(settled)
        for order, at in changes:
            self._desk.counts[order.platform].changed(order, at)
        until = self._ports.clock.now() + lease
        for order in orders:
            self._accept(Entry(order, until))

    def noted(self, action_id: str) -> None:
        """Forget an order whose effect has reached the tables: it cannot be handed over again."""
        self._known.discard(action_id)

    async def run(self) -> None:
        """Carry out orders until cancelled; ends by the error of a port that cannot go on."""
        desk = self._desk
        with desk.watched(self._opened):
            async with asyncio.TaskGroup() as under_way:
                while True:
                    self._news.clear()
                    now = self._ports.clock.now()
                    entry, wait = self._queue.next(now, desk.opens, desk.due)
                    if entry is None:
                        await self._wait(wait)
                        continue
                    desk.begin(entry.order)
                    # Also of one that is cancelled before its first step: others wait for it.
                    under_way.create_task(self._settle(entry)).add_done_callback(
                        partial(self._ended, entry.order)
                    )

    def _accept(self, entry: Entry) -> None:
        if entry.order.action_id not in self._known:
            self._known.add(entry.order.action_id)
            self._queue.add(entry)
            self._news.set()

    async def _settle(self, entry: Entry) -> None:
        order = entry.order
        try:
            outcome = await carry_out(
                self._ports, self._desk, self._patience, order, taken_up_at=entry.taken_up_at
            )
            if outcome.may_have_changed:
                self._desk.counts[order.platform].changed(order, outcome.at)
            await self._ports.effects.publish(order, outcome)
        except NotOwner:
            # Still open: it is the next owner's.
            self._known.discard(order.action_id)

    def _ended(self, order: Order, _: asyncio.Task[None]) -> None:
        self._desk.end(order)
        self._queue.done(order)
        self._news.set()

    def _opened(self, account: Account) -> None:
        self._queue.wake(account)
        self._news.set()

    async def _wait(self, seconds: float | None) -> None:
        """Wait for news, or until an order may begin."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
