"""The agent of shapes: pools closed days by account, by platform and over all campaigns.

Each scope has one owner: the partition that its key belongs to. A shape arrives under its
account's key; it is then sent on under its platform's and under that of all campaigns, so that
each scope's sums are kept by one agent in one place, whoever owns the partition.

The account's owner keeps which days of a campaign were told: one that comes again changes nothing.
With the last day of a campaign's week it sends on how big the days of the week were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

import numpy as np
from msgspec.structs import replace

from engine import delay_pool, pooling, shape_rows, told_days
from engine.arrays import Floats, Rows
from engine.day_shapes import ShapeSums
from schemas import (
    Prior,
    PriorLevel,
    SchemaError,
    Shape,
    account_key,
    campaign_key,
    decode,
    encode,
)
from schemas.errors import Reason
from schemas.keys import EVERYTHING
from schemas.topics import PRIORS
from workers.allocator.anomalies import Closed, watch_days
from workers.allocator.policy import AllocatorPolicy
from workers.allocator.spend import Days, days_of, sums_after
from workers.closed_days import check_ended, refuse_ahead
from workers.delivery.api import Output, Record, Step, View
from workers.draft import Draft
from workers.instants import day_number
from workers.optimizer.zones import ZoneBook
from workers.partitioner import partition_of
from workers.pooled_delays import added as with_delay
from workers.pooled_delays import written as pooled_delay
from workers.spend_days import written

SHAPES_AGENT = "shapes"

_BROADCAST_PARTITION = 0
_DIGITS = 6

_SPEND: Final = b"\0spend"
_DELAY: Final = b"\0delay"
_TOLD: Final = b"\0told"
"""What follows a scope's and a campaign's key in the table; no name holds a zero byte."""


@dataclass(frozen=True, slots=True)
class _Told:
    """A record that is to be pooled."""

    record: Record
    shape: Shape
    key: bytes
    """Of the scope that it came under."""
    wider: bytes | None
    """Key of the next wider scope."""


def shapes_step(
    policy: AllocatorPolicy, zones: ZoneBook, view: View, records: Sequence[Record]
) -> Step:
    """Add the shapes of one partition to the scopes they are keyed by; publish what these say.

    Days of campaigns are watched where they are first told: by their account's owner.
    """
    draft = Draft(view, SHAPES_AGENT)
    priors_topic = policy.topic(PRIORS)
    closed = []
    told = _readable(draft, policy, zones, records)
    days = days_of([each.shape for each in told])
    scopes: dict[bytes, list[int]] = {}
    weeks: dict[bytes, list[Floats]] = {}
    for at, each in enumerate(told):
        week = _week(draft, each, days, at)
        if week is None:
            draft.count("repeats", each.record.topic)
            continue
        scopes.setdefault(each.key, []).append(at)
        if each.key == each.shape.key:
            closed.append(Closed(each.record, each.shape))
        if week.size:
            weeks.setdefault(each.key, []).append(week)
        if each.wider:
            draft.outputs.append(_sent_on(view, each, week))
    watch_days(draft, policy.prefix, closed)
    for key, rows in scopes.items():
        spend = sums_after(draft.read(key + _SPEND) or b"", days, rows, weeks.get(key, ()))
        draft.writes[key + _SPEND] = shape_rows.pack(spend)
        draft.outputs.append(_pooled(draft, priors_topic, [told[at] for at in rows], spend))
    return draft.done()


def _readable(
    draft: Draft, policy: AllocatorPolicy, zones: ZoneBook, records: Sequence[Record]
) -> list[_Told]:
    told = []
    for record in records:
        try:
            shape = decode(record.value or b"", Shape)
            key = record.key or account_key(shape.platform, shape.account_id)
            each = _Told(record, shape, key, _wider(key, shape))
            check_ended(zones, shape.timezone, shape.day, shape.closed_at)
        except SchemaError as error:
            draft.refuse_for(record, error)
            continue
        if not refuse_ahead(draft, policy, record, shape.closed_at):
            told.append(each)
    return told


def _week(draft: Draft, told: _Told, days: Days, at: int) -> Floats | None:
    """Return the levels of the week that a day has completed, (7,) or none of them, (0,).

    Under an account's key they come from what is kept of the campaign, and there are None at all
    for a day that was told before. Under a wider key they come with the record.
    """
    shape = told.shape
    if told.key != account_key(shape.platform, shape.account_id):
        return np.array(shape.week_levels or ())
    kept = campaign_key(shape.platform, shape.account_id, shape.campaign_id) + _TOLD
    row = told_days.unpack(draft.read(kept) or b"")
    telling = told_days.tell(row, day_number(shape.day), days.level(at))
    if not telling.new:
        return None
    draft.writes[kept] = telling.row.tobytes()
    return np.zeros(0) if telling.week is None else np.round(telling.week, _DIGITS)


def _sent_on(view: View, told: _Told, week: Floats) -> Output:
    record, key = told.record, told.wider or b""
    levels = tuple(week.tolist()) or None
    same = levels == told.shape.week_levels
    value = record.value if same else encode(replace(told.shape, week_levels=levels))
    home = partition_of(key, view.partitions)
    return Output(record.topic, key, value, home, timestamp=record.timestamp)


def _pooled(draft: Draft, topic: str, told: Sequence[_Told], spend: ShapeSums) -> Output:
    """Return what a scope says with some days more, and keep it."""
    key = told[0].key
    pool = pooling.unpack(draft.read(key) or b"")
    pool = _added(pool, [each.shape for each in told])
    pool["version"] += 1
    draft.writes[key] = pool.tobytes()
    prior = _prior(told[-1], pool, spend)
    prior = replace(prior, delay=pooled_delay(_delays(draft, key, told)))
    stamp = told[-1].record.timestamp
    return Output(topic, key, encode(prior), _BROADCAST_PARTITION, timestamp=stamp)


def _delays(draft: Draft, key: bytes, told: Sequence[_Told]) -> Rows:
    """Return the sums of a scope's delays with some days more, and keep them if there are any."""
    stored = draft.read(key + _DELAY) or b""
    pool = delay_pool.unpack(stored)
    for each in told:
        pool = with_delay(pool, each.shape)
    if stored or pool["told"].any():
        draft.writes[key + _DELAY] = pool.tobytes()
    return pool


