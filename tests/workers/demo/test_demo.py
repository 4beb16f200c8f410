"""The demo on a real Kafka: the whole loop, and every way to end it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from typer.testing import CliRunner

from deploy.broker import Broker
from schemas import Kind, Recommendation, decode
from tests.waiting import eventually
from workers.cli.main import app
from workers.delivery.loading import read_to_end
from workers.demo.children import workers_of
from workers.demo.place import Place, Script
from workers.demo.proposals import by_device
from workers.demo.screen import Picture
from workers.demo.shared_budget import SharedBudget
from workers.demo.stage import Stage
from workers.kafka import Connection, connect
from workers.reading import partitions_of, reader
from workers.settings import BrokerSettings, Settings, TopicSettings
from workers.simulator.population import make_world

pytestmark = pytest.mark.kafka

WEDNESDAY = 1_794_960_000 // 3600


class Quiet:
    """A screen that remembers its steps."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.hours = 0

    def step(self, text: str) -> None:
        self.steps.append(text)

    def progress(self, text: str) -> None:
        pass

    def show(self, picture: Picture) -> None:
        self.hours = picture.hour


async def test_the_whole_loop_runs_and_the_market_obeys_it(
    kafka: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    campaigns, hours = 6, 8
    settings = Settings(
        broker=BrokerSettings(bootstrap=kafka.bootstrap),
        topics=TopicSettings(prefix=topic_prefix, partitions=2),
    )
    screen = Quiet()
    place = Place(
        settings=settings,
        connection=connect(settings.broker),
        screen=screen,
        workers=workers_of(settings, tmp_path),
    )
    world = make_world(campaigns, seed=3, auctions_per_day=6_000)
    script = Script(world=world, live_from=WEDNESDAY, history_hours=72, live_hours=hours)
    stage = Stage(script=script, place=place)
    result = await stage.run()

    assert screen.hours == hours
    assert result.chain_verified
    # One decision per campaign and hour: of the history without its first hour, and of live hours.
    # Two share a budget: they have a plan already.
    sharing = len(SharedBudget(world.campaigns).members)
    assert sharing == 2
    assert result.counts.recommendations == campaigns * (72 + hours)
    assert result.counts.holds.get("no_plan", 0) == (campaigns - sharing) * 71
    assert 0 < result.counts.holds.get("stale_data", 0) <= sharing * 72
    # What is carried out is what was released; what waits for a person is all that is told else.
    waits = [each for each in result.advice if each.kind in {Kind.BUDGET, Kind.BID}]
    asked = result.counts.audit.pop("approval_required", 0)
    assert asked <= len(waits)
    assert result.counts.audit == {"simulated": result.counts.actions}
    assert stage.in_force.heard_of == campaigns
    for row, campaign in enumerate(world.campaigns):
        assert stage.score.spent_today(row) <= campaign.day_budget


@contextmanager
def demo(kafka: Broker, folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    # As a script's background does it: SIGINT is ignored from the start.
    ignoring = ("sh", "-c", 'trap "" INT; exec "$@"', "sh")
    command = [*ignoring, sys.executable, "-m", "workers", "demo", "--campaigns", "4", "--json"]
    with (folder / "out").open("w") as output:
        process = subprocess.Popen(
            [
                *(*command, "--bootstrap", kafka.bootstrap),
                *("--report", str(folder / "demo.html"), *options),
            ],
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def workers_below(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def is_living(folder: Path) -> bool:
    return "Living two days" in (folder / "out").read_text()


def test_a_demo_that_is_stopped_leaves_nothing_behind(kafka: Broker, tmp_path: Path) -> None:
    """SIGTERM goes the way of Ctrl-C, so this is the way of both."""
    before = asyncio.run(prefixes(kafka))
    with demo(kafka, tmp_path) as process:
        assert eventually(lambda: is_living(tmp_path) or process.poll() is not None, seconds=90)
        below = workers_below(process)
        assert len(below) == 5
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=40)
        assert process.returncode == 130
        assert re.fullmatch(
            r"stopped (before the first hour was over|at hour \d+ of 48); "
            r"the demo's topics are deleted",
            told.strip(),
        )
        assert eventually(lambda: not any(child.is_running() for child in below))
    assert eventually(lambda: asyncio.run(prefixes(kafka)) <= before)


async def prefixes(kafka: Broker) -> set[str]:
    """Return the prefixes of the topics of all demos."""
    async with connect(BrokerSettings(bootstrap=kafka.bootstrap)).admin() as admin:
        return {name.split(".")[0] for name in await admin.list_topics() if "demo" in name}


def test_a_worker_that_dies_ends_the_demo_and_shows_its_log(kafka: Broker, tmp_path: Path) -> None:
    with demo(kafka, tmp_path) as process:
        assert eventually(lambda: is_living(tmp_path) or process.poll() is not None, seconds=90)
        below = workers_below(process)
        optimizer = next(child for child in below if "optimizer" in child.cmdline())
        optimizer.kill()
        _, told = process.communicate(timeout=40)
        assert process.returncode == 1
        assert "optimizer was ended by SIGKILL" in told
        assert "ready" in told
        assert not any(child.is_running() for child in below)


async def test_a_demo_ends_with_numbers_split_budgets_and_bids_by_device_that_can_be_explained(
    kafka: Broker, tmp_path: Path
) -> None:
    """Seen in what it prints, and in the topics, which the demo leaves when it is asked to."""
    with demo(kafka, tmp_path, "--keep") as process:
        _, noted = process.communicate(timeout=240)
        assert process.returncode == 0
    exported = dict(each.split("=") for each in noted.split("export ")[1].split())
    prefix = exported["PACEKEEPER_TOPICS_PREFIX"]
    connection = connect(BrokerSettings(bootstrap=kafka.bootstrap))
    page = (tmp_path / "demo.html").read_text("utf-8")
    try:
        advice = await said(connection, f"{prefix}.recommendations.v1")
        assert_proposals(advice, (tmp_path / "out").read_text(), page)
        # What it says to export is all that a check of its topics needs.
        checked = await asyncio.to_thread(CliRunner(env=exported).invoke, app, ["topics", "check"])
        assert checked.exit_code == 0, checked.output
        for each in proposals(advice):
            assert "identical" in explained(kafka, prefix, each.recommendation_id[:8])
    finally:
        await delete(connection, prefix)
    # The last line is for programs.
    facts = json.loads((tmp_path / "out").read_text().splitlines()[-1])
    assert_numbers(facts, page)
    assert facts["report"] == str(tmp_path / "demo.html")


def assert_numbers(facts: dict[str, Any], page: str) -> None:
    assert facts["chain_verified"]
    assert facts["campaign_days"] == 8
    assert facts["pacing_error"] < facts["pacing_error_even"]
    assert facts["conversions"] > facts["conversions_even"]
    # One campaign's clicks on partners' pages hardly ever buy, and no other segment is to be told.
    told = [(each["kind"], each["campaign"], each["entity"]) for each in facts["advice"]]
    assert [each for each in told if each[0] in {"targeting", "creative"}] == [
        ("targeting", "google:481-220-9317:campaign-000", "partners")
    ]
    assert facts["tracking_outage"].keys() >= {"account", "suspected_after_hours", "held"}
    # The page and the result are made from different sources: topics, and what was played.
    assert f"{facts['conversions']:,}" in page
    assert f"{facts['uplift']:+.1%} against even budgets" in page
    assert f"{facts['audit']['approval_required']:,} asked for approval" in page
    use = page[page.index(">Budget use<") :]
    assert f"{facts['budget_used']:.1%}" in use[: use.index("of 8 ended periods")]


def proposals(advice: Sequence[Recommendation]) -> list[Recommendation]:
    """Return the newest split of the shared budget, and the newest bid by device."""
    budgets = [each for each in advice if each.kind is Kind.BUDGET]
    newest = max(each.decided_at for each in budgets)
    bids = [each for each in advice if each.kind is Kind.BID and by_device(each)]
    return [*(each for each in budgets if each.decided_at == newest), bids[-1]]


def assert_proposals(advice: Sequence[Recommendation], shown: str, page: str) -> None:
    *last, _ = newest = proposals(advice)
    # Money goes from one platform to the other, and none is made.
    assert {each.platform for each in last} == {"google", "meta"}
    assert sum(each.change or 0 for each in last) == 0
    assert not any(each.auto_execute for each in advice if each.kind is Kind.BUDGET)
    # In this market desktops' people buy more often than phones'.
    bids = [by_device(each) for each in advice if each.kind is Kind.BID and by_device(each)]
    assert all(each["desktop"] > 1.1 > each["mobile"] for each in bids)
    for each in newest:
        assert each.recommendation_id[:8] in shown
        assert each.recommendation_id[:8] in page


async def said(connection: Connection, topic: str) -> list[Recommendation]:
    """Return all that a topic says, partition by partition."""
    found: list[Recommendation] = []
    async with reader(connection) as consumer:
        async for _, records in read_to_end(consumer, await partitions_of(connection, [topic])):
            found += [decode(record.value, Recommendation) for record in records]
    return found


def explained(kafka: Broker, prefix: str, identity: str) -> str:
    """Return what `pacekeeper explain` prints; it ends with 0 where the bytes are the same."""
    command = [sys.executable, "-m", "workers", "explain", identity]
    done = subprocess.run(
        [*command, "--bootstrap", kafka.bootstrap],
        env=os.environ | {"PACEKEEPER_TOPICS_PREFIX": prefix},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def delete(connection: Connection, prefix: str) -> None:
    async with connection.admin() as admin:
        await admin.delete_topics(
            [name for name in await admin.list_topics() if name.startswith(prefix)]
        )
