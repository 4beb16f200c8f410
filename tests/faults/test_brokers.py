"""Brokers that are killed, lost, slow, or cut off."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.broker import Broker
from tests.faults.conftest import Kafka
from tests.faults.counting import Place, Run, running

pytestmark = [pytest.mark.kafka, pytest.mark.faults]

EXIT_KAFKA_AWAY = 1


async def _start_two(run: Run) -> None:
    # Who ends while Kafka is away cannot be started before it is back.
    run.fleet.asks_for_restart |= {EXIT_KAFKA_AWAY}
    for number in range(2):
        run.fleet.start(number)
        await run.owns(number)


async def test_a_broker_that_is_killed_and_comes_back_costs_time_only(
    place: Place, fragile: Kafka
) -> None:
    async with running(place) as run:
        await _start_two(run)
        async with run.under_load(per_second=2_000):
            await run.advance()
            fragile.broker.kill()
            run.fleet.note("the broker is killed")
            await asyncio.to_thread(fragile.broker.start)
            run.fleet.note("the broker is back")
            await run.advance()
        await run.finish(0, 1)


async def test_one_of_three_brokers_may_be_lost_and_come_back(
    three_brokers: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    place = Place(
        bootstrap=three_brokers.bootstrap, prefix=topic_prefix, directory=tmp_path, copies=3
    )
    async with running(place) as run:
        await _start_two(run)
        async with run.under_load(per_second=2_000):
            await run.advance()
            three_brokers.kill(2)
            run.fleet.note("node 2 is lost")
            await run.advance(records=1_000)
            await asyncio.to_thread(three_brokers.start, 2)
            run.fleet.note("node 2 is back")
            await run.advance()
        await run.finish(0, 1)


async def test_a_network_that_is_slow_and_then_cut_costs_time_only(
    place: Place, fragile: Kafka
) -> None:
    proxy = fragile.proxy
    async with running(replace(place, worker_bootstrap=fragile.proxied)) as run:
        await _start_two(run)
        async with run.under_load(per_second=2_000):
            await run.advance()
            proxy.delay, proxy.bytes_per_second = 0.05, 500_000.0
            run.fleet.note("the network is slow")
            # How long that takes is up to what else the machine does.
            await run.advance(records=2_000, seconds=180)
            proxy.cut()
            run.fleet.note("the network is cut")
            await asyncio.sleep(5)
            proxy.mend()
            run.fleet.note("the network is whole")
            await run.advance()
        await run.finish(0, 1)
