"""The open orders of one account: a lane for each entity, and who of their heads may go first."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from workers.executor.live.line import Line, reached
from workers.executor.live.order import Order, Target


class Entry(NamedTuple):
    """An order that is open here."""

    order: Order
    taken_up_at: float | None
    """When it was taken up from an earlier owner; None if it is new."""


class _Rank(NamedTuple):
    """Cuts before raises before bids; of one kind, who was released first."""

    kind: int
    released_at: float
    action_id: str


@dataclass(slots=True)
class Lanes:
    """The head of a lane may go while no order of its entity is under way.

    It stands in two lines: among those that are ready or that sleep, and among those that expire.
    Once it has expired it is over, and may go even if its account is shut. Moments are seconds
    since 1970, UTC.
    """

    most: int
    """How many orders may be under way at once."""
    _waiting: dict[Target, deque[Entry]] = field(default_factory=dict)
    _under_way: set[Target] = field(default_factory=set)
    _ready: Line[Target, _Rank] = field(default_factory=Line)
    """As far as is known: whether it may still go is asked when its turn comes."""
    _sleeping: Line[Target, float] = field(default_factory=Line)
    """By when they may go."""
    _expiring: Line[Target, float] = field(default_factory=Line)
    _over: Line[Target, _Rank] = field(default_factory=Line)

    def add(self, entry: Entry) -> None:
        """Put an order behind those of its entity."""
        target = entry.order.target
        lane = self._waiting.setdefault(target, deque())
        lane.append(entry)
        if len(lane) == 1:
            self._line_up(target)

    def free(self, target: Target) -> None:
        """Let the next order of an entity go."""
        self._under_way.discard(target)
        self._line_up(target)

    def choose(
        self, now: float, opens: float, due: Callable[[Order], float]
    ) -> tuple[_Rank, Target] | None:
        """Return whose head goes next; None if nobody may now.

        ``opens`` is when the account does, ``due`` says from when on an order itself may go.
        """
        if self._is_full():
            return None
        for target in reached(self._expiring, now):
            self._step_out(target)
            self._over.put(target, self._rank(target))
        over = self._over.first()
        ready = self._first_ready(now, due) if opens <= now else None
        return min(over, ready) if over and ready else over or ready

    def moment(self, opens: float) -> float:
        """Return when somebody may go, where nobody may now; infinite if not by time alone."""
        if self._is_full():
            return inf
        sleeping, expiring = self._sleeping.first(), self._expiring.first()
        goes = opens if self._ready.first() else max(opens, sleeping[0]) if sleeping else inf
        return min(goes, expiring[0]) if expiring else goes

    def take(self, target: Target) -> Entry:
        """Take the head of a lane out: it is under way."""
        self._step_out(target)
        lane = self._waiting[target]
        entry = lane.popleft()
        if not lane:
            del self._waiting[target]
        self._under_way.add(target)
        return entry

    def _is_full(self) -> bool:
        return len(self._under_way) >= self.most

    def _first_ready(
        self, now: float, due: Callable[[Order], float]
    ) -> tuple[_Rank, Target] | None:
        for target in reached(self._sleeping, now):
            self._ready.put(target, self._rank(target))
        while (first := self._ready.first()) is not None:
            target = first[1]
            moment = due(self._waiting[target][0].order)
            if moment <= now:
                return first
            self._ready.drop(target)
            self._sleeping.put(target, moment)
        return None

    def _line_up(self, target: Target) -> None:
        if target in self._waiting and target not in self._under_way:
            self._ready.put(target, self._rank(target))
            self._expiring.put(target, self._waiting[target][0].order.expires_at)

    def _step_out(self, target: Target) -> None:
        for line in (self._ready, self._sleeping, self._expiring, self._over):
            line.drop(target)

    def _rank(self, target: Target) -> _Rank:
        order = self._waiting[target][0].order
        return _Rank(order.kind, order.released_at, order.action_id)
