"""A lane: one owned partition of one source topic, its backlog, and its turn.

Chunks gather while a transaction is on its way; the next step takes all that has gathered. So
batches grow with the backlog, and latency stays flat. A trickle gathers a moment longer: a
transaction costs the broker and the worker the same for one record as for a hundred, and where
every record has its own they wait for each other's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from workers.delivery.api import Agent, Record
from workers.delivery.chunks import Chunk
from workers.delivery.clock import at_its_clock
from workers.delivery.errors import OffsetGapError

Apply = Callable[[Agent, Sequence[Record]], Awaitable[None]]
Relieve = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneLimits:
    """How much a lane takes in."""

    step_records: int = 4_000
    """Most records of one step, and so of one transaction."""
    backlog_records: int = 20_000
    """From here on the lane asks for no more until half of it is done."""
    step_interval_seconds: float = 0.0
    """Least time between the beginnings of two steps, unless a backlog is left."""


class Lane:
    """The records of one partition on their way through one agent, each exactly once."""

    def __init__(
        self, agent: Agent, partition: int, *, position: int, limits: LaneLimits, apply: Apply
    ) -> None:
        """Start at ``position``, the committed offset; ``apply`` commits one step."""
        self.agent = agent
        self.partition = partition
        self.applied = position
        """The next offset to apply: all before it is committed."""
        self.taken_in = position
        """The next offset to take in: all before it is committed or waiting."""
        self._backlog: list[Record] = []
        self._limits = limits
        self._apply = apply
        self._wake = asyncio.Event()
        self._relieved: Relieve | None = None

    @property
    def waiting(self) -> int:
        """Return how many records were fetched and are not applied yet."""
        return len(self._backlog)

    @property
    def oldest_waiting(self) -> int | None:
        """Return the timestamp of the oldest waiting record, milliseconds since the epoch."""
        return self._backlog[0].timestamp if self._backlog else None

    def offer(self, chunk: Chunk) -> None:
        """Take in what of ``chunk`` is new.

        Raises
        ------
        OffsetGapError
            The chunk starts past what was taken in so far: a fetch was lost on the way. Nothing of
            the chunk was taken in.
        """
        if chunk.start > self.taken_in:
            raise OffsetGapError(
                chunk.topic, chunk.partition, expected=self.taken_in, arrived=chunk.start
            )
        if chunk.end <= self.taken_in:
            return
        self._backlog.extend(record for record in chunk.records if record.offset >= self.taken_in)
        self.taken_in = chunk.end
        self._wake.set()

    def is_full(self, relieve: Relieve) -> bool:
        """Tell whether fetching should pause; ``relieve`` is called once when it may go on."""
        if len(self._backlog) < self._limits.backlog_records:
            return False
        self._relieved = relieve
        return True

    async def run(self) -> None:
        """Apply what gathers, step by step, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._backlog:
                began, step = asyncio.get_running_loop().time(), self._next_step()
                took_all = len(step) == len(self._backlog)
                await self._apply(self.agent, step)
                if took_all:
                    await self._gather_until(began + self._limits.step_interval_seconds)

    async def _gather_until(self, time: float) -> None:
        left = time - asyncio.get_running_loop().time()
        if left > 0:
            await asyncio.sleep(left)

    def _next_step(self) -> Sequence[Record]:
        most = min(self._limits.step_records, self.agent.step_records or self._limits.step_records)
        return at_its_clock(self._backlog[:most])

    def commit(self, records: Sequence[Record]) -> None:
        """Note that the step of ``records``, the head of the backlog, is committed."""
        del self._backlog[: len(records)]
        self.applied = records[-1].offset + 1
        if self._relieved is not None and len(self._backlog) <= self._limits.backlog_records // 2:
            relieve, self._relieved = self._relieved, None
            relieve()
