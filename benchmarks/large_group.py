"""A group of a million campaigns: one day of it settled, and its members told."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from resource import RUSAGE_SELF, getrusage
from time import process_time

import msgspec
import numpy as np
from aiokafka import ConsumerRecord

from benchmarks.figure import Figure, reckoned
from engine.plans import UNLIMITED
from schemas import Budget, BudgetPeriod, Group, Tick, encode
from schemas.fields import Autonomy
from schemas.topic import Topic
from schemas.topics import ALLOCATIONS, GROUPS, TICKS
from workers.allocator import tables
from workers.allocator.member_rows import DAY, FORMAT, HEAD, KEPT_DAYS
from workers.allocator.policy import AllocatorPolicy
from workers.allocator.program import agents
from workers.allocator.publishing import STEP_PAGES
from workers.allocator.rosters import PAGE, Head, page_of
from workers.delivery.api import Output, Step, store
from workers.instants import day_number

MEMBERS = 1_000_000
TOLD_PAGES = 20 * STEP_PAGES
"""Pages that are told and timed: the others take as long each."""

_GROUP = b"large"
_TODAY = date(2026, 3, 2)
_NOW = datetime(2026, 3, 2, 7, tzinfo=UTC)
_BUDGET = 10_000
_BLOCK = 10_000


@dataclass(slots=True)
class _Partition:
    """One partition of an allocator."""

    partition: int = 0
    partitions: int = 1
    tables: dict[str, dict[bytes, bytes]] = field(default_factory=dict)

    def table(self, agent: str) -> Mapping[bytes, bytes]:
        return self.tables.setdefault(agent, {})

    def broadcast(self, _: str) -> Mapping[bytes, bytes]:
        return {}

    def feed(self, topic: Topic, *records: tuple[bytes, bytes]) -> Step:
        policy, time = AllocatorPolicy(), int(_NOW.timestamp()) * 1_000
        name = policy.topic(topic)
        agent = next(each for each in agents(policy) if each.source == name)
        told = [
            ConsumerRecord(name, 0, at, time, 0, key, value, None, 0, 0, ())
            for at, (key, value) in enumerate(records)
        ]
        step = agent.step(self, told)
        store(self.tables.setdefault(agent.name, {}), step.writes)
        if step.dead_letters:
            raise AssertionError(step.dead_letters[0].detail)
        return step


@cache
def _measured() -> tuple[float, float, float]:
    """Return CPU seconds to settle, CPU microseconds to tell a member, and gigabytes at most."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure)


def _measure() -> tuple[float, float, float]:
    partition = _Partition()
    partition.feed(GROUPS, (_GROUP, encode(_group())))
    partition.tables[tables.MEMBERS] = dict(_members())
    began = process_time()
    tick = Tick(partition=0, time=_NOW)
    pages = [_pair(each) for each in partition.feed(TICKS, (b"0", encode(tick))).outputs]
    settled, told = process_time() - began, 0
    began = process_time()
    for at in range(0, TOLD_PAGES, STEP_PAGES):
        step = partition.feed(ALLOCATIONS, *pages[at : at + STEP_PAGES])
        told += sum(int(count) for name, count in step.counts.items() if name[0] == "decisions")
    each = (process_time() - began) / told * 1e6
    return settled, each, getrusage(RUSAGE_SELF).ru_maxrss / 1e6


def _pair(output: Output) -> tuple[bytes, bytes]:
    return output.key or b"", output.value or b""


def _group() -> Group:
    return Group(
        budget_group_id=_GROUP.decode(),
        version=1,
        currency="EUR",
        timezone="UTC",
        budget=Budget(amount=Decimal(_BUDGET * MEMBERS) / 100, period=BudgetPeriod.DAY),
        autonomy=Autonomy.AUTO,
        learning_share=0.1,
    )


def _members() -> Iterator[tuple[bytes, bytes]]:
    """Yield what is kept of members that have closed all their days, as their agent keeps it."""
    chance, yesterday = np.random.default_rng(7), day_number(_TODAY) - 1
    names = [b"google:7:campaign-%07d" % number for number in range(MEMBERS)]
    for begin in range(0, MEMBERS, _BLOCK):
        some = names[begin : begin + _BLOCK]
        for name, row in zip(some, _rows(chance, len(some), yesterday), strict=True):
            yield tables.member_key(_GROUP, name), row.tobytes()
    depth = (2 * MEMBERS // PAGE).bit_length()
    pages: dict[int, dict[bytes, int]] = {at: {} for at in range(1 << depth)}
    for name in names:
        pages[page_of(name, depth)][name] = yesterday
    for at, page in pages.items():
        yield tables.page_key(_GROUP, depth, at), msgspec.msgpack.encode(page)
    head = Head(0, depth, {yesterday: MEMBERS})
    yield tables.roster_key(_GROUP), msgspec.msgpack.encode(head)


def _rows(chance: np.random.Generator, count: int, yesterday: int) -> np.ndarray:
    rows = np.zeros(count, dtype=[("head", HEAD), ("days", DAY, (KEPT_DAYS,))])
    head, days, told = rows["head"], rows["days"], int((_NOW - timedelta(hours=6)).timestamp())
    head["format"], head["releasable"], head["currency"] = FORMAT, True, b"EUR"
    head["day"], head["told"], head["plan_version"] = yesterday, told, 1
    head["budget"], head["most"] = _BUDGET, UNLIMITED
    shape = count, KEPT_DAYS
    spend = _BUDGET * np.exp(chance.normal(0.0, 0.2, shape))
    level = np.exp(chance.normal(2.0, 1.0, (count, 1)))
    days["day"], days["told"] = yesterday - np.arange(KEPT_DAYS)[::-1], told
    days["spend"], days["jitter"] = spend, chance.normal(0.0, 0.05, shape)
    days["conversions"] = chance.poisson(level * (spend / _BUDGET) ** 0.5)
    days["revenue"], days["maturity"], days["seen"] = 2_000.0 * days["conversions"], 1.0, 1.0
    return rows


FIGURES: tuple[Figure, ...] = (
    reckoned(
        "million_settled",
        (60.0, "CPU s", "lower"),
        "the day of a group of 1,000,000 campaigns settled: read, learned, explored, shared out",
        lambda _: _measured()[0],
    ),
    reckoned(
        "million_told",
        (400.0, "CPU us", "lower"),
        "a member of it told: recommendation and action, with reasons, as bytes",
        lambda _: _measured()[1],
    ),
    reckoned(
        "million_memory",
        (12.0, "GB", "lower"),
        "memory of the worker that owns it",
        lambda _: _measured()[2],
    ),
)
