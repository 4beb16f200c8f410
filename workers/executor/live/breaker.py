"""Breakers: an account whose calls fail is left alone for a while, then tried by one order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf

from workers.connectors.errors import Ambiguous, AuthFailed, ConnectorError, Throttled
from workers.connectors.protocol import Receipt
from workers.executor.live.order import Account, Order


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy:
    """When an account is left alone, and for how many seconds."""

    failures: int = 5
    """Calls in a row without a usable answer."""
    rest: float = 60.0
    rest_without_credentials: float = 600.0


@dataclass(slots=True)
class _Breaker:
    failures: int = 0
    opens_at: float | None = None
    """When one order may try again; None while all may go."""
    probe: str | None = None
    """The action of the order that tries."""
    was_asked: bool = False
    """Whether the platform has said anything since that began."""
    why: str = ""


@dataclass(slots=True)
class Breakers:
    """One per account; one that is open stops no other account."""

    policy: BreakerPolicy = field(default_factory=BreakerPolicy)
    watchers: list[Callable[[Account], None]] = field(default_factory=list)
    """Who wants to know when an account opens earlier than was said."""
    _of: dict[Account, _Breaker] = field(default_factory=dict)

    def opens(self, account: Account) -> float:
        """Return from when on an order may begin; infinite while another one tries."""
        breaker = self._of.get(account)
        if breaker is None or breaker.opens_at is None:
            return 0.0
        return breaker.opens_at if breaker.probe is None else inf

    def begin(self, order: Order) -> None:
        """Take note that an order begins: of an account left alone, it is the one that tries."""
        breaker = self._of.get(order.account)
        if breaker is not None and breaker.opens_at is not None:
            breaker.probe, breaker.was_asked = order.action_id, False

    def end(self, order: Order, now: float) -> None:
        """Take note that an order has ended: if it tried and learned nothing, the rest begins anew.

        Orders that began before the account was left alone do not count. One that was stopped
        before it asked anything, as by a freeze, leaves the next one to try.
        """
        breaker = self._of.get(order.account)
        if breaker is not None and breaker.probe == order.action_id:
            breaker.probe = None
            if breaker.opens_at is not None and breaker.was_asked:
                breaker.opens_at = max(breaker.opens_at, now + self.policy.rest)

    def heard(self, account: Account, said: Receipt | ConnectorError | None, now: float) -> None:
        """Learn from an answer: a refusal is one as well, a throttle says nothing."""
        breaker = self._of.setdefault(account, _Breaker())
        breaker.was_asked = True
        if isinstance(said, Throttled):
            return
        if isinstance(said, AuthFailed):
            breaker.opens_at = now + self.policy.rest_without_credentials
            breaker.why = f"{said.detail}; renew the credentials of {account.account_id}"
        elif isinstance(said, Ambiguous):
            breaker.failures += 1
            if breaker.failures >= self.policy.failures:
                breaker.opens_at, breaker.why = now + self.policy.rest, said.detail
        else:
            breaker.failures, breaker.opens_at, breaker.why = 0, None, ""

    def why(self, account: Account) -> str:
        """Return why the account is left alone, for an alert; empty if it is not."""
        breaker = self._of.get(account)
        return breaker.why if breaker else ""
