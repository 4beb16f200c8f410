"""One owned partition number: its producer, its tables, and its lanes taking turns.

Topics with as many partitions as each other are assigned together, so whoever owns metrics 3 owns
plans 3 and audit 3. They share one transactional producer, whose id names the partition: opening it
fences whoever owned the partition before, and waits for what they left open.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from types import MappingProxyType

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from workers.delivery.api import Agent, Output, Record, Step, View, store
from workers.delivery.contract import JOURNAL, Contract
from workers.delivery.dead_letters import DeadLetterWatch, as_output
from workers.delivery.lane import Lane
from workers.delivery.loading import Table, read_to_end, replay
from workers.delivery.transactions import Destination, by_destination, commit_step

_HEAD = b"head"
_CLOSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class PartitionView:
    """What the steps of one partition may read."""

    partition: int
    partitions: int
    tables: Mapping[str, Mapping[bytes, bytes]]
    broadcasts: Mapping[str, Mapping[bytes, bytes]]

    def table(self, agent: str) -> Mapping[bytes, bytes]:
        """Return this partition of the table that ``agent`` writes."""
        return self.tables[agent]

    def broadcast(self, topic: str) -> Mapping[bytes, bytes]:
        """Return the latest value of each key of ``topic``."""
        return self.broadcasts[topic]


class Partition:
    """Applies the steps of all agents to one partition, one transaction each."""

    def __init__(
        self,
        contract: Contract,
        number: int,
        *,
        broadcasts: Mapping[str, Mapping[bytes, bytes]],
        fail: Callable[[BaseException], None],
    ) -> None:
        """Own ``number`` once :meth:`open` returns; ``fail`` is told what a lane cannot survive."""
        self.number = number
        self.lanes: dict[str, Lane] = {}
        self._contract = contract
        self._producer = contract.clients.producer(f"{contract.program.name}-{number}")
        self._tables: dict[str, Table] = {name: {} for name in contract.tables}
        self._watches = {
            agent.name: DeadLetterWatch(contract.dead_letters) for agent in contract.program.agents
        }
        self._view = PartitionView(
            number,
            contract.partitions,
            MappingProxyType(
                {name: MappingProxyType(table) for name, table in self._tables.items()}
            ),
            broadcasts,
        )
        self._turn = asyncio.Condition()
        self._held = self._closing = False
        self._fail = fail
        self._running: list[asyncio.Task[None]] = []
        self._proven = -math.inf
        """When the last transaction that was committed had begun, by the monotonic clock."""

    @property
    def view(self) -> View:
        """Return what steps and companions may read."""
        return self._view

    async def open(self) -> None:
        """Fence the previous owner, then load what it committed, then start the lanes."""
        await self._producer.start()
        async with self._contract.clients.reader(self._contract.program.name) as reader:
            positions = await self._committed(reader)
            await self._load(reader)
        if companion := self._contract.program.companion:
            companion.took_over(self)
        for agent in self._contract.program.agents:
            lane = Lane(
                agent,
                self.number,
                position=positions[agent.source],
                limits=self._contract.limits,
                apply=self._apply,
            )
            self.lanes[agent.source] = lane
            self._running.append(
                asyncio.create_task(self._run(lane), name=f"lane {agent.source}[{self.number}]")
            )

    async def hold(self) -> None:
        """Return when no step is in hand; none starts before :meth:`release`."""
        self._held = True
        async with self._turn:
            pass

    async def release(self) -> None:
        """Let steps start again."""
        self._held = False
        async with self._turn:
            self._turn.notify_all()

    async def is_ours(self, within: float) -> bool:
        """Return whether nobody else had the partition less than ``within`` seconds ago."""
        if monotonic() - self._proven < within:
            return True
        source = next(iter(self.lanes))
        proven = await self._between_steps(lambda: self._commit({}, source, self._offset(source)))
        return proven and monotonic() - self._proven < within

    async def commit(self, agent: str, make: Callable[[View], Step]) -> bool:
        """Commit a step of ``agent`` that follows from no record; return whether it was."""
        by = next(one for one in self._contract.program.agents if one.name == agent)

        async def write() -> None:
            started = monotonic()
            step = make(self._view)
            await self._write(by, step, self._offset(by.source))
            self._report(by, 0, monotonic() - started, step)

        return await self._between_steps(write)

    def fail(self, error: BaseException) -> None:
        """End this process."""
        self._fail(error)

    async def _between_steps(self, act: Callable[[], Awaitable[None]]) -> bool:
        """Act while no step is in hand, if the partition is still ours; return whether it was."""
        try:
            async with self._turn:
                await self._turn.wait_for(lambda: self._closing or not self._held)
                if self._closing:
                    return False
                await act()
        except KafkaError as error:
            self._fail(error)
            return False
        return True

    def _offset(self, source: str) -> int:
        return self.lanes[source].applied

    async def close(self) -> None:
        """Stop between two steps and let go of the partition."""
        await self.hold()
        self._closing = True
        async with self._turn:
            self._turn.notify_all()
        if companion := self._contract.program.companion:
            await companion.let_go(self)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await asyncio.wait_for(self._producer.stop(), _CLOSE_SECONDS)

    async def _committed(self, reader: AIOKafkaConsumer) -> dict[str, int]:
        sources = [
            TopicPartition(agent.source, self.number) for agent in self._contract.program.agents
        ]
        reader.assign(sources)
        beginnings = await reader.beginning_offsets(sources)
        return {tp.topic: await reader.committed(tp) or beginnings[tp] for tp in sources}

    async def _load(self, reader: AIOKafkaConsumer) -> None:
        started = monotonic()
        names = {self._contract.changelog(name): name for name in self._tables}
        counts = dict.fromkeys(self._tables, 0)
        async for tp, records in read_to_end(
            reader, [TopicPartition(topic, self.number) for topic in names]
        ):
            replay(self._tables[names[tp.topic]], records)
            counts[names[tp.topic]] += len(records)
        for name, count in counts.items():
            self._contract.observer.loaded(name, self.number, monotonic() - started, count)

    async def _run(self, lane: Lane) -> None:
        try:
            await lane.run()
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 -- whatever it was, the process must not outlive it
            self._fail(error)

    async def _apply(self, agent: Agent, records: Sequence[Record]) -> None:
        async with self._turn:
            await self._turn.wait_for(lambda: not self._held)
            started = monotonic()
            step = await self._step(agent, records)
            self._watches[agent.name].check(len(records), step.dead_letters)
            await self._write(agent, step, records[-1].offset + 1)
            self.lanes[agent.source].commit(records)
            self._report(agent, len(records), monotonic() - started, step)

    async def _write(self, agent: Agent, step: Step, offset: int) -> None:
        """Commit all that a step says, with the next offset of its agent's source."""
        outputs, head = self._sealed(step.outputs)
        writes = [(agent.table, step.writes), (JOURNAL, head)]
        batches = by_destination(
            [*outputs, *map(as_output, step.dead_letters), *self._changes(writes)], self.number
        )
        await self._commit(batches, agent.source, offset)
        for name, changes in writes:
            self._remember(name, changes)

    async def _commit(
        self, batches: Mapping[Destination, Sequence[Output]], source: str, offset: int
    ) -> None:
        began = monotonic()
        await commit_step(
            self._producer,
            batches,
            group=self._contract.program.name,
            source=TopicPartition(source, self.number),
            offset=offset,
        )
        self._proven = began

    async def _step(self, agent: Agent, records: Sequence[Record]) -> Step:
        """Return a step; while one is reckoned aside, this partition's tables stay as they are."""
        if not agent.aside:
            return agent.step(self._view, records)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._contract.aside, agent.step, self._view, records)

    def _sealed(
        self, outputs: Sequence[Output]
    ) -> tuple[Sequence[Output], Mapping[bytes, bytes | None]]:
        journal = self._contract.program.journal
        entries = [output for output in outputs if journal and output.topic == journal.topic]
        if journal is None or not entries:
            return outputs, {}
        head, sealed = journal.seal(self._tables[JOURNAL].get(_HEAD), entries)
        return [*(output for output in outputs if output.topic != journal.topic), *sealed], {
            _HEAD: head
        }

    def _changes(self, writes: Sequence[tuple[str, Mapping[bytes, bytes | None]]]) -> list[Output]:
        return [
            Output(self._contract.changelog(name), key, value)
            for name, changes in writes
            for key, value in changes.items()
        ]

    def _remember(self, name: str, changes: Mapping[bytes, bytes | None]) -> None:
        table = self._tables.get(name, {})
        store(table, changes)

    def _report(self, agent: Agent, records: int, seconds: float, step: Step) -> None:
        if companion := self._contract.program.companion:
            companion.committed(self, agent.name, step)
        observer = self._contract.observer
        observer.step_committed(agent.name, records, seconds, step)
        for letter in step.dead_letters:
            observer.dead_letter(agent.source, letter.reason)
