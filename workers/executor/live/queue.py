"""Open orders: by entity, one at a time and in order; who goes next is fair between accounts."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from workers.executor.live.order import Account, Order, Target


class Entry(NamedTuple):
    """An order that is open here."""

    order: Order
    taken_up_at: float | None
    """When it was taken up from an earlier owner; None if it is new."""


@dataclass(slots=True)
class Queue:
    """Orders that have not ended, of all accounts.

    ``per_account`` is how many orders of one account may be under way at once.
    """

    per_account: int
    _waiting: dict[Account, dict[Target, deque[Entry]]] = field(default_factory=dict)
    _busy: dict[Account, set[Target]] = field(default_factory=dict)
    _served: dict[Account, int] = field(default_factory=dict)
    _serving: int = 0

    def add(self, entry: Entry) -> None:
        """Put an order behind those of its entity."""
        order = entry.order
        self._waiting.setdefault(order.account, {}).setdefault(order.target, deque()).append(entry)

    def next(self, delay: Callable[[Order], float]) -> tuple[Entry | None, float | None]:
        """Take out who goes next; if nobody may, return after how many seconds one will.

        ``delay`` says after how many seconds an order may begin, 0 if now.
        """
        soonest: float | None = None
        for account in sorted(self._waiting, key=self._last_served):
            ready: list[Entry] = []
            for entry in self._heads(account):
                wait = delay(entry.order)
                if wait <= 0:
                    ready.append(entry)
                else:
                    soonest = wait if soonest is None else min(soonest, wait)
            if ready:
                # Cuts before raises before bids; of one kind, who was released first.
                return self._take(min(ready, key=_rank)), None
        return None, soonest

    def done(self, order: Order) -> None:
        """Let the next order of its entity go."""
        self._busy[order.account].discard(order.target)

    def _last_served(self, account: Account) -> int:
        return self._served.get(account, 0)

    def _heads(self, account: Account) -> Iterator[Entry]:
        busy = self._busy.setdefault(account, set())
        if len(busy) >= self.per_account:
            return
        for target, entries in self._waiting[account].items():
            if target not in busy:
                yield entries[0]

    def _take(self, entry: Entry) -> Entry:
        account, target = entry.order.account, entry.order.target
        lanes = self._waiting[account]
        lanes[target].popleft()
        if not lanes[target]:
            del lanes[target]
        if not lanes:
            del self._waiting[account]
        self._busy[account].add(target)
        self._serving += 1
        self._served[account] = self._serving
        return entry


def _rank(entry: Entry) -> tuple[int, float, str]:
    return entry.order.kind, entry.order.released_at, entry.order.action_id
