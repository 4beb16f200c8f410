"""What the adviser is held to; the same for all of its partitions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from schemas.topic import DEFAULT_PREFIX, Topic
from workers.version import installed_version


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviserPolicy:
    """How one adviser works."""

    prefix: str = DEFAULT_PREFIX
    """First part of every topic's name."""
    tolerance: timedelta = timedelta(minutes=5)
    """How far ahead of its record's timestamp a clock may be and still be believed."""
    restatement_days: int = 35
    """UTC days before that of a campaign's newest hour whose hours are kept and may change."""
    deltas_per_hour: int = 256
    """Most delta events of one campaign-hour: the id of each is kept."""
    model_version: str = f"pacekeeper/{installed_version()}"
    """Names the code that advises, in every recommendation."""

    def topic(self, topic: Topic) -> str:
        """Return the topic's full name."""
        return topic.full_name(self.prefix)

    def too_far_ahead(self, second: int, timestamp: int) -> bool:
        """Return whether a clock, in seconds, is too far ahead of a timestamp in milliseconds."""
        return second - timestamp // 1_000 > self.tolerance.total_seconds()
