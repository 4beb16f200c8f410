"""The real optimizer and executor under faults: ledgers, advice, effects and the chain."""

from __future__ import annotations

import asyncio
import itertools
import random
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine import state
from schemas import (
    Action,
    Budget,
    Guardrails,
    MetricsEvent,
    Plan,
    Recommendation,
    decode,
    encode,
    topics,
)
from schemas.audit import AuditEntry
from schemas.fields import Autonomy, BudgetPeriod
from schemas.money import from_units_atto
from schemas.plan import Strategy
from schemas.topic import Topic
from tests.faults.caps import assert_caps, assert_within_budget
from tests.faults.conftest import Kafka
from tests.faults.driving import Fleet, schedule
from tests.faults.recount import ends, table
from tests.faults.topics import PARTITIONS, Pair, producer, publish, reach, read
from workers.delivery.contract import changelog_topic
from workers.kafka import connect
from workers.programs import create_program, topic_specs
from workers.settings import BrokerSettings, Settings, TopicSettings
from workers.topics import create_topics
from workers.verify import Verifier
from workers.verify.reading import audit_records

pytestmark = [pytest.mark.kafka, pytest.mark.faults]

CAMPAIGNS = 200
HOURS = 45
PACE_SECONDS = 1.0
"""Between two hours of all campaigns."""


def _is_steered(number: int) -> bool:
    """Return whether a campaign has its bids set; the others have hourly budgets."""
    return number % 2 == 0


@dataclass
class Load:
    """Hours of many campaigns, some told twice, some restated; and what they come to."""

    seed: int
    start: datetime
    spends: dict[bytes, dict[int, Decimal]] = field(default_factory=lambda: defaultdict(dict))

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def plans(self) -> Iterator[Pair]:
        for number in range(CAMPAIGNS):
            plan = Plan(
                platform="google",
                account_id="7",
                campaign_id=f"c{number}",
                version=1,
                currency="EUR",
                timezone="UTC",
                budget=Budget(amount=Decimal(240), period=BudgetPeriod.DAY),
                strategy=Strategy.ADAPTIVE if _is_steered(number) else Strategy.EVEN,
                autonomy=Autonomy.AUTO,
                min_confidence=0.0,
                guardrails=Guardrails(max_change_pct=1000.0, max_changes_per_day=100),
            )
            yield plan.key, encode(plan)

    def hour(self, hour: int) -> Iterator[Pair]:
        """Tell ``hour`` of each campaign, some twice, after a restatement of an earlier hour."""
        for number in range(CAMPAIGNS):
            if hour and self._chance.random() < 0.1:
                yield self._event(number, self._chance.randrange(hour), told_in=hour)
            told = self._event(number, hour, told_in=hour)
            yield from [told] * self._chance.choice((1, 1, 1, 2))

    def _event(self, number: int, hour: int, *, told_in: int) -> Pair:
        spend = Decimal(self._chance.randrange(20_000)).scaleb(-3)
        event = MetricsEvent(
            platform="google",
            account_id="7",
            campaign_id=f"c{number}",
            window_start=self.start + timedelta(hours=hour),
            impressions=1_000,
            clicks=10,
            spend=spend,
            currency="EUR",
            emitted_at=self.start + timedelta(hours=told_in + 1, minutes=5),
        )
        self.spends[event.key][hour] = spend
        return event.key, encode(event)

    def totals(self) -> dict[bytes, Decimal]:
        return {key: sum(hours.values(), Decimal(0)) for key, hours in self.spends.items()}


@dataclass(frozen=True, kw_only=True)
class Loop:
    """Two optimizers and two executors on topics of their own."""

    bootstrap: str
    prefix: str
    fleet: Fleet

    @property
    def settings(self) -> Settings:
        return Settings(
            broker=BrokerSettings(bootstrap=self.bootstrap),
            topics=TopicSettings(prefix=self.prefix, partitions=PARTITIONS),
        )

    async def create_topics(self) -> None:
        async with connect(self.settings.broker).admin() as admin:
            await create_topics(admin, topic_specs(self.settings))

    def start(self) -> None:
        for number in range(4):
            worker = ("optimizer", "executor")[number % 2]
            arguments = ["-m", "workers", worker, "--bootstrap", self.bootstrap]
            self.fleet.start(number, [sys.executable, *arguments])

    def topic(self, topic: Topic) -> str:
        return topic.full_name(self.prefix)

    async def drain(self, worker: str, *sources: Topic) -> None:
        """Wait until ``worker`` has applied all of ``sources``."""
        offsets = await ends(self.bootstrap, [self.topic(source) for source in sources])
        group = create_program(worker, self.settings).name
        await reach(self.bootstrap, group, offsets, seconds=90, check=self._check)

    def _check(self) -> None:
        assert self.fleet.surprises == []

    async def read_by_key(self, topic: Topic) -> Mapping[bytes, Sequence[bytes]]:
        """Return the committed values of ``topic`` by key, in the order of the log."""
        found = defaultdict(list)
        for records in (await read(self.bootstrap, self.topic(topic))).values():
            for record in records:
                found[record.key].append(record.value)
        return found


