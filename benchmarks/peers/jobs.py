"""The jobs that contenders do, as agents of the delivery API."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial

import msgspec

from benchmarks.peers.options import Options
from workers.delivery.api import Agent, Output, Record, Step, View

TOTALS = struct.Struct("<4q")
"""Hours, impressions, clicks; start of the newest hour, seconds since the epoch."""
STATE_BYTES = 2048
OUTPUT_BYTES = 1024
EMPTY = bytes(STATE_BYTES)


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One campaign-hour, read into typed values and no further, as the peer in Java does."""

    platform: str
    account_id: str
    campaign_id: str
    window_start: datetime
    impressions: int
    clicks: int
    spend: Decimal
    conversions: Decimal
    revenue: Decimal
    currency: str = ""
    account_timezone: str = ""


decode = msgspec.json.Decoder(Event).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a contender does with its events."""

    agent: Agent
    tables: Mapping[str, Mapping[bytes, bytes]] = field(default_factory=dict)
    """Tables that the step reads and other agents write; loaded before the run."""


def delivery(options: Options) -> Job:
    """Return the job of the delivery figure: 2 KB of state per campaign, 1 KB out per event."""
    step = partial(add_hours, options.output)
    return Job(agent=Agent(name="totals", source=options.source, step=step))


def add_hours(output: str, view: View, records: Sequence[Record]) -> Step:
    """Add each hour to its campaign's totals, and publish the totals."""
    table = view.table("totals")
    writes: dict[bytes, bytes | None] = {}
    outputs = []
    for record in records:
        key = record.key
        assert key is not None
        state = add_hour(writes.get(key) or table.get(key, EMPTY), record.value or b"")
        writes[key] = state
        outputs.append(Output(output, key, state[:OUTPUT_BYTES]))
    return Step(writes=writes, outputs=outputs)


def add_hour(state: bytes, value: bytes) -> bytes:
    """Return ``state`` with one event added."""
    event = decode(value)
    hours, impressions, clicks, _ = TOTALS.unpack_from(state)
    head = TOTALS.pack(
        hours + 1,
        impressions + event.impressions,
        clicks + event.clicks,
        int(event.window_start.timestamp()),
    )
    return head + state[TOTALS.size :]


JOBS = {"delivery": delivery}
