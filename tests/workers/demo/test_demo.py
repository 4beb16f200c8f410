"""The demo on a real Kafka: the whole loop, and every way to end it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from deploy.broker import Broker
from tests.waiting import eventually
from workers.demo.children import workers_of
from workers.demo.place import Place, Script
from workers.demo.screen import Picture
from workers.demo.stage import Stage
from workers.kafka import connect
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
    assert result.counts.recommendations == campaigns * (72 + hours)
    assert result.counts.holds.get("no_plan", 0) == campaigns * 71
    assert result.counts.audit == {"simulated": result.counts.actions}
    assert stage.in_force.heard_of == campaigns
    for row, campaign in enumerate(world.campaigns):
        assert stage.score.spent_today(row) <= campaign.day_budget


@contextmanager
def demo(kafka: Broker, folder: Path) -> Iterator[subprocess.Popen[str]]:
    # As a script's background does it: SIGINT is ignored from the start.
    ignoring = ("sh", "-c", 'trap "" INT; exec "$@"', "sh")
    command = [*ignoring, sys.executable, "-m", "workers", "demo", "--campaigns", "4", "--json"]
    with (folder / "out").open("w") as output:
        process = subprocess.Popen(
            [*command, "--bootstrap", kafka.bootstrap, "--report", str(folder / "demo.html")],
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


def test_a_demo_ends_with_its_numbers_as_one_line_of_json(kafka: Broker, tmp_path: Path) -> None:
    with demo(kafka, tmp_path) as process:
        assert process.wait(timeout=240) == 0
    facts = json.loads((tmp_path / "out").read_text().splitlines()[-1])
    assert facts["chain_verified"]
    assert facts["campaign_days"] == 8
    assert facts["pacing_error"] < facts["pacing_error_even"]
    assert facts["conversions"] > facts["conversions_even"]
    # One campaign's clicks on partners' pages hardly ever buy, and nothing else is to be told.
    told = [(each["kind"], each["campaign"], each["entity"]) for each in facts["advice"]]
    assert told == [("targeting", "google:481-220-9317:campaign-000", "partners")]
    assert facts["tracking_outage"].keys() >= {"account", "suspected_after_hours", "held"}
    page = (tmp_path / "demo.html").read_text("utf-8")
    assert facts["report"] == str(tmp_path / "demo.html")
    # The page and the result are made from different sources: topics, and what was played.
    assert f"{facts['conversions']:,}" in page
    assert f"{facts['uplift']:+.1%} against even budgets" in page
