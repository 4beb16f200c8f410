"""Logs with holes and markers, and tables that are read back from them."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import replace

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from tests.faults.counting import Place, Run, running
from tests.faults.driving import until
from tests.faults.recount import Log, assert_exactly_once
from tests.faults.topics import admin, producer, publish, read

pytestmark = [pytest.mark.kafka, pytest.mark.faults]

EAGER_COMPACTION = {
    "cleanup.policy": "compact",
    "segment.ms": "300",
    "min.cleanable.dirty.ratio": "0.01",
    "delete.retention.ms": "0",
}


async def test_a_compacted_changelog_with_deletions_alone_restores_every_table(
    place: Place,
) -> None:
    configs = dict.fromkeys(place.topics.changelogs, EAGER_COMPACTION)
    async with running(replace(place, configs=configs)) as run:
        run.fleet.start(0)
        for round_ in range(4):
            await run.load(range(round_ * 5_000, round_ * 5_000 + 5_000))
            await run.drain()
        # A segment is closed, and so compacted, only when something is written after it.
        async with run.under_load(per_second=20):
            await _compacted(run, run.topics.changelog("tally"), below=20_000 // 3)
            await _compacted(run, run.topics.changelog("notes"), below=400)
        assert await run.fleet.leave(0) == 0
        shutil.rmtree(place.directory / f"{place.prefix}-faust")
        await run.load(range(20_000, 25_000))
        run.fleet.start(0)
        await run.finish(0)


async def test_markers_and_aborted_records_of_transactional_sources_are_no_holes(
    place: Place,
) -> None:
    async with running(place) as run:
        run.fleet.start(0)
        async with producer(run.bootstrap, transactional_id=f"{place.prefix}-load") as client:
            for number in range(60):
                await client.begin_transaction()
                pairs = [(b"k%d" % n, b"%d" % n) for n in range(number, number + 20)]
                await publish(client, run.topics.events, pairs)
                if number % 3 == 2:
                    await client.abort_transaction()
                else:
                    await client.commit_transaction()
        await run.drain()
        await until(lambda: _idle(run), 20, "the reported lag to be 0 everywhere")
        await run.finish(0)
        assert run.fleet.ended == [], run.said()


async def test_a_compacted_source_is_read_past_its_gaps(place: Place) -> None:
    configs = {place.topics.events: EAGER_COMPACTION}
    async with running(replace(place, configs=configs)) as run:
        start = int(time.time() * 1000) - 10_000
        for round_ in range(4):
            # Later by more than a segment lasts, so that the next one begins.
            at = start + round_ * 1_000
            await run.load(range(round_ * 4_000, round_ * 4_000 + 4_000), timestamp_ms=at)
        await _compacted(run, run.topics.events, below=16_000 // 2)
        survivors = await read(run.bootstrap, run.topics.events)
        run.fleet.start(0)
        await run.drain()
        await until(lambda: _idle(run), 20, "the reported lag to be 0 everywhere")
        await assert_exactly_once(run.bootstrap, run.topics, events=survivors)
        assert await run.fleet.leave(0) == 0


@pytest.mark.parametrize("meanwhile", ["stopped", "dead"])
async def test_records_deleted_by_retention_before_they_were_read_are_told_and_the_rest_is_applied(
    meanwhile: str, place: Place
) -> None:
    async with running(place) as run:
        run.fleet.start(0)
        await run.load(range(4_000))
        await run.drain()
        if meanwhile == "dead":
            await run.fleet.leave(0)
        else:
            run.fleet.suspend(0)
            # The fetch that is under way is answered with this, and nothing fetches what follows.
            await run.publish(run.topics.events, (b"k1", b"1"))
        await run.load(range(4_000, 8_000))
        early = await read(run.bootstrap, run.topics.events)
        ends = {tp: end for tp, end in (await run.ends()).items() if tp.topic == run.topics.events}
        await _delete(run.bootstrap, {tp: end - 100 for tp, end in ends.items()})
        await run.load(range(8_000, 9_000))
        everything = _joined(early, await read(run.bootstrap, run.topics.events))
        if meanwhile == "dead":
            run.fleet.start(0)
        else:
            run.fleet.wake(0)
        await run.drain()
        told = _deleted(run)
        assert {number for number, _ in told} == {tp.partition for tp in ends}, run.said()
        applied = {
            number: [one for one in log if (number, one.offset) not in told]
            for number, log in everything.items()
        }
        await assert_exactly_once(run.bootstrap, run.topics, events=applied)
        assert await run.fleet.leave(0) == 0


def _idle(run: Run) -> bool:
    lags = run.lags(0)
    return len(lags) == 8 and not any(lags.values())


async def _compacted(run: Run, topic: str, *, below: int) -> None:
    """Wait until fewer than ``below`` records are left of ``topic``."""
    deadline = time.monotonic() + 60
    while (left := sum(map(len, (await read(run.bootstrap, topic)).values()))) >= below:
        assert time.monotonic() < deadline, f"{topic} still has {left} records"
        await asyncio.sleep(0.5)


async def _delete(bootstrap: str, before: Mapping[TopicPartition, int]) -> None:
    async with admin(bootstrap) as client:
        await client.delete_records(
            {tp: RecordsToDelete(before_offset=offset) for tp, offset in before.items()}
        )


def _joined(one: Log, other: Log) -> Log:
    return {
        number: [
            *one[number],
            *(late for late in other[number] if late.offset > one[number][-1].offset),
        ]
        for number in one
    }


def _deleted(run: Run) -> set[tuple[int, int]]:
    """Return partition and offset of all events that the log says were deleted unread."""
    pattern = rf"{re.escape(run.topics.events)}\[(\d)\]: offsets (\d+) to (\d+) were deleted"
    return {
        (int(number), offset)
        for number, first, last in re.findall(pattern, run.said())
        for offset in range(int(first), int(last) + 1)
    }
