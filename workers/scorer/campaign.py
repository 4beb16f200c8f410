"""One campaign as its tables have it when it is looked at; rows are read where they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache
from hashlib import blake2b

import numpy as np

from engine import delay
from engine.delay import Delays, Maturity
from engine.delay_pool import THOUSAND
from schemas import Prior, SchemaError, decode, parse_campaign_key, topics
from schemas.keys import EVERYTHING, account_key
from workers.optimizer.delay_priors import DelayBook
from workers.scorer.draft import Draft
from workers.scorer.keeping import first_applied, kept_of
from workers.scorer.policy import DAY
from workers.scorer.rows import (
    AUDIT,
    METRICS,
    PLANS,
    AuditRow,
    CampaignRow,
    DayRow,
    Hour,
    PlanRow,
    Projection,
    day_key,
    unpack,
)


class Campaign:
    """What the scorer knows of one campaign.

    Parameters
    ----------
    draft
        The step that looks at it.
    books
        Memo of what others teach of the delay of conversions; nothing depends on it.
    key
        The campaign's.
    """

    def __init__(self, draft: Draft, books: DelayBook, key: bytes) -> None:
        """Read which advice was followed, and under which plans."""
        self.key = key
        self._draft, self._books = draft, books
        self._table = draft.view.table(METRICS)
        self._days: dict[int, dict[int, Hour]] = {}
        self._audit = draft.other(AUDIT, key, AuditRow)
        self.changes = self._audit.changes
        self.plan = draft.other(PLANS, key, PlanRow)

    def followed(self) -> Iterator[tuple[Projection, int]]:
        """Yield the advice that is scored, and from when on it counts."""
        kept = list(kept_of(self._draft, self.key))
        applied = self._audit.applied
        first = {one.id for one in first_applied(kept, applied).values()}
        for one in kept:
            if one.id in first or (not one.is_daily and one.id in applied):
                yield one, max(applied[one.id], one.valid_from)

    def hours(self, start: int, end: int) -> dict[int, Hour]:
        """Return the hours that begin from ``start`` on and before ``end``, in order."""
        return {
            second: hour
            for day in range(start // DAY, (end - 1) // DAY + 1)
            for second, hour in self._day(day).items()
            if start <= second < end
        }

    def digest(self, start: int, end: int) -> bytes:
        """Return what changes when anything is told of the days from ``start`` to ``end``."""
        found = blake2b(digest_size=8)
        for day in range(start // DAY, (end - 1) // DAY + 1):
            found.update(self._table.get(day_key(self.key, day), b"-"))
        return found.digest()

    def reaches(self, start: int) -> bool:
        """Return whether the hours that are kept go back to ``start``."""
        days = self._row.days
        return bool(days) and start // DAY >= days[0] - 1

    @cached_property
    def maturity(self) -> Maturity:
        """How mature its hours are by age; at once where nobody has taught a delay."""
        platform, account, _ = parse_campaign_key(self.key)
        latest = self._draft.view.broadcast(self._draft.policy.topic(topics.PRIORS))
        scopes = (EVERYTHING, platform.encode(), account_key(platform, account))
        growth, level = self._row.growth, self._row.level
        if not any(growth) and not any(_teaches(latest.get(scope)) for scope in scopes):
            return Maturity(logs=np.zeros((1, delay.STEPS + 1)))
        none = (0,) * delay.STEPS
        own = Delays(
            growth=np.array([growth or none]) / THOUSAND,
            level=np.array([level or none]) / THOUSAND,
        )
        return delay.mature(own, self._books.taught(latest, [(platform, account)]))

    @property
    def _row(self) -> CampaignRow:
        return self._draft.other(METRICS, self.key, CampaignRow)

    def _day(self, day: int) -> dict[int, Hour]:
        if day not in self._days:
            row = unpack(self._table.get(day_key(self.key, day)), DayRow)
            self._days[day] = dict(sorted(row.hours.items()))
        return self._days[day]


@lru_cache(maxsize=4_096)
def _teaches(prior: bytes | None) -> bool:
    """Return whether a prior says anything of the delay of conversions."""
    try:
        return prior is not None and decode(prior, Prior).delay is not None
    except SchemaError:
        return False
