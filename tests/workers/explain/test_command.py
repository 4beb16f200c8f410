"""``pacekeeper explain`` on a real Kafka, of what real workers published there."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from deploy.broker import Broker
from schemas import (
    Design,
    Experiment,
    Halves,
    Overrides,
    Recommendation,
    Strategy,
    decode,
    encode,
    topics,
)
from tests.waiting import eventually
from workers.cli.main import app
from workers.delivery.loading import read_to_end
from workers.kafka import connect
from workers.reading import partitions_of, reader, writer
from workers.settings import BrokerSettings
from workers.simulator.population import make_world

ROOT = Path(__file__).parents[3]
SIMULATION = (
    *("simulator", "--campaigns", "4", "--hours", "26", "--history-days", "2"),
    *("--seconds-per-hour", "0.2", "--late", "0.1", "--duplicates", "0.1", "--reorder"),
)


@pytest.fixture
def environment(kafka: Broker, topic_prefix: str, tmp_path: Path) -> dict[str, str]:
    return {
        **{name: text for name, text in os.environ.items() if "PACEKEEPER_" not in name},
        "PACEKEEPER_BROKER": kafka.bootstrap,
        "PACEKEEPER_TOPICS_PREFIX": topic_prefix,
        "PACEKEEPER_TOPICS_PARTITIONS": "2",
        "PACEKEEPER_WEB_PORT": "0",
        "PACEKEEPER_OPTIMIZER_TICK_SECONDS": "1",
        "PACEKEEPER_DATA_DIR": str(tmp_path),
    }


@contextmanager
def worker(name: str, environment: dict[str, str], directory: Path) -> Iterator[None]:
    with (directory / name).open("wb") as said:
        command = [sys.executable, "-m", "workers", name]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=said)
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=60)


async def published(bootstrap: str, prefix: str) -> list[Recommendation]:
    """Return all recommendations that are in the topic."""
    connection = connect(BrokerSettings(bootstrap=bootstrap))
    partitions = await partitions_of(connection, [topics.RECOMMENDATIONS.full_name(prefix)])
    async with reader(connection) as consumer:
        return [
            decode(record.value, Recommendation)
            async for _, records in read_to_end(consumer, partitions)
            for record in records
        ]


async def try_a_strategy(bootstrap: str, prefix: str) -> None:
    """Let one of two campaigns of the simulation go by another strategy."""
    control, treatment, *_ = (bytes(each.key).decode() for each in make_world(4, seed=1).campaigns)
    told = Experiment(
        experiment_id="even",
        version=1,
        design=Design.HALVES,
        pairs=(Halves(control=control, treatment=treatment),),
        treatment=Overrides(strategy=Strategy.EVEN),
        start=date(2020, 1, 1),
        by="ada",
    )
    async with writer(connect(BrokerSettings(bootstrap=bootstrap))) as producer:
        topic = topics.EXPERIMENTS.full_name(prefix)
        await producer.send_and_wait(topic, encode(told), key=told.key)


def much_of_both_sides(made: Sequence[Recommendation]) -> bool:
    """Return whether much was decided, and under both sides of the experiment."""
    sides = {each.evidence.get("arm") for one in made for each in one.reasons}
    return len(made) > 80 and sides - {None} == {"control", "treatment"}


def run(environment: dict[str, str], *words: str) -> Result:
    return CliRunner(env=environment).invoke(app, ["explain", *words])


@pytest.mark.kafka
def test_what_real_workers_published_is_recomputed_to_the_same_bytes(
    kafka: Broker, topic_prefix: str, environment: dict[str, str], tmp_path: Path
) -> None:
    assert CliRunner(env=environment).invoke(app, ["topics", "create"]).exit_code == 0
    asyncio.run(try_a_strategy(kafka.bootstrap, topic_prefix))
    with ExitStack() as stack:
        for name in ("optimizer", "executor", "allocator"):
            stack.enter_context(worker(name, environment, tmp_path))
        command = [sys.executable, "-m", "workers", *SIMULATION]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=240)
        # What the simulation told last may be decided after it has ended.
        assert eventually(
            lambda: much_of_both_sides(asyncio.run(published(kafka.bootstrap, topic_prefix))),
            seconds=60,
        )
    made = asyncio.run(published(kafka.bootstrap, topic_prefix))
    last = {each.campaign_id: each for each in made}
    chosen = [*last.values(), *made[:: len(made) // 4]]
    for advice in chosen:
        result = run(environment, advice.recommendation_id, "--json")
        told = json.loads(result.stdout)
        assert (result.exit_code, told["differences"]) == (0, [])

    page = run(environment, made[-1].recommendation_id[:12])
    assert page.exit_code == 0
    assert "identical" in page.stdout

    missing = run(environment, "0123456789abcdef")
    assert missing.exit_code == 2
    assert "may have been deleted by retention" in missing.stderr
    assert run(environment, "no-id").exit_code == 2
