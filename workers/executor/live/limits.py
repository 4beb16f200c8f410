"""Limits: what platforms allow, kept to before they say no."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile
from math import inf
from operator import itemgetter

from workers.connectors.errors import ConnectorError, Throttled
from workers.connectors.protocol import Receipt
from workers.executor.live.order import BUDGETS, Account, Order, Target

HOUR, DAY = 3600.0, 86400.0
_WATCHFUL, _SLOWEST = 0.75, 0.05
"""From which share of a platform's limit on it is slowed down, and to which part of the rate."""
_LONGEST = 60.0
"""Seconds that a call is held back where the platform asked to wait; beyond them it is refused."""
_PASSES = HOUR + 1.0
"""Seconds after which a change counts no more; a platform's hour may differ from ours."""


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
        if self.changes_per_hour is not None and self.changes_per_hour < 1:
            raise ValueError("changes_per_hour must be at least 1, or None")


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
    _changes: dict[Target, dict[str, float]] = field(default_factory=dict)
    """When the latest were made, by action; as many as an hour may have."""

    def opens(self, account: Account, now: float) -> float:
        """Return from when on orders of an account may begin, as far as is known now."""
        usage = self._of(account, now)
        most = self.limits.calls_per_day
        used_up = most is not None and usage.calls >= most
        return max(usage.until, usage.day + DAY) if used_up else usage.until

    def due(self, order: Order) -> float:
        """Return from when on an order may begin by what was changed of its entity."""
        most = self.limits.changes_per_hour
        if most is None or order.change.ref.lever not in BUDGETS:
            return 0.0
        latest = self._changes.get(order.target, {})
        # A fifth one waits until the first of the last four is more than an hour ago.
        return min(latest.values()) + _PASSES if len(latest) >= most else 0.0

    def turn(self, account: Account, now: float) -> float:
        """Count one call and return after how many seconds it may be made.

        Raises
        ------
        Throttled
            When the day's calls are used up, or the platform asked to wait for long; it says for
            how long.
        """
        usage = self._of(account, now)
        most = self.limits.calls_per_day
        if most is not None and usage.calls >= most:
            text = f"the {most} calls that {account.account_id} has a day are used up"
            raise Throttled(text, code="local/day", retry_after=usage.day + DAY - now)
        if usage.until > now + _LONGEST:
            text = f"the platform asked {account.account_id} to wait"
            raise Throttled(text, code="local/wait", retry_after=usage.until - now)
        usage.calls += 1
        spacing = 1 / (self.limits.calls_per_second * usage.rate)
        earliest = usage.until if usage.until > now else now - (self.limits.burst - 1) * spacing
        due = max(usage.due, earliest)
        usage.due = due + spacing
        return max(0.0, due - now)

    def passes(self, account: Account, now: float) -> bool:
        """Return whether a call that has waited for its turn may be made; if not, it counts not.

        The platform may have asked to wait in between: then it is to take another turn.
        """
        usage = self._of(account, now)
        if usage.until <= now:
            return True
        usage.calls = max(0, usage.calls - 1)
        return False

    def heard(self, account: Account, said: Receipt | ConnectorError | None, now: float) -> None:
        """Slow down where the platform's answer says so."""
        usage = self._of(account, now)
        if isinstance(said, Throttled):
            # No more than a day: an account must not stay shut for ever by one odd answer.
            usage.until = max(usage.until, now + min(said.retry_after or 0.0, DAY))
        if isinstance(said, Receipt) and said.usage is not None:
            left = (1 - said.usage) / (1 - _WATCHFUL)
            usage.rate = min(1.0, max(_SLOWEST, left))

    def changed(self, order: Order, at: float) -> None:
        """Count a change that may have taken effect until ``at``; once, however often it is told.

        Of an entity no more are kept than an hour may have, and those for an hour.
        """
        most = self.limits.changes_per_hour
        if most is None or order.change.ref.lever not in BUDGETS:
            return
        changes = {**self._changes.pop(order.target, {}), order.action_id: at}
        self._changes[order.target] = dict(sorted(changes.items(), key=itemgetter(1))[-most:])
        self._forget(at - _PASSES)

    def _forget(self, before: float) -> None:
        """Forget entities, in the order in which they were told, while all theirs is over."""

        def is_over(target: Target) -> bool:
            return max(self._changes[target].values()) < before

        for target in list(takewhile(is_over, self._changes)):
            del self._changes[target]

    def _of(self, account: Account, now: float) -> _Usage:
        usage = self._usage.setdefault(account, _Usage())
        day = now - now % DAY
        if usage.day != day:
            usage.day, usage.calls = day, 0
        return usage
