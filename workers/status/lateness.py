"""How late campaigns' conversions are reported, by what the log tells again.

As in `engine.delay`; campaigns of a platform teach each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from engine import delay
from engine.arrays import Floats
from engine.delay import Delays, Maturity, Restated
from schemas import CampaignKey, MetricsEvent
from workers.report.delivered import HOUR


class _Pair(NamedTuple):
    """One hour in two snapshots that follow each other; ages in hours since its end."""

    before: float
    after: float
    earlier: float
    later: float


class _Told(NamedTuple):
    age: float
    conversions: float


@dataclass(slots=True)
class Lateness:
    """Takes metrics in the order in which they came, with the second at which each was told."""

    _told: dict[CampaignKey, dict[int, _Told]] = field(default_factory=dict)
    _pairs: dict[CampaignKey, list[_Pair]] = field(default_factory=lambda: defaultdict(list))
    _summed: dict[CampaignKey, Delays] = field(default_factory=dict)
    """The sums of campaigns that were asked for since the last metrics."""

    def hear(self, events: Iterable[MetricsEvent], times: Sequence[int]) -> None:
        """Take in ``events``; deltas say nothing of an hour as a whole, so they are left out."""
        self._summed.clear()
        for event, time in zip(events, times, strict=True):
            if event.is_delta:
                continue
            start = int(event.window_start.timestamp())
            now = _Told(_age(event, start, time), float(event.conversions))
            key = CampaignKey(event.platform, event.account_id, event.campaign_id)
            hours = self._told.setdefault(key, {})
            before = hours.get(start)
            if before is not None and now.age > before.age:
                pair = _Pair(before.conversions, now.conversions, before.age, now.age)
                self._pairs[key].append(pair)
            hours[start] = now

    def maturity(self, keys: Sequence[CampaignKey]) -> Maturity:
        """Return which share of their final conversions hours have, by their age; B campaigns.

        All campaigns of a platform teach each other, asked about or not. Where no hour of it
        was ever told again, what is told first is final.
        """
        logs = np.zeros((len(keys), delay.STEPS + 1))
        for platform in {key.platform for key in keys}:
            # In one order, whichever partition was read first: sums of floats depend on it.
            teachers = sorted(key for key in self._pairs if key.platform == platform)
            pool = delay.together(_stacked([self._sums(key) for key in teachers]))
            rows = [i for i, key in enumerate(keys) if key.platform == platform]
            if pool.growth.any():
                own = _stacked([self._sums(keys[i]) for i in rows])
                logs[rows] = delay.maturity(own, pool).logs
        return Maturity(logs=logs)

    def _sums(self, key: CampaignKey) -> Delays:
        known = self._summed.get(key)
        if known is None:
            known = self._summed[key] = _sums_of(self._pairs.get(key, ()))
        return known


def _sums_of(pairs: Sequence[_Pair]) -> Delays:
    if not pairs:
        return delay.no_delays(1)
    before, after, earlier, later = (np.array(column)[None] for column in zip(*pairs, strict=True))
    restated = Restated(before=before, after=after, earlier=earlier, later=later)
    return delay.add_restatements(delay.no_delays(1), restated)


def _age(event: MetricsEvent, start: int, time: int) -> float:
    """Return how old an hour was as it was told; who told says it, or else the record's clock."""
    emitted = 0 if event.emitted_at is None else int(event.emitted_at.timestamp())
    return max((emitted if emitted >= start + HOUR else time) - start - HOUR, 0) / HOUR


def _stacked(parts: Sequence[Delays]) -> Delays:
    def rows(name: str) -> Floats:
        empty = np.zeros((0, delay.STEPS))
        return np.concatenate([empty, *(getattr(part, name) for part in parts)])

    return Delays(growth=rows("growth"), level=rows("level"))
