"""An event loop whose time leaps to the next thing that happens."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")


class Standstill(Exception):
    """Nothing can happen any more, and what was waited for has not: a wake-up was lost."""


class _Leap(selectors.SelectSelector):
    """Waits for nobody: the time that it would have waited has passed at once."""

    moment = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Standstill
        self.moment += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Starts at second 0; nothing from outside can wake it."""

    def __init__(self) -> None:
        self._leap = _Leap()
        super().__init__(self._leap)

    def time(self) -> float:
        """Return the seconds that have passed here."""
        return self._leap.moment


def run(main: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Return what ``main`` gives, in virtual time; raise `Standstill` where it cannot go on."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


class LoopClock:
    """The clock of workers in the loop that runs."""

    def now(self) -> float:
        """Return the seconds of the loop."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Return not before that time has passed."""
        await asyncio.sleep(seconds)
