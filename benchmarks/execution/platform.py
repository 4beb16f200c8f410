"""A platform as a model: it keeps count of what it allows, and some calls fail."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from math import inf
from random import Random

from workers.connectors.errors import Ambiguous, ConnectorError, Rejected, Throttled
from workers.connectors.protocol import Change, Receipt, Ref, State

HOUR = 3600.0
_HINT, _GIVES_UP = 60.0, 10.0
_TINY = 1e-6
"""Seconds that are lost by rounding."""


class Fault(StrEnum):
    """What goes wrong with a call."""

    THROTTLED = "throttled"
    THROTTLED_WITH_HINT = "throttled, with a hint"
    SERVER_ERROR = "an error of the server, nothing done"
    LOST_BEFORE = "lost on the way there"
    LOST_AFTER = "done, and the answer lost"
    REJECTED = "rejected"


_OF_READINGS = (Fault.THROTTLED, Fault.THROTTLED_WITH_HINT, Fault.SERVER_ERROR, Fault.LOST_BEFORE)
_NOT_DONE = {*Fault} - {Fault.LOST_AFTER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What an account may do; the platform does what is beyond it, and counts that."""

    calls_per_second: float
    burst: int
    changes_per_hour: int


@dataclass(slots=True)
class ModelPlatform:
    """Accounts whose entities are at 100; ``faulty`` is the share of calls that fail."""

    allowed: Allowed
    chance: Random
    faulty: float
    slow: bool = True
    """Whether an answer takes 0.05 to 0.3 s, rather than none at all."""
    values: dict[Ref, Decimal] = field(default_factory=dict)
    effects: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """When each action took effect."""
    calls: Counter[str] = field(default_factory=Counter)
    """By account."""
    faults: Counter[Fault] = field(default_factory=Counter)
    above: list[str] = field(default_factory=list)
    """What was beyond the limits."""
    rejected: set[str] = field(default_factory=set)
    _full: dict[str, float] = field(default_factory=lambda: defaultdict(lambda: -inf))
    """When the account's allowance of calls is, or was, full again."""
    _closed: dict[str, float] = field(default_factory=lambda: defaultdict(lambda: -inf))
    _changes: dict[Ref, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    async def fit(self, change: Change) -> Change:
        """Return the change: anything can be set."""
        return change

    async def read_state(self, refs: Sequence[Ref]) -> Mapping[Ref, State]:
        """Return what is in force."""
        account = refs[0].account_id
        fault = self._take(account, _OF_READINGS)
        await self._wire()
        await self._fail(account, fault)
        return {
            ref: State(value=self.values.get(ref, Decimal(100)), currency="EUR") for ref in refs
        }

    async def validate(self, change: Change, state: State) -> None:
        """Find nothing wrong."""
        del state
        account = change.ref.account_id
        fault = self._take(account, _OF_READINGS)
        await self._wire()
        await self._fail(account, fault)

    async def apply(self, change: Change, state: State) -> Receipt:
        """Make the change, unless it fails."""
        del state
        account = change.ref.account_id
        fault = self._take(account, tuple(Fault))
        await self._wire()
        if fault not in _NOT_DONE:
            self._change(change)
        if fault is Fault.REJECTED:
            self.rejected.add(change.key)
        await self._fail(account, fault)
        return Receipt(sent=str(change.target))

    def _take(self, account: str, faults: Sequence[Fault]) -> Fault | None:
        """Count a call as it leaves, and draw what goes wrong with it."""
        now = asyncio.get_running_loop().time()
        self.calls[account] += 1
        if now < self._closed[account] - _TINY:
            self.above.append(f"{account} is called at {now}, asked to wait")
        # A leaky bucket: each call fills it by one, and it holds a burst.
        spacing = 1 / self.allowed.calls_per_second
        self._full[account] = max(self._full[account], now) + spacing
        if self._full[account] - now > self.allowed.burst * spacing + _TINY:
            self.above.append(f"{account} is called too fast at {now}")
        if self.chance.random() >= self.faulty:
            return None
        fault = self.chance.choice(faults)
        self.faults[fault] += 1
        return fault

    def _change(self, change: Change) -> None:
        now, changes = asyncio.get_running_loop().time(), self._changes[change.ref]
        while changes and changes[0] + HOUR <= now:
            changes.popleft()
        changes.append(now)
        if len(changes) > self.allowed.changes_per_hour:
            self.above.append(f"{change.ref.entity_id} is changed too often at {now}")
        self.values[change.ref] = change.target
        self.effects[change.key].append(now)

    async def _wire(self) -> None:
        if self.slow:
            await asyncio.sleep(self.chance.uniform(0.05, 0.3))

    async def _fail(self, account: str, fault: Fault | None) -> None:
        if fault in {Fault.LOST_BEFORE, Fault.LOST_AFTER}:
            await asyncio.sleep(_GIVES_UP)
        if fault is Fault.THROTTLED_WITH_HINT:
            self._closed[account] = asyncio.get_running_loop().time() + _HINT
        if fault is not None:
            raise _error(fault)


def _error(fault: Fault) -> ConnectorError:
    if fault is Fault.REJECTED:
        return Rejected("no")
    if fault is Fault.THROTTLED:
        return Throttled("too many")
    if fault is Fault.THROTTLED_WITH_HINT:
        return Throttled("too many", retry_after=_HINT)
    return Ambiguous(fault)
