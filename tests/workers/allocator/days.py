"""Closed days of campaigns as they may come, drawn from a seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np

from schemas import Condition, Shape, decode, encode
from tests.workers.allocator.test_pooling import Partition
from tests.workers.stored import Stored

FIRST = date(2026, 3, 2)
CONDITIONS = "pacekeeper.conditions.v1"

Counts = dict[str, np.ndarray[Any, Any]]
Bent = Callable[[Counts], None]


def begins(day: int) -> datetime:
    return datetime.combine(FIRST + timedelta(days=day), time(), UTC)


def a_day(campaign: int, day: int, bent: Bent | None = None, **fields: Any) -> Shape:  # noqa: ANN401 -- fields of a record
    """Return a day at 40 clicks and 2 conversions of 50.00 an hour, and bids that move."""
    rate = fields.pop("rate", 1.0)
    chance = np.random.default_rng([campaign, day])
    bids = np.round(chance.normal(0.0, 0.2, 24) + 0.4 * ((day // 3) % 3 - 1), 6)
    clicks = chance.poisson(40.0 * rate * np.exp(0.8 * bids))
    sold = chance.poisson(clicks / 20.0)
    counts: Counts = {
        "impressions": chance.poisson(clicks * 50.0),
        "clicks": clicks,
        "spend_minor": np.round(clicks * 100.0 * np.exp(0.3 * bids)).astype(int),
        "conversion_thousandths": sold * 1_000,
        "revenue_minor": chance.poisson(sold * 50.0) * 100,
    }
    if bent is not None:
        bent(counts)
    on = FIRST + timedelta(days=day)
    given: dict[str, Any] = {
        "platform": "google",
        "account_id": "7",
        "campaign_id": str(campaign),
        "day": on,
        "weekday": on.weekday(),
        "timezone": "UTC",
        "currency": "EUR",
        "local_hours": tuple(range(24)),
        "observed": (True,) * 24,
        "log_multiplier": tuple(bids.tolist()),
        "closed_at": begins(day + 1) + timedelta(hours=1),
        **{name: tuple(np.asarray(values).astype(int).tolist()) for name, values in counts.items()},
    }
    return Shape(**(given | fields))


def times(name: str, factor: float, first: int = 0, last: int = 24) -> Bent:
    """Return what multiplies counts of some hours of a day."""

    def bent(counts: Counts) -> None:
        hours = slice(first, last)
        changed = counts[name].astype(float)
        changed[hours] = np.round(changed[hours] * factor)
        counts[name] = changed

    return bent


def told(partition: Partition, shapes: Sequence[Shape]) -> list[Condition]:
    """Let the agent take days in one step; return the conditions that it publishes."""
    step = partition.feed(stored(shapes))
    assert not step.dead_letters
    assert {each.partition for each in step.outputs if each.topic == CONDITIONS} <= {0}
    return [
        decode(each.value or b"", Condition) for each in step.outputs if each.topic == CONDITIONS
    ]


def stored(shapes: Sequence[Shape]) -> list[Stored]:
    """Return days as their topic holds them, each written when it was closed."""
    return [
        Stored("shapes", 0, int(each.closed_at.timestamp() * 1_000), each.key, encode(each))
        for each in shapes
    ]


def usual(partition: Partition, campaigns: int, days: range, **fields: Any) -> list[Condition]:  # noqa: ANN401
    """Let the agent take days on which nothing is wrong."""
    said = []
    for day in days:
        said += told(partition, [a_day(each, day, **fields) for each in range(campaigns)])
    return said
