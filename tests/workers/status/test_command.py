"""``pacekeeper status`` as a person runs it, on a real Kafka."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner, Result

from deploy.broker import Broker
from schemas import HoldReason, MetricsEvent, decode, topics
from tests.person_fixtures import Person
from tests.workers.explain.test_command import ROOT, published, worker
from tests.workers.explain.test_command import environment as a_place
from tests.workers.report.told import a_hold, a_plan, advice, an_entry, an_hour
from workers.cli.main import app
from workers.delivery.loading import read_to_end
from workers.kafka import connect
from workers.reading import partitions_of, reader
from workers.settings import BrokerSettings

environment = a_place

SIMULATION = (
    *("simulator", "--campaigns", "3", "--hours", "14", "--history-days", "3"),
    *("--seconds-per-hour", "0.3"),
)


def run(environment: dict[str, str], *words: str, code: int = 0) -> Result:
    result = CliRunner(env=environment).invoke(app, ["status", *words])
    assert result.exit_code == code, result.output
    return result


def lines(told: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in told.stdout.splitlines()]


async def reported(bootstrap: str, prefix: str) -> dict[str, dict[int, MetricsEvent]]:
    """Return the last report of each hour, by campaign."""
    connection = connect(BrokerSettings(bootstrap=bootstrap))
    partitions = await partitions_of(connection, [topics.METRICS.full_name(prefix)])
    found: dict[str, dict[int, MetricsEvent]] = {}
    async with reader(connection) as consumer:
        async for _, records in read_to_end(consumer, partitions):
            for record in records:
                event = decode(record.value, MetricsEvent)
                start = int(event.window_start.timestamp())
                found.setdefault(event.key.decode(), {})[start] = event
    return found


@pytest.mark.kafka
def test_what_real_workers_did_is_told_of_the_account_and_of_each_campaign(
    kafka: Broker, topic_prefix: str, environment: dict[str, str], tmp_path: Path
) -> None:
    environment["PACEKEEPER_OPTIMIZER_TICK_SECONDS"] = "0"
    assert CliRunner(env=environment).invoke(app, ["topics", "create"]).exit_code == 0
    with ExitStack() as stack:
        for name in ("optimizer", "executor"):
            stack.enter_context(worker(name, environment, tmp_path))
        command = [sys.executable, "-m", "workers", *SIMULATION]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=240)
    made = asyncio.run(published(kafka.bootstrap, topic_prefix))
    metrics = asyncio.run(reported(kafka.bootstrap, topic_prefix))
    last = {each.key.decode(): each for each in made}

    told = lines(run(environment, "--json"))
    campaigns = {each["campaign"]: each for each in told if each["kind"] == "campaign"}
    assert campaigns.keys() == metrics.keys()
    for name, each in campaigns.items():
        hours = metrics[name].values()
        month = sum(float(one.spend) for one in hours if one.window_start >= _month(each))
        assert each["month"]["spent"] == pytest.approx(month)
        if name in last and each["ahead"]["p50"] is not None:
            assert each["ahead"]["pace"] == last[name].pacing_index
            assert each["ahead"]["p50"] == float(last[name].projected_spend.p50)  # type: ignore[union-attr]
    totals = [each for each in told if each["kind"] == "total"]
    assert sum(each["campaigns"] for each in totals) == 3

    for name, stood in campaigns.items():
        found = json.loads(run(environment, name, "--json").stdout)
        assert found["status"] == stood
        assert len(found["hours"]) in {23, 24, 25}
        planned = [hour["planned"] for hour in found["hours"] if hour["planned"] is not None]
        if name in last and last[name].hour_plan:
            assert sum(planned) <= float(sum(last[name].hour_plan)) + 0.001
            assert found["learned"] is not None
        assert "What was learned" in run(environment, name).stdout


def _month(each: dict[str, Any]) -> datetime:
    """Return when the month began where the campaign is."""
    there = datetime.fromisoformat(each["as_of"]).astimezone(ZoneInfo(each["timezone"]))
    return there.replace(day=1, hour=0, minute=0, second=0).astimezone(UTC)


@pytest.mark.kafka
def test_an_account_is_filtered_listed_and_judged(person: Person) -> None:
    names = {"calm": 10, "stuck": 20}
    person.tells("plans.v1", *(a_plan(campaign_id=name) for name in names))
    person.tells(
        "metrics.v1",
        *(
            an_hour(n, str(spend), campaign_id=name)
            for name, spend in names.items()
            for n in (0, 1)
        ),
    )
    calm = advice(2, campaign_id="calm")
    stuck = a_hold(2, HoldReason.STALE_DATA, campaign_id="stuck")
    person.tells("recommendations.v1", calm, stuck)
    person.publishes("metrics.v1", b"{}")

    shown = person.runs("status")
    assert "1 record of" in shown.stderr
    rows = [line.split()[:2] for line in shown.stdout.splitlines() if ":7:" in line]
    assert rows == [["high", "google:7:stuck"], ["low", "google:7:calm"]]
    assert "stale data" in shown.stdout

    only = person.runs("status", "--risk", "high", "--limit", "5").stdout
    assert "google:7:calm" not in only
    assert "1 more campaign in the totals" in only
    person.runs("status", "--fail-at", "critical")
    person.runs("status", "--fail-at", "high", code=1)
    person.runs("status", "--fail-at", "high", "--limit", "1", "--json", code=1)
    person.runs("status", "calm", "--fail-at", "medium")
    page = person.runs("status", "stuck").stdout
    assert "high risk" in page
    assert "Look at the publisher" in page


@pytest.mark.kafka
def test_what_is_missing_is_said_with_what_to_do(person: Person) -> None:
    empty = person.runs("status", code=2).stderr
    assert f"there is nothing in {person.prefix}.metrics.v1" in empty
    assert "pacekeeper publish" in empty

    person.tells("metrics.v1", an_hour(0))
    assert "did you mean google:7:42?" in person.runs("status", "google:7:43", code=2).stderr
    nobody = person.runs("status", "--platform", "bing", code=2).stderr
    assert "there is no campaign of platform bing - there is google:7" in nobody
    undecided = person.runs("status", "google:7:42")
    assert "no optimizer has decided anything about it yet" in undecided.stderr
    assert "EUR 10.00" in undecided.stdout

    person.tells("plans.v1", a_plan())
    person.tells("recommendations.v1", advice(1))  # of nobody's state: it cannot be replayed
    person.tells("audit.v1", an_entry(1))
    again = person.runs("status", "google:7:42")
    assert "what was learned of it cannot be told" in again.stderr
    assert "simulated" in again.stdout


def test_a_kafka_that_cannot_be_reached_is_an_error_of_one_line() -> None:
    place = {"PACEKEEPER_BROKER": "127.0.0.1:1", "PACEKEEPER_BROKER_TIMEOUT_SECONDS": "2"}
    result = CliRunner(env=place).invoke(app, ["status"])
    assert result.exit_code in {1, 2}
    assert "127.0.0.1:1" in result.stderr
    assert "Traceback" not in result.output
