"""The main job on real input: auctions in a file that is not the project's and never committed."""

from __future__ import annotations

import asyncio
import csv
import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from deploy.broker import Broker
from engine import hours
from schemas import (
    AuditEntry,
    Autonomy,
    Budget,
    BudgetPeriod,
    Guardrails,
    Plan,
    Recommendation,
    Strategy,
    decode,
)
from schemas.money import from_units_atto
from schemas.topics import AUDIT, METRICS, PLANS, RECOMMENDATIONS
from workers.delivery.contract import changelog_topic
from workers.delivery.loading import read_to_end
from workers.demo.children import running, workers_of
from workers.demo.loop import FOLLOWED, Loop
from workers.demo.offsets import unread
from workers.importer.convert import Converter, Published
from workers.importer.run import Request, Target, dry_run, publish_file, reading
from workers.kafka import Connection, connect
from workers.optimizer import tables
from workers.programs import create_program, topic_specs
from workers.reading import partitions_of, reader
from workers.settings import BrokerSettings, Settings, TopicSettings
from workers.simulator.records import InForce
from workers.simulator.wire import Heard, wire
from workers.topics import create_topics
from workers.verify import Verifier
from workers.verify.reading import audit_records

ROOT = Path(__file__).parents[3]
MAP = ROOT / "docs" / "examples" / "auctionnet.toml"
SHARED = Path(os.environ.get("SHARED_DATA", ROOT.parent / "shared" / "data"))
FILE = SHARED / "auctionnet_hourly.csv"

pytestmark = pytest.mark.skipif(
    not FILE.is_file(),
    reason=f"{FILE.name} is not there: set SHARED_DATA to the folder that has it "
    "(AuctionNet's log summed by the hour, as docs/reports.md tells)",
)


@pytest.fixture(scope="module")
def lines() -> list[dict[str, str]]:
    with FILE.open(newline="") as file:
        return list(csv.DictReader(file))


def request_for(folder: Path) -> Request:
    return Request(path=FILE, map_name=str(MAP), replay=True, refused_path=folder / "refused.csv")


def test_every_row_is_an_event_and_spend_is_the_files_to_the_last_digit(
    tmp_path: Path, lines: list[dict[str, str]]
) -> None:
    with reading(request_for(tmp_path)) as source:
        tally = dry_run(source, lambda _: None)
    assert (tally.accepted, tally.refused.total(), tally.out_of_order) == (len(lines), 0, 0)
    assert len(tally.campaigns) == len({line["campaign_id"] for line in lines})
    assert tally.spend == {"CNY": sum(Decimal(line["spend"]) for line in lines)}


def test_each_event_says_what_its_row_says(tmp_path: Path, lines: list[dict[str, str]]) -> None:
    with reading(request_for(tmp_path)) as source:
        results = list(Converter(source.binding, replay=True).convert(source.table.rows))
    for line, result in zip(lines, results, strict=True):
        assert isinstance(result, Published)
        event = result.event
        assert (event.campaign_id, event.window_start.strftime("%Y-%m-%dT%H:00:00Z")) == (
            line["campaign_id"],
            line["hour_start"],
        )
        assert (event.impressions, event.spend) == (
            int(line["impressions"]),
            Decimal(line["spend"]),
        )
        assert event.conversions == int(line["conversions"])


@pytest.mark.kafka
async def test_the_whole_stack_takes_in_the_file_and_decides_about_every_hour_once(
    kafka: Broker, topic_prefix: str, tmp_path: Path, lines: list[dict[str, str]]
) -> None:
    settings = Settings(
        broker=BrokerSettings(bootstrap=kafka.bootstrap),
        topics=TopicSettings(prefix=topic_prefix, partitions=4),
    )
    connection = connect(settings.broker)
    async with connection.admin() as admin:
        await create_topics(admin, topic_specs(settings))
    loop = Loop([], InForce([]))
    decided: Counter[tuple[str, datetime]] = Counter()
    settled: Counter[str] = Counter()
    async with (
        running(workers_of(settings, tmp_path)),
        wire(connection, settings.topics, FOLLOWED) as line,
        asyncio.timeout(240),
    ):
        planned = await line.plan(plans_of(lines))
        await all_read(connection, settings, planned)
        with reading(request_for(tmp_path)) as source:
            tally = await publish_file(source, target_in(settings), lambda _: None)
        while decided.total() < len(lines) or settled.total() < loop.actions:
            heard = await line.hear(0.5)
            loop.hear(heard)
            decided.update(decisions_in(heard))
            settled.update(actions_in(heard))
        facts = await ledger_of(connection, settings)
    assert tally.published == len(lines)
    assert facts == {place(line): amounts(line) for line in lines}
    assert sum(spend for spend, _, _ in facts.values()) == tally.spend["CNY"]
    wanted = {(line["campaign_id"], hour_of(line) + timedelta(hours=1)) for line in lines}
    assert set(decided) == wanted
    assert set(decided.values()) == {1}
    assert loop.recommendations["pacing"] > len(lines) * 0.9
    assert len(settled) == loop.actions > 0
    assert set(settled.values()) == {1}
    assert await chain_is_intact(connection, settings)


