"""Limits: what platforms allow, kept to before they say no.

The processes that ask of one account share what it allows without talking to each other. Those who
collect have a part of their own; of the rest an executor has as much as it owns of all partitions,
which adds up to one over all of them, whichever way they are spread.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile
from math import inf
from operator import itemgetter

from workers.connectors.errors import ConnectorError, Throttled
from workers.connectors.protocol import Capabilities, Receipt
from workers.connectors.settings import CallLimits
from workers.executor.live.order import BUDGETS, Account, Order, Target
from workers.executor.live.ports import Clock

HOUR, DAY = 3600.0, 86400.0
_WATCHFUL, _SLOWEST = 0.75, 0.05
"""From which share of a platform's limit on it is slowed down, and to which part of the rate."""
_LONGEST = 60.0
"""Seconds that a call is held back where the platform asked to wait; beyond them it is refused."""
_PASSES = HOUR + 1.0
"""Seconds after which a change counts no more; a platform's hour may differ from ours."""


COLLECTING = 0.25
"""Part of what an account allows that is for collecting; the rest is for making changes."""


@dataclass(slots=True)
class Portion:
    """How much of each account's limits is for this process, from 0 to 1."""

    of_all: float = 1.0
    since: float | None = None
    """When the process began, seconds since 1970. Nobody knows what was used of that day before, so
    of the day's calls it uses no more than the rest of the day has."""

    def calls_of(self, day: float, most: int) -> int:
        """Return how many of the ``most`` calls of a day may be made, at least one."""
        began = self.since if self.since is not None and self.since >= day else day
        left = min(1.0, max(0.0, (day + DAY - began) / DAY))
        return max(1, int(most * self.of_all * left))


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


def limits_of(told: CallLimits, capabilities: Capabilities) -> Limits:
    """Return what the file of platforms and the platform itself allow."""
    return Limits(
        calls_per_second=told.calls_per_second,
        burst=told.burst,
        calls_per_day=told.calls_per_day,
        changes_per_hour=capabilities.changes_per_hour,
    )


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
    """What has been used up of the limits of one platform, by this process."""

    limits: Limits
    portion: Portion = field(default_factory=Portion)
    _usage: dict[Account, _Usage] = field(default_factory=dict)
    _changes: dict[Target, dict[str, float]] = field(default_factory=dict)
    """When the latest were made, by action; as many as an hour may have."""

    def opens(self, account: Account, now: float) -> float:
        """Return from when on orders of an account may begin, as far as is known now."""
        usage = self._of(account, now)
        most = self._calls_of(usage)
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
        most = self._calls_of(usage)
        if most is not None and usage.calls >= most:
            text = f"the {most} calls of the day that this process has of {account.account_id} are"
            text += " used up"
            raise Throttled(text, code="local/day", retry_after=usage.day + DAY - now)
        if usage.until > now + _LONGEST:
            text = f"the platform asked {account.account_id} to wait"
            raise Throttled(text, code="local/wait", retry_after=usage.until - now)
        usage.calls += 1
        spacing = 1 / (self.limits.calls_per_second * usage.rate * self.portion.of_all)
        burst = max(1, int(self.limits.burst * self.portion.of_all))
        earliest = usage.until if usage.until > now else now - (burst - 1) * spacing
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

    def _calls_of(self, usage: _Usage) -> int | None:
        most = self.limits.calls_per_day
        return None if most is None else self.portion.calls_of(usage.day, most)

    def _of(self, account: Account, now: float) -> _Usage:
        usage = self._usage.setdefault(account, _Usage())
        day = now - now % DAY
        if usage.day != day:
            usage.day, usage.calls = day, 0
        return usage


async def take_turn(counts: Counts, account: Account, clock: Clock) -> None:
    """Return when one more call may be made; raise `Throttled` if not for long."""
    while (wait := counts.turn(account, clock.now())) > 0:
        await clock.sleep(wait)
        if counts.passes(account, clock.now()):
            return
