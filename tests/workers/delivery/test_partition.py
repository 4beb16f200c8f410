"""What one step reads and writes: its own partition, all at once, and remembered once committed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from aiokafka import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.delivery.build import TOPIC, chunk, record
from tests.workers.delivery.test_ownership import CONTRACT
from workers.delivery import partition as module
from workers.delivery.api import Agent, DeadLetter, Journal, Output, Program, Record, Step, View
from workers.delivery.chunks import Chunk
from workers.delivery.contract import JOURNAL, table_names
from workers.delivery.dead_letters import DeadLetterPolicy, dead_letter_topic
from workers.delivery.errors import DeadLetterLimitError
from workers.delivery.lane import Lane, LaneLimits
from workers.delivery.partition import Partition
from workers.delivery.transactions import Destination, by_destination

Batches = Mapping[Destination, Sequence[Output]]


class Log:
    """Stands in for the broker: takes transactions, refuses them, or makes them wait."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.transactions: list[tuple[Batches, str, int]] = []
        self.refuses: Exception | None = None
        self.lets_through = asyncio.Event()
        self.lets_through.set()
        self.at_once = 0
        monkeypatch.setattr(module, "commit_step", self.commit)

    async def commit(
        self, _: object, batches: Batches, *, group: str, source: TopicPartition, offset: int
    ) -> None:
        assert group == "app"
        self.at_once += 1
        assert self.at_once == 1, "lanes of one partition take turns"
        await self.lets_through.wait()
        await asyncio.sleep(0)
        self.at_once -= 1
        if self.refuses:
            raise self.refuses
        self.transactions.append((batches, source.topic, offset))

    def written(self, topic: str) -> list[Output]:
        return [
            output
            for batches, _, _ in self.transactions
            for (name, _), outputs in batches.items()
            for output in outputs
            if name == topic
        ]


def copy(view: View, records: Sequence[Record]) -> Step:
    """Keep each record's value in the table, publish it, and enter it in the journal."""
    assert view.partition == 0
    return Step(
        writes={each.key or b"": each.value for each in records},
        outputs=[
            output
            for each in records
            for output in (
                Output("copies", each.key, each.value),
                Output("journal", each.key, each.value),
            )
        ],
    )


def put_aside(view: View, records: Sequence[Record]) -> Step:  # noqa: ARG001 -- a step has both
    return Step(dead_letters=[DeadLetter(each, "bad") for each in records])


def seal(head: bytes | None, entries: Sequence[Output]) -> tuple[bytes | None, Sequence[Output]]:
    """Number the entries: the chain is right when the numbers are 1, 2, 3, …"""
    last = int(head or b"0")
    sealed = [
        entry._replace(headers=(("sequence", b"%d" % (last + place)),))
        for place, entry in enumerate(entries, start=1)
    ]
    return b"%d" % (last + len(entries)), sealed


def opened(failures: list[BaseException], *agents: Agent, journal: bool = True) -> Partition:
    """Return partition 0 of an app, as it is once opened, with nothing in its tables."""
    contract = replace(
        CONTRACT,
        program=Program(
            name="app",
            agents=agents,
            journal=Journal(topic="journal", seal=seal) if journal else None,
        ),
        limits=LaneLimits(step_records=2, backlog_records=100),
        dead_letters=DeadLetterPolicy(run=3),
    )
    partition = Partition(contract, 0, broadcasts={"shared": {b"a": b"1"}}, fail=failures.append)
    for agent in agents:
        lane = Lane(agent, 0, position=0, limits=contract.limits, apply=partition._apply)
        partition.lanes[agent.source] = lane
        partition._running.append(asyncio.create_task(partition._run(lane)))
    return partition


COPY = Agent(name="copy", source=TOPIC, step=copy)
OTHER = Agent(name="other", source="others", step=copy)


async def idle(partition: Partition, failures: Sequence[BaseException] = ()) -> None:
    async with asyncio.timeout(5):
        while (  # noqa: ASYNC110 -- lanes tell nobody that they are idle
            any(lane.waiting for lane in partition.lanes.values()) and not failures
        ):
            await asyncio.sleep(0)