def _wider(key: bytes, shape: Shape) -> bytes | None:
    """Return the key of the next wider scope of a shape that is keyed by ``key``."""
    account = account_key(shape.platform, shape.account_id)
    scopes: list[bytes | None] = [account, shape.platform.encode(), EVERYTHING, None]
    if key not in scopes:
        detail = f"must be the account's, the platform's or *, was {key[:200]!r}"
        raise SchemaError("key", Reason.KEY_MISMATCH, detail)
    return scopes[scopes.index(key) + 1]


def _added(pool: Rows, shapes: Sequence[Shape]) -> Rows:
    hours, clicks, observed = (
        np.array(list(zip_longest(*each, fillvalue=0))).T
        for each in zip(*((s.local_hours, s.clicks, s.observed) for s in shapes), strict=True)
    )
    weekdays = np.array([shape.weekday for shape in shapes])
    days = np.array([day_number(shape.day) for shape in shapes])
    return pooling.add_days(pool, days, weekdays[:, None] * 24 + hours, clicks, observed > 0)


def _prior(latest: _Told, pool: Rows, spend: ShapeSums) -> Prior:
    said = pooling.pooled(pool)
    return Prior(
        version=int(pool["version"][0]),
        **_scope(latest.key, latest.shape),
        weights=tuple(np.round(said.weights, _DIGITS).tolist()),
        evidence=round(said.evidence, _DIGITS),
        concentration=round(said.concentration, _DIGITS),
        campaigns=said.campaigns,
        spend=written(spend),
        computed_at=latest.shape.closed_at,
    )


def _scope(key: bytes, shape: Shape) -> dict[str, Any]:
    if key == EVERYTHING:
        return {"level": PriorLevel.ALL}
    if key == shape.platform.encode():
        return {"level": PriorLevel.PLATFORM, "platform": shape.platform}
    return {
        "level": PriorLevel.ACCOUNT,
        "platform": shape.platform,
        "account_id": shape.account_id,
    }