@pytest.mark.parametrize("seed", [7])
async def test_faults_on_optimizers_and_executors_leave_ledgers_advice_effects_and_chain_exact(
    seed: int, fragile: Kafka, topic_prefix: str, tmp_path: Path
) -> None:
    faults = schedule(seed, faults=20, workers=4)
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    load = Load(seed, now - timedelta(hours=HOURS + 2))
    async with Fleet((), tmp_path / "workers", environment(topic_prefix, tmp_path)) as fleet:
        loop = Loop(bootstrap=fragile.bootstrap, prefix=topic_prefix, fleet=fleet)
        await loop.create_topics()
        async with producer(fragile.bootstrap) as client:
            await publish(client, loop.topic(topics.PLANS), load.plans())
        loop.start()
        for worker in ("optimizer", "executor"):
            # An action that comes before its plan waits for it, and is released once more then.
            await loop.drain(worker, topics.PLANS)
        await asyncio.gather(fleet.inflict(faults), publish_hours(loop, load))

        await loop.drain("optimizer", topics.METRICS)
        await loop.drain("executor", topics.ACTIONS, topics.RECOMMENDATIONS)
        await loop.drain("optimizer", topics.AUDIT)
        await assert_ledgers(loop, load)
        await assert_advice(loop, load)
        await assert_effects(loop)
        assert [await fleet.leave(number) for number in range(4)] == [0] * 4
        assert fleet.surprises == []


def environment(prefix: str, directory: Path) -> dict[str, str]:
    return {
        "PACEKEEPER_TOPICS_PREFIX": prefix,
        "PACEKEEPER_TOPICS_PARTITIONS": str(PARTITIONS),
        "PACEKEEPER_WEB_PORT": "0",
        "PACEKEEPER_OPTIMIZER_TICK_SECONDS": "0",
        "PACEKEEPER_DELIVERY_SESSION_TIMEOUT_SECONDS": "3",
        "PACEKEEPER_DELIVERY_HEARTBEAT_SECONDS": "0.5",
        "PACEKEEPER_DELIVERY_REBALANCE_TIMEOUT_SECONDS": "20",
        "PACEKEEPER_DELIVERY_TRANSACTION_TIMEOUT_SECONDS": "15",
        "TMPDIR": str(directory),
    }


async def publish_hours(loop: Loop, load: Load) -> None:
    async with producer(loop.bootstrap) as client:
        for hour in range(HOURS):
            await publish(client, loop.topic(topics.METRICS), load.hour(hour))
            await asyncio.sleep(PACE_SECONDS)


async def assert_ledgers(loop: Loop, load: Load) -> None:
    """Compare each campaign's total spend with the sum of the last word on each of its hours."""
    program = create_program("optimizer", loop.settings).name
    stored: dict[bytes, bytes] = {}
    for partition in (await table(loop.bootstrap, changelog_topic(program, "metrics"))).values():
        stored |= partition
    wanted = load.totals()
    rows = state.unpack([stored[key] for key in wanted])
    totals = [from_units_atto(*total) for total in rows["total"].tolist()]
    assert dict(zip(wanted, totals, strict=True)) == wanted


async def assert_advice(loop: Loop, load: Load) -> None:
    """Each hour of each campaign decides the next one: once, and in order."""
    told = {
        key: [decode(value, Recommendation) for value in values]
        for key, values in (await loop.read_by_key(topics.RECOMMENDATIONS)).items()
    }
    for advice in itertools.chain.from_iterable(told.values()):
        assert_within_budget(advice, steered=_is_steered(int(advice.campaign_id[1:])))
    decided = {key: [advice.hour for advice in each] for key, each in told.items()}
    hours = [load.start + timedelta(hours=hour + 1) for hour in range(HOURS)]
    assert decided == dict.fromkeys(load.totals(), hours)


async def assert_effects(loop: Loop) -> None:
    """Each action is in the trail once, in the order of its campaign; the chain is whole."""
    released = {
        key: [decode(value, Action) for value in values]
        for key, values in (await loop.read_by_key(topics.ACTIONS)).items()
    }
    actions = {key: [action.action_id for action in each] for key, each in released.items()}
    entries = {
        key: [decode(value, AuditEntry) for value in values]
        for key, values in (await loop.read_by_key(topics.AUDIT)).items()
    }
    effects = {
        key: [entry.action_id for entry in trail if entry.action_id]
        for key, trail in entries.items()
    }
    questions = [
        (entry.recommendation_id, entry.status)
        for trail in entries.values()
        for entry in trail
        if not entry.action_id
    ]
    assert sum(map(len, actions.values())) > CAMPAIGNS, "there was something to do"
    assert effects == actions
    assert_caps(
        itertools.chain.from_iterable(released.values()),
        itertools.chain.from_iterable(entries.values()),
    )
    assert len(set(questions)) == len(questions), "nobody is asked twice"
    verifier = Verifier(from_genesis=True)
    async for record in audit_records(connect(loop.settings.broker), loop.topic(topics.AUDIT)):
        verifier.add(record)
    report = verifier.report()
    assert report.intact, report.faults
    assert report.records == sum(map(len, entries.values()))
