"""Steps that raise, stand still, find too much unreadable, or take long."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import replace

import msgspec
import psutil
import pytest

from tests.faults.counting import DELIVERY, Place, Run, running
from tests.faults.driving import until
from tests.faults.recount import assert_exactly_once
from tests.faults.topics import PARTITIONS, read, undecided
from workers.delivery.errors import EXIT_DEAD_LETTERS, EXIT_RESTART
from workers.partitioner import partition_of

pytestmark = [pytest.mark.kafka, pytest.mark.faults]

BACKLOG_RECORDS = 6_000


async def test_a_step_that_raises_writes_nothing_and_goes_on_exactly_once_when_it_is_mended(
    place: Place,
) -> None:
    async with running(place) as run:
        await run.load(range(5_000))
        await run.publish(run.topics.events, (b"k1", b"poison"))
        await run.load(range(5_000, 10_000))
        run.fleet.start(0)
        assert await run.fleet.ends(0, 60) == EXIT_RESTART
        assert "the step has a mistake" in run.said()
        await assert_exactly_once(run.bootstrap, run.topics, applied=await run.applied())

        run.change(poison_raises=False)
        run.fleet.start(0)
        await run.finish(0)


async def test_a_worker_that_wakes_up_after_its_partitions_went_to_another_is_fenced(
    place: Place,
) -> None:
    await asyncio.gather(*(_wake_up_late(place, where) for where in ("step", "commit")))


async def _wake_up_late(place: Place, where: str) -> None:
    own = replace(place, prefix=f"{place.prefix}{where}", directory=place.directory / where)
    async with running(own, freeze=where) as run:
        for number in range(2):
            run.fleet.start(number)
            await run.owns(number)
        await run.load(range(10_000))
        await run.publish(run.topics.events, (b"k1", b"freeze"))
        await run.load(range(10_000, 20_000))
        frozen = await run.fleet.frozen(60)
        await run.drain()  # by the other one
        run.fleet.wake(frozen)
        await until(lambda: bool(run.fleet.ended), 30, "the fenced worker to end")
        await run.finish(0, 1)
        assert run.fleet.ended == [(frozen, EXIT_RESTART)], run.said()


async def test_a_transaction_that_times_out_is_undone_and_only_readers_of_uncommitted_see_it(
    place: Place,
) -> None:
    short = msgspec.structs.replace(DELIVERY, transaction_timeout_seconds=2)
    async with running(place, delivery=short, freeze="commit") as run:
        await run.load(range(10_000))
        run.fleet.start(0)
        frozen = await run.fleet.frozen(60)  # its outputs are in the log, its transaction is open
        assert await undecided(run.bootstrap, run.topics.counts)
        await _undone(run)
        run.fleet.wake(frozen)
        await until(lambda: bool(run.fleet.ended), 30, "the worker to end")
        await run.finish(0)
        assert run.fleet.ended == [(frozen, EXIT_RESTART)], run.said()

        committed = await read(run.bootstrap, run.topics.counts)
        everything = await read(run.bootstrap, run.topics.counts, isolation="read_uncommitted")
        assert sum(map(len, everything.values())) > sum(map(len, committed.values()))


async def _undone(run: Run) -> None:
    """Wait until the broker has put its marker behind what the open transaction has written."""
    deadline = time.monotonic() + 30
    while await undecided(run.bootstrap, run.topics.counts):
        assert time.monotonic() < deadline, "the transaction is still open"
        await asyncio.sleep(0.2)


async def test_too_many_dead_letters_stop_the_worker_which_says_so_and_writes_nothing(
    place: Place,
) -> None:
    strict = msgspec.structs.replace(DELIVERY, dead_letter_run=500)
    async with running(place, delivery=strict) as run:
        await run.load(range(5_000))
        run.fleet.start(0)
        await run.drain()
        await run.publish(run.topics.events, *[(b"k1", b"nonsense %d" % n) for n in range(2_000)])
        assert await run.fleet.ends(0, 60) == EXIT_DEAD_LETTERS
        said = run.said()
        assert f"{run.topics.events}[{partition_of(b'k1', PARTITIONS)}]" in said
        assert "in a row (limit 500); the last one: not_a_number" in said
        await assert_exactly_once(run.bootstrap, run.topics, applied=await run.applied())

        run.change(delivery=DELIVERY)
        run.fleet.start(0)
        await run.finish(0)


async def test_a_worker_that_reads_its_tables_for_longer_than_a_session_is_not_put_out(
    place: Place,
) -> None:
    async with running(place, load_seconds=2.5 * DELIVERY.session_timeout_seconds) as run:
        run.fleet.start(0)
        await run.load(range(2_000))
        await run.finish(0)
        assert "loaded tally[0]" in run.said()
        assert "was not recognized" not in run.said()
        assert "taking over partitions, still reading tables" in run.said()
        assert "Task timed out" not in run.said()


async def test_a_slow_partition_with_a_large_backlog_holds_up_neither_memory_nor_the_others(
    place: Place,
) -> None:
    slow = partition_of(b"k1", PARTITIONS)
    limits = msgspec.structs.replace(DELIVERY, max_step_records=50, max_backlog_records=500)
    large = b" " + b"x" * 16_000
    async with running(place, delivery=limits, slow_partitions=(slow,), slow_seconds=0.1) as run:
        run.fleet.start(0)
        await run.owns(0)
        process = psutil.Process(run.fleet.pid(0))
        at_rest = process.memory_info().rss
        await run.publish(
            run.topics.events, *[(b"k1", b"%d" % n + large) for n in range(BACKLOG_RECORDS)]
        )
        await run.load(range(2_000))  # of all partitions, so behind the backlog of this one
        resident = asyncio.create_task(_most_resident(process))
        ends = await run.ends()
        await run.reach({tp: end for tp, end in ends.items() if tp.partition != slow})
        applied = await run.applied()
        assert any(applied[tp] < end for tp, end in ends.items()), "the slow one ended first"
        await run.finish(0)
        assert await resident - at_rest < len(large) * BACKLOG_RECORDS / 4


async def _most_resident(process: psutil.Process) -> int:
    most = 0
    while process.is_running():
        with suppress(psutil.Error):
            most = max(most, process.memory_info().rss)
        await asyncio.sleep(0.05)
    return most
