"""The jobs that contenders do, as agents of the delivery API."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial

import msgspec
from aiokafka import AIOKafkaConsumer

from benchmarks.peers.one_event import Tables
from benchmarks.peers.options import Options
from schemas import topics
from workers.delivery.api import Agent, Output, Record, Step, View
from workers.optimizer import tables
from workers.optimizer.policy import OptimizerPolicy
from workers.optimizer.program import agents

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


def optimizer(options: Options) -> Job:
    """Return the optimizer's own step over metrics, with the plans that are in Kafka by now."""
    policy = OptimizerPolicy(prefix=options.prefix)
    by_name = {agent.name: agent for agent in agents(policy)}
    plans = asyncio.run(_read_plans(options, policy.topic(topics.PLANS)))
    known: dict[bytes, bytes] = {}
    for partition, records in plans.items():
        view = Tables(partition, options.partitions, {tables.PLANS: known})
        written = by_name[tables.PLANS].step(view, records).writes
        known.update((key, value) for key, value in written.items() if value is not None)
    return Job(agent=by_name[tables.METRICS], tables={tables.PLANS: known})


async def _read_plans(options: Options, topic: str) -> dict[int, list[Record]]:
    """Return all records of a topic, by partition."""
    found: dict[int, list[Record]] = {number: [] for number in range(options.partitions)}
    reader = AIOKafkaConsumer(
        topic, bootstrap_servers=options.bootstrap, group_id=None, auto_offset_reset="earliest"
    )
    async with reader:
        ends = await reader.end_offsets(reader.assignment())
        while sum(map(len, found.values())) < sum(ends.values()):
            for at, records in (await reader.getmany(timeout_ms=200)).items():
                found[at.partition] += records
    return found


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


JOBS = {"delivery": delivery, "optimizer": optimizer}
