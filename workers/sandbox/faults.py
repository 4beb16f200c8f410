"""What a platform on loopback can be told to do wrong, each once, in the order it was told.

A fault waits in a queue for the next request that it fits: `Call.WRITE` for a change, `Call.READ`
for anything that changes nothing, `Call.TOKEN` for a request for credentials.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from workers.connectors.protocol import Ref


class Fault(StrEnum):
    """What goes wrong."""

    THROTTLED = "throttled"
    """Too many requests; the platform says how long to wait, in seconds by `Planned.seconds`."""
    THROTTLED_WITHOUT_HINT = "throttled_without_hint"
    BUDGET_CHANGES = "budget_changes"
    """Too many changes of one budget in an hour."""
    HTML_502 = "html_502"
    """A proxy's page in place of an answer; of gRPC UNAVAILABLE."""
    JSON_500 = "json_500"
    """An answer that is no answer, with status 500; of gRPC INTERNAL."""
    EMPTY_SUCCESS = "empty_success"
    """Status 200 and ``{}``: nothing was done, and nothing says so."""
    PARTIAL_FAILURE = "partial_failure"
    """A success that says within that this change failed, and names nothing that was changed."""
    EMPTY_504 = "empty_504"
    """Of gRPC DEADLINE_EXCEEDED, said by the server."""
    RESET = "reset"
    """The connection is cut before anything was done."""
    HANG = "hang"
    """No answer, and nothing was done."""
    APPLIED_THEN_HANG = "applied_then_hang"
    """It was done, and there is no answer."""
    APPLIED_THEN_RESET = "applied_then_reset"
    EDITED_MEANWHILE = "edited_meanwhile"
    """The request fails as by `HTML_502`; meanwhile a person sets `Planned.value`."""
    CONFLICT = "conflict"
    """Somebody else changes the same thing at the same moment, where the platform says so."""
    STALE_READS = "stale_reads"
    """The next `Planned.times` reads tell what was in force before."""
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 -- a fault, no secret
    """Until a token is asked for anew."""
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 -- a fault, no secret
    """For good."""
    NO_PERMISSION = "no_permission"
    VERSION_SUNSET = "version_sunset"
    """The version of the interface that is spoken has ended."""
    TRUNCATED = "truncated"
    """A page of a report ends in the middle."""
    SLOW = "slow"
    """The answer comes bit by bit, within `Planned.seconds`."""


class Call(StrEnum):
    """Which requests a fault waits for."""

    READ = "read"
    WRITE = "write"
    TOKEN = "token"  # noqa: S105 -- a kind of request, no secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A fault that waits."""

    fault: Fault
    call: Call = Call.WRITE
    seconds: float = 1.0
    value: Decimal | None = None
    ref: Ref | None = None
    """Which value is edited meanwhile."""
    times: int = 1
    """How many requests it strikes, one after the other."""
    after: int = 0
    """How many that it fits it lets pass before."""


class FaultQueue:
    """Faults that wait for requests."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Call, Planned | None]] = deque()

    def plan(self, planned: Planned) -> None:
        """Let a fault wait; ``times`` of it."""
        self._waiting.extend([(planned.call, None)] * planned.after)
        self._waiting.extend([(planned.call, planned)] * planned.times)

    def forget(self) -> None:
        """Let go of every fault that has struck nothing yet."""
        self._waiting.clear()

    def take(self, call: Call) -> Planned | None:
        """Return the fault that strikes a request, and let go of it; None where none does."""
        for waiting in self._waiting:
            if waiting[0] is call:
                self._waiting.remove(waiting)
                return waiting[1]
        return None

    def __len__(self) -> int:
        return len(self._waiting)
