"""Whatever arrives, and however often: each record once, in order, or a refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from selectors import SelectorKey, SelectSelector

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.delivery.build import AGENT, chunk, lane_at
from workers.delivery.api import Agent, Record
from workers.delivery.chunks import Chunk
from workers.delivery.errors import OffsetGapError
from workers.delivery.lane import Lane, LaneLimits

logs = st.sets(st.integers(0, 200), min_size=1).map(sorted)
"""The offsets of a log that hold records: compaction and markers leave gaps."""


@st.composite
def overlapping_chunks(draw: st.DrawFn, log: list[int]) -> list[Chunk]:
    """Fetches of all of ``log`` that go back now and then, and repeat what they fetched."""
    chunks = []
    position = 0
    while position <= log[-1]:
        start = draw(st.integers(0, position))
        rest = [offset for offset in log if offset >= start]
        size = draw(st.integers(1, len(rest)))
        chunks += [chunk(start, *rest[:size])] * draw(st.integers(1, 2))
        position = max(position, chunks[-1].end)
    return chunks


async def run_until_idle(lane: Lane) -> None:
    task = asyncio.create_task(lane.run())
    while lane.waiting:  # noqa: ASYNC110 -- a lane tells nobody that it is idle
        await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@given(st.data(), logs, st.integers(1, 7))
def test_overlapping_and_repeated_chunks_apply_each_record_once_in_order(
    data: st.DataObject, log: list[int], step: int
) -> None:
    applied: list[int] = []

    async def scenario() -> None:
        lane = lane_at(0, applied, step=step)
        task = asyncio.create_task(lane.run())
        for each in data.draw(overlapping_chunks(log)):
            lane.offer(each)
            for _ in range(data.draw(st.integers(0, 3))):
                await asyncio.sleep(0)
        while lane.waiting:  # noqa: ASYNC110 -- as above
            await asyncio.sleep(0)
        task.cancel()
        assert lane.applied == lane.taken_in == log[-1] + 1

    asyncio.run(scenario())
    assert applied == log


@given(logs, st.integers(0, 200))
def test_what_was_committed_before_is_not_applied_again(log: list[int], position: int) -> None:
    applied: list[int] = []

    async def scenario() -> None:
        lane = lane_at(position, applied)
        lane.offer(chunk(0, *log))
        await run_until_idle(lane)

    asyncio.run(scenario())
    assert applied == [offset for offset in log if offset >= position]


@given(logs, st.integers(1, 50))
def test_a_hole_is_refused_and_nothing_of_the_chunk_is_taken_in(log: list[int], hole: int) -> None:
    applied: list[int] = []

    async def scenario() -> None:
        lane = lane_at(0, applied)
        lane.offer(chunk(0, *log))
        beyond = lane.taken_in + hole
        with pytest.raises(OffsetGapError) as refusal:
            lane.offer(chunk(beyond, beyond + 1))
        assert (refusal.value.expected, refusal.value.arrived) == (log[-1] + 1, beyond)
        await run_until_idle(lane)

    asyncio.run(scenario())
    assert applied == log


@given(st.permutations(range(6)))
def test_chunks_out_of_order_are_taken_in_as_far_as_they_join_and_the_rest_refused(
    order: list[int],
) -> None:
    applied: list[int] = []

    async def scenario() -> None:
        lane = lane_at(0, applied)
        for number in order:
            with suppress(OffsetGapError):
                lane.offer(chunk(number * 2, number * 2, number * 2 + 1))
        await run_until_idle(lane)

    asyncio.run(scenario())
    joined = 0
    for number in order:
        joined += number == joined
    assert applied == list(range(joined * 2))


def test_a_real_gap_in_the_log_is_no_hole() -> None:
    lane = lane_at(5, [])

    lane.offer(chunk(5, 17, 30))

    assert (lane.waiting, lane.taken_in) == (2, 31)


async def test_a_step_takes_all_that_gathered_up_to_its_limit() -> None:
    steps: list[list[int]] = []
    applied: list[int] = []
    lane = lane_at(0, applied, step=4)
    inner = lane._apply

    async def apply(agent: object, records: object) -> None:
        before = len(applied)
        await inner(agent, records)  # type: ignore[arg-type]
        steps.append(applied[before:])

    lane._apply = apply
    lane.offer(chunk(0, *range(6)))
    lane.offer(chunk(6, *range(6, 10)))
    await run_until_idle(lane)

    assert steps == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


@given(st.integers(2, 40), st.integers(1, 10))
def test_a_full_lane_stops_fetching_and_lets_it_go_on_once_half_is_done(
    backlog: int, step: int
) -> None:
    waiting_at_relief: list[int] = []
    waiting_after_steps: list[int] = []

    async def scenario() -> None:
        applied: list[int] = []
        lane = lane_at(0, applied, step=step, backlog=backlog)
        lane.offer(chunk(0, *range(backlog - 1)))
        assert not lane.is_full(lambda: waiting_at_relief.append(-1))
        lane.offer(chunk(backlog - 1, *range(backlog - 1, 2 * backlog)))
        assert lane.is_full(lambda: waiting_at_relief.append(lane.waiting))
        task = asyncio.create_task(lane.run())
        while lane.waiting:
            if waiting_after_steps[-1:] != [lane.waiting]:
                waiting_after_steps.append(lane.waiting)
            await asyncio.sleep(0)
        task.cancel()

    asyncio.run(scenario())
    assert len(waiting_at_relief) == 1, "relieved once, and only by a lane that said it was full"
    assert 0 <= waiting_at_relief[0] <= backlog // 2
    assert waiting_at_relief[0] > backlog // 2 - step, "at the first step that brings it to half"


def test_a_lane_tells_how_old_the_oldest_waiting_record_is() -> None:
    lane = lane_at(0, [])
    assert lane.oldest_waiting is None

    lane.offer(chunk(0, 3, 4))

    assert lane.oldest_waiting == 0


@given(logs)
def test_a_chunk_ends_behind_its_last_record(log: list[int]) -> None:
    whole = chunk(0, *log)

    assert whole.end == log[-1] + 1
    assert whole.gap == log[0]
    assert whole.value is whole, "it travels through Faust as its own value"
    for one, following in pairwise(log):
        assert chunk(one, one).end <= chunk(following, following).start


class Jumping(SelectSelector):
    """Waits for nothing: as long as it would have waited, the clock goes on."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        self.now += timeout or 0.0
        return super().select(0.0)