async def test_a_step_aside_leaves_the_loop_free_and_its_partition_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    began, go_on = threading.Event(), threading.Event()

    def slow(view: View, records: Sequence[Record]) -> Step:
        before = dict(view.table("other"))
        began.set()
        assert go_on.wait(5)
        assert dict(view.table("other")) == before
        return copy(view, records)

    log = Log(monkeypatch)
    partition = opened([], Agent(name="slow", source=TOPIC, step=slow, aside=True), OTHER)
    partition.lanes[TOPIC].offer(chunk(0, 0))
    async with asyncio.timeout(5):
        while not began.is_set():  # noqa: ASYNC110 -- a thread tells no loop
            await asyncio.sleep(0)
        # The loop runs, and the other lane waits for its turn.
        partition.lanes["others"].offer(chunk(0, 0))
        for _ in range(10):
            await asyncio.sleep(0)
    assert log.transactions == []
    go_on.set()
    await idle(partition)
    assert [source for _, source, _ in log.transactions] == [TOPIC, "others"]


async def test_an_agent_may_ask_for_smaller_steps_than_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = Log(monkeypatch)
    partition = opened([], replace(COPY, step_records=1), OTHER)
    partition.lanes[TOPIC].offer(chunk(0, 0, 1))
    partition.lanes["others"].offer(chunk(0, 0, 1))
    await idle(partition)
    assert sorted((source, offset) for _, source, offset in log.transactions) == [
        (TOPIC, 1),
        (TOPIC, 2),
        ("others", 2),
    ]


