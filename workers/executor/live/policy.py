"""How patiently an order is carried out; all times are seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often and how long one order is tried."""

    attempts: int = 4
    """Most calls that may change something, per owner of the order."""
    first_wait: float = 1.0
    longest_wait: float = 60.0
    deadline: float = 600.0
    """From the first call on; reading what came of an unanswered call may end later."""
    late_by: float = 30.0
    """Longest time after which a call without an answer can still take effect, and be read.

    Nothing is concluded from reading before; so calls of one order never overtake each other.
    """
    verify_reads: int = 6
    verify_every: float = 2.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.verify_reads < 1:
            raise ValueError("attempts and verify_reads must be at least 1")
        times = (self.first_wait, self.longest_wait, self.deadline, self.verify_every)
        if min(times) <= 0 or self.late_by < 0:
            raise ValueError("waits and the deadline must be above 0, late_by 0 or more")
