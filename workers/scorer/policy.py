"""When the scorer looks, how long it corrects itself, and how much it keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from schemas.topic import DEFAULT_PREFIX, Topic

HOUR: Final = 3_600
DAY: Final = 24 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerPolicy:
    """How one scorer works; the same for all of its partitions. Times in seconds."""

    prefix: str = DEFAULT_PREFIX
    """First part of every topic's name."""
    horizons: tuple[int, ...] = (1, 7, 14)
    """Days after which advice is looked at, from when it took effect."""
    corrected: int = 15 * DAY
    """How long after it took effect an outcome is corrected, once a day, if reports change."""
    grace: int = 6 * HOUR
    """How long after a horizon reports are waited for."""
    retained_days: int = 47
    """UTC days of hours that are kept: the longest month, and as long as it is corrected."""
    most: int = 32
    """Changes of budgets and the like that are kept of a campaign at most, the newest."""
    most_deltas: int = 4_096
    """Deltas of an hour that are told apart; more are left out, as the optimizer does."""
    mature: float = 0.95
    """Share of conversions reported from which an outcome is not provisional."""
    looks: int = 500
    """Campaigns that are looked at by one tick at most; the next one goes on."""
    future_tolerance: int = 300
    """How far a tick or an hour may be ahead of its record's timestamp and still be believed."""

    def topic(self, topic: Topic) -> str:
        """Return the topic's full name."""
        return topic.full_name(self.prefix)

    @property
    def forgotten(self) -> int:
        """How long after its hour advice is kept: as long as it is corrected, and two days."""
        return self.corrected + 2 * DAY
