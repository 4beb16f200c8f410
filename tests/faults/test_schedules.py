"""Workers that are killed, stopped for longer than their session, come and go."""

from __future__ import annotations

import pytest

from tests.faults.counting import Place, running
from tests.faults.driving import schedule

pytestmark = [pytest.mark.kafka, pytest.mark.faults]


@pytest.mark.parametrize("seed", [1])
async def test_twenty_two_kills_and_zombies_lose_nothing_and_repeat_nothing(
    seed: int, place: Place
) -> None:
    faults = schedule(seed, faults=22, workers=3)
    async with running(place) as run:
        for number in range(3):
            run.fleet.start(number)
        async with run.under_load(per_second=2_000):
            await run.fleet.inflict(faults)
        await run.finish(0, 1, 2)


async def test_workers_that_join_and_leave_under_load_lose_nothing_and_none_ends_unasked(
    place: Place,
) -> None:
    # Records arrive faster than a step ends, so that every lane always has a step in hand.
    async with running(place, slow_partitions=(0, 1, 2, 3), slow_seconds=0.2) as run:
        async with run.under_load(per_second=2_000):
            for number in range(3):
                run.fleet.start(number)
                await run.owns(number)
                await run.advance()
            for number in (0, 1):
                assert await run.fleet.leave(number) == 0, run.said()
                await run.advance()
        await run.finish(2)
        assert run.fleet.ended == [], run.said()
