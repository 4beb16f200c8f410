"""How often Meta lets an ad set's budget change: four times in an hour, by its page on limits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

HOUR: Final = timedelta(hours=1)
MOST: Final = 4
"""Changes of one ad set's budget, daily or lifetime, in any hour."""


class BudgetQuota:
    """Counts changes; one that is too many blocks the ad set's budget for an hour from then on."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._changes: dict[str, list[datetime]] = defaultdict(list)
        self._blocked: dict[str, datetime] = {}

    def count(self, ad_set_id: str) -> None:
        """Remember a change that was made just now, by whomever."""
        self._changes[ad_set_id].append(self._now())

    def refuses(self, ad_set_id: str, *, dry_run: bool) -> bool:
        """Return whether a change is too many now; only one that is meant starts the hour."""
        now = self._now()
        if ad_set_id in self._blocked and now < self._blocked[ad_set_id]:
            return True
        recent = [at for at in self._changes[ad_set_id] if now - at < HOUR]
        if len(recent) < MOST:
            return False
        if not dry_run:
            self._blocked[ad_set_id] = now + HOUR
        return True
