"""What the optimizer is held to; the same for all of its partitions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from schemas.topic import DEFAULT_PREFIX, Topic
from workers.version import installed_version

LEAST_DAYS = 31
"""Fewest days of hours to keep: the ledger of a month can be summed anew from them."""

MOST_DAYS = 62
"""Most days of hours that can be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerPolicy:
    """How one optimizer works."""

    prefix: str = DEFAULT_PREFIX
    """First part of every topic's name."""
    restatement_days: int = 35
    """UTC days before that of a campaign's newest hour whose hours are kept and may change."""
    future_tolerance: timedelta = timedelta(minutes=5)
    """How far ahead of its record's timestamp an hour may begin or be told."""
    stale_after: timedelta = timedelta(hours=6)
    """How long after the end of its newest hour a campaign's data are stale."""
    deltas_per_hour: int = 256
    """Most delta events of one campaign-hour: the id of each is kept. More are dead letters."""
    model_version: str = f"pacekeeper/{installed_version()}"
    """Names the code that decides, in every recommendation."""

    def __post_init__(self) -> None:
        if not LEAST_DAYS <= self.restatement_days <= MOST_DAYS:
            raise ValueError(
                f"restatement_days must lie in {LEAST_DAYS} to {MOST_DAYS}, "
                f"was {self.restatement_days}"
            )
        if min(self.stale_after, self.future_tolerance) < timedelta() or not self.stale_after:
            raise ValueError("stale_after must be above zero, future_tolerance not below it")
        if self.deltas_per_hour < 1:
            raise ValueError(f"deltas_per_hour must be at least 1, was {self.deltas_per_hour}")

    def topic(self, topic: Topic) -> str:
        """Return the topic's full name."""
        return topic.full_name(self.prefix)
