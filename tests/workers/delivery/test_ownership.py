"""Who owns a partition is handed its chunks; a hole is fetched again, and not for ever."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from aiokafka.errors import ProducerFenced
from faust.types import TP

from tests.workers.delivery.build import AGENT, TOPIC, chunk, lane_at
from workers.delivery.api import Program, Step
from workers.delivery.clients import Clients
from workers.delivery.contract import Contract
from workers.delivery.errors import (
    EXIT_DEAD_LETTERS,
    EXIT_RESTART,
    DeadLetterLimitError,
    OffsetGapError,
)
from workers.delivery.lag import Lag
from workers.delivery.lane import Lane
from workers.delivery.ownership import Ownership, end_process
from workers.delivery.partition import Partition


class Silent:
    """Counts nothing."""

    def step_committed(self, agent: str, records: int, seconds: float, step: Step) -> None: ...

    def loaded(self, agent: str, partition: int, seconds: float, records: int) -> None: ...

    def lags(self, lags: Sequence[Lag]) -> None: ...

    def dead_letter(self, topic: str, reason: str) -> None: ...


CONTRACT = Contract(
    program=Program(name="app", agents=(AGENT,)),
    partitions=4,
    clients=Clients(connection={"bootstrap_servers": "127.0.0.1:9"}),
    observer=Silent(),
)


class Seeks:
    """Notes where it was asked to fetch from again."""

    def __init__(self) -> None:
        self.offsets: list[int] = []

    async def back(self, tp: TP, offset: int) -> None:
        assert tp == TP(TOPIC, 0)
        self.offsets.append(offset)


def owner_of(lane: Lane, failures: list[BaseException]) -> Ownership:
    """Return what owns one partition with ``lane`` in it, without a broker."""
    ownership = Ownership(CONTRACT, fail=failures.append)
    partition = Partition.__new__(Partition)
    partition.lanes = {TOPIC: lane}
    ownership._partitions[0] = partition
    return ownership


async def test_a_chunk_of_a_partition_that_somebody_else_owns_is_left_to_them() -> None:
    ownership = Ownership(CONTRACT, fail=lambda _: None)

    assert await ownership.offer(chunk(0, 0), Seeks().back) is None


async def test_after_a_hole_the_missing_records_are_fetched_again_and_the_lane_goes_on() -> None:
    lane, seeks = lane_at(0, []), Seeks()
    failures: list[BaseException] = []
    ownership = owner_of(lane, failures)

    await ownership.offer(chunk(0, 0, 1), seeks.back)
    await ownership.offer(chunk(4, 4), seeks.back)
    await ownership.offer(chunk(2, 2, 3, 4), seeks.back)

    assert seeks.offsets == [2]
    assert (lane.taken_in, failures) == (5, [])


async def test_a_hole_that_stays_ends_the_process_rather_than_being_stepped_over() -> None:
    lane, seeks = lane_at(0, []), Seeks()
    failures: list[BaseException] = []
    ownership = owner_of(lane, failures)

    for _ in range(6):
        await ownership.offer(chunk(4, 4), seeks.back)

    assert seeks.offsets == [0] * 6
    (failure,) = failures
    assert isinstance(failure, OffsetGapError)
    assert lane.taken_in == 0, "nothing behind the hole was taken in"


async def test_a_chunk_that_joins_forgets_the_holes_before_it() -> None:
    lane, seeks = lane_at(0, []), Seeks()
    failures: list[BaseException] = []
    ownership = owner_of(lane, failures)

    for start in range(20):
        await ownership.offer(chunk(start + 5, start + 5), seeks.back)
        await ownership.offer(chunk(start, start), seeks.back)

    assert len(seeks.offsets) == 20
    assert failures == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OffsetGapError("t", 0, expected=1, arrived=2), EXIT_RESTART),
        (DeadLetterLimitError("t", 0, limit="5", reason="r", detail="d"), EXIT_DEAD_LETTERS),
        (ProducerFenced("newer"), EXIT_RESTART),
        (ZeroDivisionError("a mistake in a step"), EXIT_RESTART),
    ],
)
def test_the_exit_status_says_whether_a_restart_helps_and_the_text_says_why(
    error: BaseException,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)

    end_process(error)

    assert ended == [status]
    said = capfd.readouterr().err
    assert f"exit status {status}): {type(error).__name__}: {error}" in said
    assert ("Traceback" in said or "ZeroDivisionError: " in said) == (
        isinstance(error, ZeroDivisionError)
    )
