"""The queue as it is meant: everybody who waits is asked, each time."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from math import inf

from workers.executor.live.lanes import Entry
from workers.executor.live.order import Account, Order, Target


class NaiveQueue:
    """Tells who may go next, and is told who does."""

    def __init__(self, per_account: int) -> None:
        self._per_account = per_account
        self._waiting: dict[Account, dict[Target, deque[Entry]]] = defaultdict(dict)
        self._busy: dict[Account, set[Target]] = defaultdict(set)
        self._served: dict[Account, int] = defaultdict(int)

    def add(self, entry: Entry) -> None:
        order = entry.order
        self._waiting[order.account].setdefault(order.target, deque()).append(entry)

    def next(self, delay: Callable[[Order], float]) -> tuple[list[Entry], float]:
        """Return those who may go next, equal in rank, or after how many seconds one may."""
        soonest, ready = inf, []
        for account in self._waiting:
            waits = [(delay(entry.order), entry) for entry in self._heads(account)]
            soonest = min([soonest, *(wait for wait, _ in waits)])
            able = [entry for wait, entry in waits if wait <= 0]
            if able:
                ready.append((self._served[account], min(able, key=_rank)))
        first = min((served for served, _ in ready), default=0)
        return [entry for served, entry in ready if served == first], soonest

    def take(self, entry: Entry) -> None:
        account, target = entry.order.account, entry.order.target
        assert self._waiting[account][target].popleft() is entry
        if not self._waiting[account][target]:
            del self._waiting[account][target]
        self._busy[account].add(target)
        self._served[account] = max(self._served.values()) + 1

    def done(self, order: Order) -> None:
        self._busy[order.account].discard(order.target)

    def _heads(self, account: Account) -> Iterator[Entry]:
        if len(self._busy[account]) < self._per_account:
            for target, entries in self._waiting[account].items():
                if target not in self._busy[account]:
                    yield entries[0]


def _rank(entry: Entry) -> tuple[int, float, str]:
    return entry.order.kind, entry.order.released_at, entry.order.action_id