async def test_outputs_changes_dead_letters_and_offset_are_one_transaction(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def step(view: View, records: Sequence[Record]) -> Step:
        done = copy(view, records[:1])
        return replace(done, dead_letters=[DeadLetter(each, "bad") for each in records[1:]])

    log = Log(monkeypatch)
    partition = opened([], Agent(name="copy", source=TOPIC, step=step))
    partition.lanes[TOPIC].offer(chunk(0, 0, 5))
    await idle(partition)

    ((batches, source, offset),) = log.transactions
    assert (source, offset) == (TOPIC, 6)
    assert set(batches) == {
        (topic, 0)
        for topic in (
            "copies",
            "journal",
            "app-copy-changelog",
            "app-journal-changelog",
            dead_letter_topic(TOPIC),
        )
    }


async def test_what_is_not_committed_is_neither_remembered_nor_counted_as_applied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log, failures = Log(monkeypatch), list[BaseException]()
    log.refuses = ConnectionError("the broker is gone")
    partition = opened(failures, COPY)
    partition.lanes[TOPIC].offer(chunk(0, 0, 1))
    await idle(partition, failures)

    assert failures == [log.refuses]
    assert partition.lanes[TOPIC].applied == 0
    assert dict(partition._view.table("copy")) == {}


async def test_a_step_that_raises_commits_nothing_and_ends_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def step(view: View, records: Sequence[Record]) -> Step:
        raise ArithmeticError(f"{view.partition}: {len(records)}")

    log, failures = Log(monkeypatch), list[BaseException]()
    partition = opened(failures, Agent(name="raises", source=TOPIC, step=step))
    partition.lanes[TOPIC].offer(chunk(0, 0))
    await idle(partition, failures)

    assert [type(failure) for failure in failures] == [ArithmeticError]
    assert log.transactions == []


async def test_the_step_that_reaches_the_limit_of_dead_letters_is_not_committed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log, failures = Log(monkeypatch), list[BaseException]()
    partition = opened(failures, Agent(name="aside", source=TOPIC, step=put_aside))
    partition.lanes[TOPIC].offer(chunk(0, *range(10)))  # in steps of two, with a limit of three
    await idle(partition, failures)

    assert [type(failure) for failure in failures] == [DeadLetterLimitError]
    assert [offset for _, _, offset in log.transactions] == [2]


async def test_a_step_sees_what_the_steps_before_it_wrote_and_deletions_delete(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[dict[bytes, bytes]] = []

    def step(view: View, records: Sequence[Record]) -> Step:
        seen.append(dict(view.table("copy")))
        return Step(writes={each.key or b"": each.value for each in records})

    Log(monkeypatch)
    partition = opened([], Agent(name="copy", source=TOPIC, step=step))
    lane = partition.lanes[TOPIC]
    for offset, value in enumerate((b"1", None, b"")):
        lane.offer(Chunk(offset, [record(offset, key=b"a", value=value)]))
        await idle(partition)

    assert seen == [{}, {b"a": b"1"}, {}]
    assert dict(partition._view.table("copy")) == {b"a": b""}


async def test_agents_that_share_a_table_have_one_changelog_and_see_what_the_other_wrote(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def step(view: View, records: Sequence[Record]) -> Step:
        so_far = view.table("copy").get(b"sum", b"")
        return Step(writes={b"sum": so_far + b"".join(each.value or b"" for each in records)})

    log = Log(monkeypatch)
    one = Agent(name="copy", source=TOPIC, step=step)
    two = Agent(name="guest", source="others", step=step, shares="copy")
    partition = opened([], one, two)
    for offset, value in enumerate((b"a", b"b")):
        for source in (TOPIC, "others"):
            partition.lanes[source].offer(Chunk(offset, [record(offset, key=b"k", value=value)]))
            await idle(partition)

    assert dict(partition._view.table("copy")) == {b"sum": b"aabb"}
    assert table_names(partition._contract.program) == ("copy", JOURNAL)
    assert [each.value for each in log.written("app-copy-changelog")] == [
        *(b"a", b"aa", b"aab", b"aabb"),
    ]
    assert not log.written("app-guest-changelog")


async def test_the_view_cannot_be_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    Log(monkeypatch)
    view: Any = opened([], COPY)._view

    for table in (view.table("copy"), view.tables, view):
        with pytest.raises((TypeError, AttributeError)):
            table[b"key"] = b"value"
    with pytest.raises(AttributeError):
        view.partition = 3
    with pytest.raises(KeyError):
        view.table("of somebody else")
    assert view.broadcast("shared") == {b"a": b"1"}
    assert (view.partition, view.partitions) == (0, CONTRACT.partitions)


async def test_entries_of_all_lanes_form_one_chain_and_the_head_is_stored_with_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = Log(monkeypatch)
    partition = opened([], COPY, OTHER)
    partition.lanes[TOPIC].offer(chunk(0, *range(5)))
    partition.lanes["others"].offer(chunk(0, *range(6)))
    await idle(partition)

    numbers = [int(dict(entry.headers)["sequence"] or b"") for entry in log.written("journal")]
    assert numbers == list(range(1, 12))
    assert log.written("app-journal-changelog")[-1].value == b"11"
    assert all(output.headers == () for output in log.written("copies")), "only entries are sealed"


async def test_without_a_journal_outputs_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(monkeypatch)
    partition = opened([], COPY, journal=False)
    partition.lanes[TOPIC].offer(chunk(0, 0))
    await idle(partition)

    assert [entry.headers for entry in log.written("journal")] == [()]


async def test_while_held_no_step_starts_and_the_one_in_hand_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = Log(monkeypatch)
    partition = opened([], COPY, OTHER)
    log.lets_through.clear()
    for lane in partition.lanes.values():
        lane.offer(chunk(0, 0))
    await _spin()
    holding = asyncio.create_task(partition.hold())
    await _spin()
    assert not holding.done(), "a step is in hand"

    log.lets_through.set()
    await holding
    await _spin()
    assert len(log.transactions) == 1, "the step of the other lane has not begun"

    await partition.release()
    await idle(partition)
    assert len(log.transactions) == 2


async def test_closing_ends_the_lanes_between_steps_even_where_they_are_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = Log(monkeypatch)
    partition = opened([], COPY, OTHER)
    await partition.hold()
    for lane in partition.lanes.values():
        lane.offer(chunk(0, 0))
    await _spin()

    await partition.close()

    assert log.transactions == []
    assert all(task.cancelled() for task in partition._running)


topics = st.sampled_from(["one", "two"])
outputs = st.lists(
    st.builds(Output, topics, st.binary(max_size=2), st.none(), st.none() | st.integers(0, 3))
)


@given(outputs, st.integers(0, 3))
def test_each_output_goes_where_it_says_or_stays_in_its_lane_in_order(
    written: list[Output], own: int
) -> None:
    grouped = by_destination(written, own)

    assert sum(map(len, grouped.values())) == len(written)
    for (topic, number), group in grouped.items():
        assert group == [
            output
            for output in written
            if output.topic == topic
            and number == (own if output.partition is None else output.partition)
        ]


async def _spin() -> None:
    for _ in range(50):
        await asyncio.sleep(0)