def hour_of(line: dict[str, str]) -> datetime:
    return datetime.fromisoformat(line["hour_start"])


def place(line: dict[str, str]) -> tuple[str, datetime]:
    return line["campaign_id"], hour_of(line)


def amounts(line: dict[str, str]) -> tuple[Decimal, int, int]:
    return Decimal(line["spend"]), int(line["impressions"]), int(line["conversions"])


def plans_of(lines: list[dict[str, str]]) -> list[Plan]:
    budgets = {line["campaign_id"]: Decimal(line["daily_budget"]) for line in lines}
    return [
        Plan(
            platform="auctionnet",
            account_id="benchmark",
            campaign_id=name,
            version=1,
            currency="CNY",
            timezone="UTC",
            budget=Budget(amount=amount, period=BudgetPeriod.DAY),
            # The data has no clicks, and a day's shape is learned from clicks.
            strategy=Strategy.EVEN,
            autonomy=Autonomy.AUTO,
            min_confidence=0.0,
            guardrails=Guardrails(max_change_pct=1000.0, max_changes_per_day=100),
        )
        for name, amount in budgets.items()
    ]


def target_in(settings: Settings) -> Target:
    prefix = settings.topics.prefix
    topic = METRICS.full_name(prefix)
    return Target(connection=connect(settings.broker), topic=topic, prefix=prefix)


def decisions_in(heard: list[Heard]) -> Iterator[tuple[str, datetime]]:
    for one in heard:
        if one.topic == RECOMMENDATIONS.name:
            advice = decode(one.value, Recommendation)
            yield advice.campaign_id, advice.hour


def actions_in(heard: list[Heard]) -> Iterator[str]:
    """Yield the actions whose end the audit trail tells."""
    for one in heard:
        if one.topic == AUDIT.name and (action := decode(one.value, AuditEntry).action_id):
            yield action


async def all_read(connection: Connection, settings: Settings, planned: dict[int, int]) -> None:
    group = create_program("optimizer", settings).name
    topic = PLANS.full_name(settings.topics.prefix)
    async with connection.admin() as admin:
        # Kafka tells nobody of a group's progress: one has to ask.
        while await unread(admin, group, topic, planned):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def ledger_of(
    connection: Connection, settings: Settings
) -> dict[tuple[str, datetime], tuple[Decimal, int, int]]:
    """Return what the optimizer's table holds, read from its changelog."""
    name = changelog_topic(create_program("optimizer", settings).name, tables.METRICS)
    partitions = await partitions_of(connection, [name])
    values: dict[bytes, bytes | None] = {}
    async with reader(connection) as consumer:
        async for _, records in read_to_end(consumer, partitions):
            values |= {record.key: record.value for record in records}
    facts = {}
    for key, value in values.items():
        campaign, _, day = key.partition(b"\0hours ")
        if not day or not value:
            continue
        for row in hours.read([value])[0]:
            hour = datetime.fromisoformat(f"{day.decode()}T{row['hour']:02d}:00:00Z")
            facts[campaign.decode().rpartition(":")[2], hour] = (
                from_units_atto(int(row["spend"][0]), int(row["spend"][1])),
                int(row["impressions"]),
                int(row["conversions"]) // hours.MILLIONTHS,
            )
    return facts


async def chain_is_intact(connection: Connection, settings: Settings) -> bool:
    verifier = Verifier(from_genesis=True)
    async for record in audit_records(connection, AUDIT.full_name(settings.topics.prefix)):
        verifier.add(record)
    return verifier.report().intact
