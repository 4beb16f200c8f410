"""Outcomes: what became of an order."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Result(StrEnum):
    """How an order ends."""

    APPLIED = "applied"
    """Sent, accepted, and found in force."""
    CONFIRMED = "confirmed"
    """Found in force after a call of which nobody knew what came of it."""
    NO_OP = "no_op"
    """Was in force already; nothing was sent."""
    DRIFT = "drift"
    """Somebody else has set another value."""
    REJECTED = "rejected"
    EXPIRED = "expired"
    FAILED = "failed"
    """Not made, and the last reading says so."""
    UNVERIFIED = "unverified"
    """It may be in force or not: nobody could read it."""
    AUTH_FAILED = "auth_failed"
    FROZEN = "frozen"
    SHADOW = "shadow"
    """Would have been sent, in shadow mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one order, as the audit trail is to have it."""

    action_id: str
    result: Result
    at: float
    """Seconds since 1970, UTC."""
    reason: str
    """A code for programs."""
    text: str
    """What was wrong and what to do, for a person; holds no secret."""
    before: Decimal | None = None
    """What was found before anything was sent; None where nothing was, or nothing was read."""
    sent: str = ""
    """In the platform's unit; empty where no answer told it."""
    after: Decimal | None = None
    """What was read last; None where that is not known."""
    attempts: int = 0
    """Calls that could change something, of this worker."""
    may_have_changed: bool = False
    """Whether it counts towards the platform's limit of changes by the hour."""
    platform_code: str = ""
    request_id: str = ""


IN_FORCE = frozenset({Result.APPLIED, Result.CONFIRMED, Result.NO_OP})
"""Results after which the target is in force."""
