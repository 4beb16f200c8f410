"""Reading tables for longer than a session is told as a take-over; what hangs is warned of."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from faust.tables.manager import TableManager
from faust.types import TP
from mode.utils.logging import flight_recorder

from workers.delivery.transport import table_manager
from workers.logs import configure_logging
from workers.settings import LogSettings

SESSION = 0.01
TAKEN = {TP("plans", 3), TP("metrics", 3), TP("metrics", 1)}
ALARM = "Warning: Task timed out!"

Part = Callable[[], Awaitable[None]]


class Lines(io.StringIO):
    """What was logged, a line an event, and who waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self._written = asyncio.Event()

    def write(self, text: str) -> int:
        self._written.set()
        return super().write(text)

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]

    async def until(self, enough: Callable[[list[str]], bool]) -> None:
        async with asyncio.timeout(30):
            while not enough([each["event"] for each in self.events()]):
                self._written.clear()
                await self._written.wait()


@pytest.fixture
def lines() -> Lines:
    stream = Lines()
    configure_logging(LogSettings(), stream=stream)
    return stream


async def rebalance(monkeypatch: pytest.MonkeyPatch, ours: Part, fausts: Part) -> None:
    """Take partitions over under Faust's watch: first our part of it, then its own."""

    async def on_rebalance(*_: object) -> None:
        await fausts()

    async def on_assignment(_: set[TP]) -> None:
        await ours()

    monkeypatch.setattr(TableManager, "on_rebalance", on_rebalance)
    tables: Any = object.__new__(table_manager(on_assignment))
    with flight_recorder(logging.getLogger("workers.delivery.app"), timeout=SESSION):
        await tables.on_rebalance(TAKEN, set(), TAKEN)


async def nothing() -> None:
    """Take no time."""


async def test_tables_read_for_longer_than_a_session_are_told_of_again_and_again_and_alarm_nobody(
    monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    await rebalance(monkeypatch, lambda: lines.until(lambda told: len(told) >= 3), nothing)

    told = lines.events()
    assert {(each["level"], each["event"]) for each in told} == {
        ("info", "taking over partitions, still reading tables")
    }
    assert {tuple(each["partitions"]) for each in told} == {(1, 3)}
    seconds = [each["seconds"] for each in told]
    assert seconds == sorted(seconds)


async def test_what_hangs_in_faust_itself_after_the_tables_are_read_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    await rebalance(monkeypatch, nothing, lambda: lines.until(lambda told: ALARM in told))

    assert {each["level"] for each in lines.events()} == {"warning"}


async def test_a_take_over_that_ended_is_told_of_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = OSError("the broker is gone")

    async def fails() -> None:
        raise failed

    with pytest.raises(OSError, match="gone"):
        await rebalance(monkeypatch, fails, nothing)

    names = {task.get_name() for task in asyncio.all_tasks() if not task.cancelling()}
    assert "telling of a take-over" not in names
