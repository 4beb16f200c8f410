"""The agent of shapes: pools closed days by account, by platform and over all campaigns.

Each scope has one owner: the partition that its key belongs to. A shape arrives under its
account's key; it is then sent on under its platform's and under that of all campaigns, so that
each scope's sums are kept by one agent in one place, whoever owns the partition.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine import pooling
from engine.arrays import Rows
from schemas import Prior, PriorLevel, SchemaError, Shape, account_key, decode, encode
from schemas.errors import Reason
from schemas.keys import EVERYTHING
from workers.delivery.api import Output, Record, Step, View
from workers.draft import Draft
from workers.instants import day_number
from workers.partitioner import partition_of

SHAPES_AGENT = "shapes"

_BROADCAST_PARTITION = 0
_DIGITS = 6


def shapes_step(priors_topic: str, view: View, records: Sequence[Record]) -> Step:
    """Add the shapes of one partition to the scopes they are keyed by; publish what these say."""
    draft = Draft(view, SHAPES_AGENT)
    pools: dict[bytes, Rows] = {}
    latest: dict[bytes, tuple[Shape, int]] = {}
    for record in records:
        try:
            shape = decode(record.value or b"", Shape)
            key = record.key or account_key(shape.platform, shape.account_id)
            wider = _wider(key, shape)
        except SchemaError as error:
            draft.refuse_for(record, error)
            continue
        pools[key] = _added(pools.get(key, pooling.unpack(draft.read(key) or b"")), shape)
        latest[key] = (shape, record.timestamp)
        if wider:
            home = partition_of(wider, view.partitions)
            stamp = record.timestamp
            draft.outputs.append(Output(record.topic, wider, record.value, home, timestamp=stamp))
    for key, pool in pools.items():
        pool["version"] += 1
        draft.outputs.append(_published(priors_topic, key, pool, latest[key]))
        draft.writes[key] = pool.tobytes()
    return draft.done()


def _wider(key: bytes, shape: Shape) -> bytes | None:
    """Return the key of the next wider scope of a shape that is keyed by ``key``."""
    account = account_key(shape.platform, shape.account_id)
    scopes: list[bytes | None] = [account, shape.platform.encode(), EVERYTHING, None]
    if key not in scopes:
        detail = f"must be the account's, the platform's or *, was {key[:200]!r}"
        raise SchemaError("key", Reason.KEY_MISMATCH, detail)
    return scopes[scopes.index(key) + 1]


def _added(pool: Rows, shape: Shape) -> Rows:
    return pooling.add_day(
        pool,
        day_number(shape.day),
        shape.weekday * 24 + np.array(shape.local_hours),
        np.array(shape.clicks),
        np.array(shape.observed),
    )


def _published(topic: str, key: bytes, pool: Rows, latest: tuple[Shape, int]) -> Output:
    shape, stamp = latest
    said = pooling.pooled(pool)
    prior = Prior(
        version=int(pool["version"][0]),
        **_scope(key, shape),
        weights=tuple(np.round(said.weights, _DIGITS).tolist()),
        evidence=round(said.evidence, _DIGITS),
        concentration=round(said.concentration, _DIGITS),
        campaigns=said.campaigns,
        computed_at=shape.closed_at,
    )
    return Output(topic, key, encode(prior), _BROADCAST_PARTITION, timestamp=stamp)


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