class VirtualTime(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._waits = Jumping()
        super().__init__(self._waits)

    def time(self) -> float:
        return self._waits.now


def steps_of(
    arrivals: Mapping[int, int], *, interval: float, takes: int, most: int = 100
) -> list[tuple[int, int]]:
    """Return when steps begin, in milliseconds, and how many records each takes.

    ``arrivals`` says how many records come at which millisecond; a step takes ``takes``.
    """
    steps: list[tuple[int, int]] = []

    async def scenario() -> None:
        loop = asyncio.get_running_loop()

        async def apply(_: Agent, records: Sequence[Record]) -> None:
            steps.append((round(loop.time() * 1000), len(records)))
            await asyncio.sleep(takes / 1000)
            lane.commit(records)

        limits = LaneLimits(step_records=most, step_interval_seconds=interval)
        lane = Lane(AGENT, 0, position=0, limits=limits, apply=apply)
        task = asyncio.create_task(lane.run())
        for time, count in arrivals.items():
            await asyncio.sleep(time / 1000 - loop.time())
            lane.offer(chunk(lane.taken_in, *range(lane.taken_in, lane.taken_in + count)))
        await asyncio.sleep(10)
        task.cancel()

    with asyncio.Runner(loop_factory=VirtualTime) as runner:
        runner.run(scenario())
    return steps


def test_a_lone_record_waits_for_nothing() -> None:
    assert steps_of({1_000: 1, 2_000: 1}, interval=0.05, takes=20) == [(1_000, 1), (2_000, 1)]


def test_records_of_a_trickle_gather_until_the_last_step_is_as_old_as_the_interval() -> None:
    trickle = dict.fromkeys(range(0, 200, 10), 1)
    assert steps_of(trickle, interval=0.055, takes=20) == [
        (0, 1),
        (55, 5),
        (110, 6),
        (165, 5),
        (220, 3),
    ]


def test_a_step_that_takes_longer_than_the_interval_is_followed_at_once() -> None:
    trickle = dict.fromkeys(range(0, 100, 10), 1)
    assert steps_of(trickle, interval=0.05, takes=75) == [(0, 1), (75, 7), (150, 2)]


def test_a_backlog_does_not_wait() -> None:
    assert steps_of({0: 10}, interval=1.0, takes=20, most=4) == [(0, 4), (20, 4), (40, 2)]
