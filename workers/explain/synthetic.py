"""A tick that is no longer kept, as its hold tells it."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.topics import TICKS
from workers.delivery.api import Headers, Record
from workers.explain.history import Published
from workers.optimizer.policy import OptimizerPolicy
from workers.optimizer.program import encode_tick


@dataclass(frozen=True, slots=True)
class Made:
    """A record that was made here and not read."""

    topic: str
    partition: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    offset: int = -1
    headers: Headers = ()


def tick_of(policy: OptimizerPolicy, partition: int, hold: Published) -> Record:
    """Return the tick that led to ``hold``: all it says is the partition and the time."""
    now = hold.advice.decided_at.timestamp()
    key, value = encode_tick(partition, now)
    return Made(policy.topic(TICKS), partition, int(now) * 1_000, key, value)
