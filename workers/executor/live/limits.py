"""Limits: what platforms allow, kept to before they say no."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from math import inf

from workers.connectors.errors import ConnectorError, Throttled
from workers.connectors.protocol import Receipt
from workers.executor.live.order import BUDGETS, Account, Order, Target

HOUR, DAY = 3600.0, 86400.0
_WATCHFUL, _SLOWEST = 0.75, 0.05
"""From which share of a platform's limit on it is slowed down, and to which part of the rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Of one platform; each account has its own count."""

    calls_per_second: float = 10.0
    burst: int = 10
    calls_per_day: int | None = None
    """Between two midnights, UTC; None is no such limit."""
    changes_per_hour: int | None = None
    """Of one entity's budgets in any hour."""

    def __post_init__(self) -> None:
        if self.calls_per_second <= 0 or self.burst < 1:
            raise ValueError("calls_per_second must be above 0, burst at least 1")


@dataclass(slots=True)
class _Usage:
    due: float = -inf
    """When the next call would be due at an even rate."""
    rate: float = 1.0
    until: float = 0.0
    """Until when the platform asked to wait."""
    day: float = 0.0
    calls: int = 0


@dataclass(slots=True)
class Counts:
    """What has been used up of the limits of one platform, by this worker."""

    limits: Limits
    _usage: dict[Account, _Usage] = field(default_factory=dict)
    _changes: dict[Target, deque[float]] = field(default_factory=dict)

    def delay(self, order: Order, now: float) -> float:
        """Return after how many seconds the order may begin, as far as is known now."""
        usage = self._of(order.account, now)
        wait = max(0.0, usage.until - now)
        if self.limits.calls_per_day is not None and usage.calls >= self.limits.calls_per_day:
            wait = max(wait, usage.day + DAY - now)
        return max(wait, self._delay_of_change(order, now))

    def turn(self, account: Account, now: float) -> float:
        """Count one call and return after how many seconds it may be made.

        Raises
        ------
        Throttled
            When the day's calls are used up; it says until when.
        """
        usage = self._of(account, now)
        most = self.limits.calls_per_day
        if most is not None and usage.calls >= most:
            text = f"the {most} calls that {account.account_id} has a day are used up"
            raise Throttled(text, code="local/day", retry_after=usage.day + DAY - now)
        usage.calls += 1
        spacing = 1 / (self.limits.calls_per_second * usage.rate)
        due = max(usage.due, now - (self.limits.burst - 1) * spacing)
        usage.due = due + spacing
        return max(0.0, due - now)

    def heard(self, account: Account, said: Receipt | ConnectorError | None, now: float) -> None:
        """Slow down where the platform's answer says so."""
        usage = self._of(account, now)
        if isinstance(said, Throttled) and said.code != "local/day":
            usage.until = max(usage.until, now + (said.retry_after or 0.0))
        if isinstance(said, Receipt) and said.usage is not None:
            left = (1 - said.usage) / (1 - _WATCHFUL)
            usage.rate = min(1.0, max(_SLOWEST, left))

    def changed(self, order: Order, at: float) -> None:
        """Count a change that may have taken effect until ``at``."""
        if order.change.ref.lever in BUDGETS:
            self._changes.setdefault(order.target, deque()).append(at)

    def _delay_of_change(self, order: Order, now: float) -> float:
        most = self.limits.changes_per_hour
        changes = self._changes.get(order.target)
        if most is None or changes is None or order.change.ref.lever not in BUDGETS:
            return 0.0
        while changes and changes[0] + HOUR < now:
            changes.popleft()
        # A fifth one waits until the first of the last four is more than an hour ago.
        return max(0.0, changes[-most] + HOUR - now + 1) if len(changes) >= most else 0.0

    def _of(self, account: Account, now: float) -> _Usage:
        usage = self._usage.setdefault(account, _Usage())
        day = now - now % DAY
        if usage.day != day:
            usage.day, usage.calls = day, 0
        return usage
