"""An emergency on a real Kafka, from the hour that tells of it until the bid is back."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from deploy.broker import Broker
from schemas import Action, AuditEntry, Kind, MetricsEvent, Recommendation, decode, encode, topics
from schemas.levers import BID
from schemas.tick import Tick
from tests.faults.topics import PARTITIONS, producer
from tests.waiting import eventually
from tests.workers.adviser.test_emergencies import HABIT, NOON, an_hour, cuts, lived
from tests.workers.adviser.world import START, a_plan, hour
from tests.workers.kafka_stack import Stack
from workers.partitioner import partition_of

MOVED = timedelta(days=(datetime.now(UTC) - hour(NOON + 14)).days)
"""From the days of the tests to the newest in which a cut at noon is over by now."""

PLAN: dict[str, Any] = HABIT | {"target_cpa": None}
"""Without a target nobody else changes the bid."""

CUT_AT = hour(NOON) + timedelta(minutes=65) + MOVED
PARTITION = partition_of(a_plan().key, PARTITIONS)
CALM = [an_hour(number) for number in range(NOON)]
BACK = [CUT_AT + timedelta(hours=hours) for hours in range(6, 13)]


@dataclass(frozen=True, kw_only=True)
class Silent(Stack):
    """Workers that write no ticks: the test says what time it is."""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "PACEKEEPER_OPTIMIZER_TICK_SECONDS": "0"}


@pytest.fixture
def stack(kafka: Broker, topic_prefix: str, tmp_path: Path) -> Silent:
    return Silent.on(kafka, topic_prefix, tmp_path)


def moved(event: MetricsEvent) -> MetricsEvent:
    told = event.emitted_at or event.window_start
    return replace(event, window_start=event.window_start + MOVED, emitted_at=told + MOVED)


def tell(stack: Stack, events: Sequence[MetricsEvent]) -> None:
    stack.publish(*((topics.METRICS, each, each.emitted_at or START) for each in events))


def say(stack: Stack, *times: datetime) -> None:
    """Say by ticks what time it is; Kafka keeps these for a day since they were written."""
    ticks = (Tick(partition=PARTITION, time=each) for each in times)
    asyncio.run(
        _send(stack, topics.TICKS.full_name(stack.prefix), [encode(each) for each in ticks])
    )


def repeat(stack: Stack) -> None:
    """Publish all cuts and steps back once more."""
    topic = topics.ACTIONS.full_name(stack.prefix)
    asyncio.run(_send(stack, topic, [encode(each) for each in actions(stack)]))


async def _send(stack: Stack, topic: str, values: Sequence[bytes]) -> None:
    key = b"%d" % PARTITION if topic == topics.TICKS.full_name(stack.prefix) else a_plan().key
    async with producer(stack.bootstrap) as client:
        for value in values:
            await client.send_and_wait(topic, value, key=key, partition=PARTITION)


def emergencies(stack: Stack) -> list[Recommendation]:
    told = [decode(value, Recommendation) for value in stack.values(topics.RECOMMENDATIONS)]
    return [each for each in told if each.kind is Kind.EMERGENCY]


def bids(stack: Stack) -> list[AuditEntry]:
    """Return what the trail says of bids, in order."""
    told = [decode(value, AuditEntry) for value in stack.values(topics.AUDIT)]
    return [each for each in told if each.field == BID]


def effects(stack: Stack) -> list[tuple[datetime, Decimal | None, Decimal | None]]:
    return [
        (each.at, each.before, each.after) for each in bids(stack) if each.status == "simulated"
    ]


def actions(stack: Stack) -> list[Action]:
    """Return cuts that are released, and steps back."""
    told = [decode(value, Action) for value in stack.values(topics.ACTIONS)]
    return [each for each in told if each.field == BID]


def jumped(world_hour: int) -> list[MetricsEvent]:
    """Return half an hour in which clicks cost as ever, and the whole that cost three times."""
    early = hour(world_hour) + timedelta(minutes=30)
    return [
        an_hour(world_hour, clicks=0.5, emitted_at=early),
        an_hour(world_hour, cost=3.0),
        an_hour(world_hour + 1, cost=3.0),
    ]


def foretold() -> tuple[Recommendation, list[Decimal | None]]:
    """Return the cut that the same hours lead to without a broker, and the bids it sets."""
    alone = lived(**PLAN)
    for event in jumped(NOON):
        alone.metrics(event)
    (cut,) = cuts(alone)
    return cut, [cut.recommended_value, *(each.value for each in cut.returns)]


@pytest.mark.kafka
def test_a_cut_comes_and_goes_once_whoever_is_killed_and_explain_makes_it_again(
    stack: Silent,
) -> None:
    cut, values = foretold()
    live(stack)

    (told,) = emergencies(stack)
    assert told.auto_execute
    assert [each.evidence for each in told.reasons] == [each.evidence for each in cut.reasons]
    assert told.decided_at == CUT_AT
    assert (told.recommended_value, told.confidence) == (cut.recommended_value, cut.confidence)
    assert told.returns == tuple(replace(each, at=each.at + MOVED) for each in cut.returns)
    # The bid before the cut is the platform's: the executor knows of none.
    before = [None, *values[:-1]]
    assert effects(stack) == list(zip([CUT_AT, *BACK], before, values, strict=True))
    # What came again left no entry that says otherwise, and the trail is whole.
    assert {each.action_id for each in bids(stack)} == {each.action_id for each in actions(stack)}
    assert ask(stack, "verify", "--from-genesis").returncode == 0
    again = ask(stack, "explain", told.recommendation_id, "--json")
    assert again.returncode == 0, again.stderr.decode()
    assert json.loads(again.stdout)["verdict"] == "identical"


def live(stack: Silent) -> None:
    """Let ten days pass, and the trouble, and the time until all is taken back."""
    calm, trouble = ([moved(each) for each in some] for some in (CALM, jumped(NOON)))
    stack.publish((topics.PLANS, a_plan(**PLAN), START + MOVED))
    with stack.worker("optimizer"):
        with stack.worker("adviser") as adviser, stack.worker("executor") as executor:
            # What is usual is learned under a plan that is known.
            stack.wait_until_read("adviser", topics.PLANS)
            tell(stack, calm)
            stack.wait_until_read("adviser", topics.METRICS)
            stack.wait_until_read("executor", topics.PLANS)
            tell(stack, trouble)
            kill(adviser, executor)
        with stack.worker("adviser"), stack.worker("executor") as executor:
            tell(stack, [*calm[-5:], *trouble])
            pass_by(stack, BACK[:2], before=1)
            repeat(stack)
            say(stack, BACK[2])
            kill(executor)
        with stack.worker("executor"):
            pass_by(stack, BACK[3:], before=4)


def pass_by(stack: Silent, times: Sequence[datetime], *, before: int) -> None:
    """Say each time once all that was due before has had its effect."""
    for done, time in enumerate(times, start=before):
        until(stack, done)
        say(stack, time)
    until(stack, before + len(times))


def until(stack: Silent, changes: int) -> None:
    """Wait until the bid was changed so many times."""
    if not eventually(lambda: len(effects(stack)) == changes, seconds=90):
        pytest.fail(f"no {changes} changes: {bids(stack)}, {stack.log.read_text()}")


def kill(*workers: subprocess.Popen[bytes]) -> None:
    for each in workers:
        each.send_signal(signal.SIGKILL)


def ask(stack: Stack, *words: str) -> subprocess.CompletedProcess[bytes]:
    command = stack.command(*words)
    return subprocess.run(command, env=stack.environment, capture_output=True, check=False)
