"""What the allocator is held to; the same for all of its partitions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from schemas.topic import DEFAULT_PREFIX, Topic
from workers.version import installed_version


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocatorPolicy:
    """How one allocator works."""

    prefix: str = DEFAULT_PREFIX
    """First part of every topic's name."""
    tolerance: timedelta = timedelta(minutes=5)
    """How far ahead of its record's timestamp a clock may be and still be believed."""
    model_version: str = f"pacekeeper/{installed_version()}"
    """Names the code that decides, in every recommendation."""

    def topic(self, topic: Topic) -> str:
        """Return the topic's full name."""
        return topic.full_name(self.prefix)

    def too_far_ahead(self, second: int, timestamp: int) -> bool:
        """Return whether a clock, in seconds, is too far ahead of a timestamp in milliseconds."""
        return second - timestamp // 1_000 > self.tolerance.total_seconds()
