"""Open orders: by entity, one at a time and in order; who goes next is fair between accounts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import isinf

from workers.executor.live.lanes import Entry, Lanes
from workers.executor.live.line import Line, reached
from workers.executor.live.order import Account, Order


@dataclass(slots=True)
class Queue:
    """Orders that have not ended, of all accounts.

    What it costs to find who goes next does not hang on how many wait: an account is looked at
    when it may have somebody, its entities when it is open. ``per_account`` is how many orders of
    one account may be under way at once.
    """

    per_account: int
    _lanes: dict[Account, Lanes] = field(default_factory=dict)
    _served: dict[Account, int] = field(default_factory=dict)
    _serving: int = 0
    _awake: Line[Account, int] = field(default_factory=Line)
    """Accounts that may have somebody, by when they were served last."""
    _asleep: Line[Account, float] = field(default_factory=Line)
    """Those that have nobody before a moment, by that. All others wait for an event."""

    def add(self, entry: Entry) -> None:
        """Put an order behind those of its entity."""
        account = entry.order.account
        if account not in self._lanes:
            self._lanes[account] = Lanes(self.per_account)
        self._lanes[account].add(entry)
        self.wake(account)

    def next(
        self, now: float, opens: Callable[[Account], float], due: Callable[[Order], float]
    ) -> tuple[Entry | None, float | None]:
        """Take out who goes next; if nobody may, return after how many seconds somebody might.

        None seconds is not before `add`, `done` or `wake`. An order may begin once its account
        ``opens`` and it is ``due`` itself, and once it has expired. When an account opens earlier
        than was said, `wake` has to be told.
        """
        for account in reached(self._asleep, now):
            self.wake(account)
        while (first := self._awake.first()) is not None:
            account, lanes = first[1], self._lanes[first[1]]
            moment = opens(account)
            if chosen := lanes.choose(now, moment, due):
                return self._take(lanes.take(chosen[1])), None
            self._awake.drop(account)
            if not isinf(moment := lanes.moment(moment)):
                self._asleep.put(account, moment)
        soonest = self._asleep.first()
        return None, soonest[0] - now if soonest else None

    def done(self, order: Order) -> None:
        """Let the next order of its entity go."""
        self._lanes[order.account].free(order.target)
        self.wake(order.account)

    def wake(self, account: Account) -> None:
        """Take note that somebody of an account may go."""
        if account in self._lanes:
            self._asleep.drop(account)
            self._awake.put(account, self._served.get(account, 0))

    def _take(self, entry: Entry) -> Entry:
        account = entry.order.account
        self._serving += 1
        self._served[account] = self._serving
        self.wake(account)
        return entry
