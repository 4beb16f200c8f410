"""Which partitions this process owns: opened, handed chunks, held, closed."""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator

from aiokafka.errors import KafkaError
from faust.types import TP

from workers.delivery.broadcast import Broadcasts
from workers.delivery.chunks import Chunk
from workers.delivery.contract import Contract
from workers.delivery.errors import EXIT_RESTART, DeliveryError, OffsetGapError
from workers.delivery.lane import Lane
from workers.delivery.partition import Partition

SeekBack = Callable[[TP, int], Awaitable[None]]
_SEEKS_BEFORE_GIVING_UP = 5


def end_process(error: BaseException) -> None:
    """Say why, and leave at once: whatever is in hand must not be committed by a broken process."""
    status = error.exit_status if isinstance(error, DeliveryError) else EXIT_RESTART
    said = f"{type(error).__name__}: {error}"
    sys.stderr.flush()
    if not isinstance(error, DeliveryError | KafkaError):  # a mistake in a step: show where
        os.write(2, "".join(traceback.format_exception(error)).encode())
    os.write(
        2,
        f"pacekeeper: delivery ends this process (exit status {status}): {said}\n".encode(),
    )
    os._exit(status)


class Ownership:
    """The partitions of this process, from assignment to revocation."""

    def __init__(
        self,
        contract: Contract,
        *,
        fail: Callable[[BaseException], None] = end_process,
    ) -> None:
        """Own nothing yet; ``fail`` is called with what delivery cannot survive."""
        self.contract = contract
        self.sources = frozenset(agent.source for agent in contract.program.agents)
        self.loading = False
        """Whether partitions are being taken over just now."""
        self._broadcasts = Broadcasts(contract.program.broadcasts, contract.clients, fail)
        self._partitions: dict[int, Partition] = {}
        self._closed = False
        self._fail = fail
        self._seeking: Counter[TP] = Counter()

    @property
    def owned(self) -> tuple[int, ...]:
        """Return the numbers of the partitions that are open."""
        return tuple(sorted(self._partitions))

    @property
    def lanes(self) -> Iterator[Lane]:
        """Return the lanes of all open partitions."""
        return (
            lane for partition in self._partitions.values() for lane in partition.lanes.values()
        )

    def lane(self, topic: str, partition: int) -> Lane | None:
        """Return the lane of one partition of ``topic``, ``None`` when somebody else owns it."""
        owner = self._partitions.get(partition)
        return owner.lanes.get(topic) if owner else None

    async def assign(self, assigned: Iterable[TP]) -> None:
        """Close what is not assigned any more, open what is new, keep what stays."""
        numbers = {tp.partition for tp in assigned if tp.topic in self.sources}
        self.loading = True
        try:
            await self._broadcasts.caught_up()
            await self._close(set(self._partitions) - numbers)
            kept = tuple(self._partitions.values())
            await asyncio.gather(*(partition.release() for partition in kept))
            await asyncio.gather(
                *(self._open(number) for number in numbers - set(self._partitions))
            )
        except Exception as error:
            self._fail(error)
            raise
        finally:
            self.loading = False

    async def hold(self) -> None:
        """Return when no step is in hand; none starts before the next :meth:`assign`.

        A step that is begun while partitions change hands would be fenced by the new owner, and
        end this process for nothing.
        """
        await asyncio.gather(*(partition.hold() for partition in self._partitions.values()))

    async def close(self) -> None:
        """Let go of everything, between steps, and take nothing over any more."""
        self._closed = True
        await self._close(set(self._partitions))
        await self._broadcasts.close()

    async def offer(self, chunk: Chunk, seek_back: SeekBack) -> Lane | None:
        """Hand ``chunk`` to its lane; after a gap, have the missing records fetched again."""
        lane = self.lane(chunk.topic, chunk.partition)
        if lane is None:  # not ours any more: the new owner starts from what was committed
            return None
        tp = TP(chunk.topic, chunk.partition)
        try:
            lane.offer(chunk)
        except OffsetGapError as gap:
            self._seeking[tp] += 1
            if self._seeking[tp] > _SEEKS_BEFORE_GIVING_UP:
                self._fail(gap)
            await seek_back(tp, lane.taken_in)
        else:
            self._seeking.pop(tp, None)
        return lane

    async def _open(self, number: int) -> None:
        partition = Partition(
            self.contract, number, broadcasts=self._broadcasts.tables, fail=self._fail
        )
        await partition.open()
        if self._closed:
            await partition.close()
        else:
            self._partitions[number] = partition

    async def _close(self, numbers: Iterable[int]) -> None:
        await asyncio.gather(*(self._partitions.pop(number).close() for number in list(numbers)))
