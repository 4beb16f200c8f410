"""The command: what it refuses, how it ends, and that a kill in the middle leaves nothing wrong."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import urllib.request
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from deploy.broker import Broker
from tests.waiting import eventually
from tests.workers.collector.topics import Kafka
from tests.workers.collector.worlds import LONG_AGO, TOKEN, Clock, Meta, counts, meta
from workers.collector.counts import Counts

pytestmark = pytest.mark.kafka

WRONG = "canary-that-opens-nothing"
PLATFORM = """
[{name}]
connector = "meta"
accounts = {{ 1 = "shadow" }}
[{name}.options]
address = "{address}"
timeout = 5.0
[{name}.secrets]
access_token = "env:{variable}"
"""


@pytest.fixture
async def topics(kafka: Broker, topic_prefix: str) -> Kafka:
    made = Kafka(kafka.bootstrap, topic_prefix)
    await made.create()
    return made


def environment(topics: Kafka, **more: str) -> dict[str, str]:
    return {
        **os.environ,
        "PACEKEEPER_BROKER": topics.bootstrap,
        "PACEKEEPER_TOPICS_PREFIX": topics.prefix,
        "PACEKEEPER_WEB_PORT": "0",
        "RIGHT_TOKEN": TOKEN,
        "WRONG_TOKEN": WRONG,
        **more,
    }


@asynccontextmanager
async def collecting(env: Mapping[str, str], *words: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "workers", "collect", *words), env=env, stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def ended(env: Mapping[str, str], *words: str) -> tuple[int | None, str]:
    async with collecting(env, *words) as process:
        out, err = await process.communicate()
    return process.returncode, (out + err).decode()


def platforms(folder: Path, *sections: tuple[str, str, str]) -> str:
    path = folder / "platforms.toml"
    texts = [
        PLATFORM.format(name=name, address=address, variable=variable)
        for name, address, variable in sections
    ]
    path.write_text("".join(texts))
    return str(path)


def fill(world: Meta, hours: int = 40) -> None:
    """Report hours up to the one before this."""
    draw = Random(4)
    world.platform.store.accounts["1"]["timezone_name"] = "UTC"
    begun = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    for back in range(1, hours + 1):
        local = begun - timedelta(hours=back)
        for ad_set in world.ad_sets:
            world.report(ad_set, local.date(), local.hour, counts(draw), LONG_AGO)


async def test_it_refuses_to_start_half_configured_and_says_what_to_do(
    topics: Kafka, tmp_path: Path
) -> None:
    code, said = await ended(environment(topics), "--once")
    assert (code, "executor.platforms" in said) == (2, True)

    path = platforms(tmp_path, ("meta", "http://127.0.0.1:9", "NOT_SET"))
    code, said = await ended(environment(topics, PACEKEEPER_EXECUTOR_PLATFORMS=path), "--once")
    assert (code, "NOT_SET" in said) == (2, True)

    path = platforms(tmp_path, ("meta", "http://127.0.0.1:9", "RIGHT_TOKEN"))
    elsewhere = environment(
        topics, PACEKEEPER_EXECUTOR_PLATFORMS=path, PACEKEEPER_TOPICS_PREFIX="nobody"
    )
    code, said = await ended(elsewhere, "--once")
    assert (code, "pacekeeper topics create" in said) == (2, True)


async def test_one_round_tells_what_works_and_ends_with_1_where_an_account_failed(
    topics: Kafka, tmp_path: Path
) -> None:
    async with meta(Clock(datetime.now(UTC))) as world:
        fill(world)
        path = platforms(
            tmp_path,
            ("meta", world.platform.address, "RIGHT_TOKEN"),
            ("closed", world.platform.address, "WRONG_TOKEN"),
            ("unset", world.platform.address, "NOT_SET"),
        )
        env = environment(topics, PACEKEEPER_EXECUTOR_PLATFORMS=path)
        code, said = await ended(env, "--once")

    assert code == 1
    assert '"auth_failed"' in said
    assert '"platform_left_out"' in said
    assert WRONG not in said
    assert TOKEN not in said
    assert {event.platform for event in await topics.events()} == {"meta"}
    assert len(await topics.known()) == 40 * 2


async def test_a_round_that_is_killed_and_repeated_leaves_what_one_round_leaves(
    topics: Kafka, topic_prefix: str, kafka: Broker, tmp_path: Path
) -> None:
    whole = Kafka(kafka.bootstrap, f"{topic_prefix}w")
    await whole.create()
    async with meta(Clock(datetime.now(UTC))) as world:
        fill(world)
        path = platforms(tmp_path, ("meta", world.platform.address, "RIGHT_TOKEN"))
        more = {"PACEKEEPER_EXECUTOR_PLATFORMS": path}
        for moment in (0, 1, 2):
            async with collecting(environment(topics, **more), "--once") as process:
                await asked(world, len(world.platform.requests) + moment + 1)
                process.kill()
        assert (await ended(environment(topics, **more), "--once"))[0] == 0
        assert (await ended(environment(whole, **more), "--once"))[0] == 0

    killed, straight = await topics.known(), await whole.known()
    assert {cell: Counts.of(event) for cell, event in killed.items()} == {
        cell: Counts.of(event) for cell, event in straight.items()
    }
    assert len(killed) == 40 * 2


async def test_it_runs_until_it_is_asked_to_stop_and_serves_what_it_counts(
    topics: Kafka, tmp_path: Path
) -> None:
    async with meta(Clock(datetime.now(UTC))) as world:
        fill(world)
        path = platforms(tmp_path, ("meta", world.platform.address, "RIGHT_TOKEN"))
        env = environment(topics, PACEKEEPER_EXECUTOR_PLATFORMS=path)
        async with collecting(env) as process:
            assert process.stderr is not None
            url = ""
            while not url:
                line = (await asyncio.wait_for(process.stderr.readline(), 60)).decode()
                url = "".join(re.findall(r'"web": ?"([^"]+)"', line))
            await seen(lambda: 'rounds_total{outcome="told",platform="meta"} 1.0' in read(url))
            figures = await asyncio.to_thread(read, url)
            assert await asyncio.to_thread(read, url, "ready") == "ok\n"
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 30) == 0

    assert 'worker="collector"' in figures
    assert 'collector_records_total{platform="meta",topic="metrics.v1"} 80.0' in figures
    assert 'collector_failing_accounts{platform="meta"} 0.0' in figures


async def asked(world: Meta, times: int) -> None:
    await seen(lambda: len(world.platform.requests) >= times)


async def seen(holds: Callable[[], bool]) -> None:
    assert await asyncio.to_thread(eventually, holds, seconds=60)


def read(url: str, page: str = "metrics") -> str:
    with urllib.request.urlopen(f"{url}/{page}", timeout=10) as answer:  # noqa: S310 -- on loopback
        return str(answer.read().decode())
