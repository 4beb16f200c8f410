"""An event loop that a seed steers: no real time, any order of what could run, pauses and kills.

Everything that a process runs carries its name in a context variable, as tasks and timers inherit
contexts. So a process can be paused, as by SIGSTOP, and killed, as by SIGKILL: then nothing of it
runs any more, no ``finally`` either.
"""

from __future__ import annotations

import asyncio
import heapq
from asyncio import events
from collections import Counter
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, ContextVar
from random import Random
from typing import Any, TypeVar, TypeVarTuple

_Of = TypeVarTuple("_Of")
_Result = TypeVar("_Result")

PROCESS: ContextVar[str] = ContextVar("process", default="")
_MOST_STEPS = 20_000


class SteppingLoop(asyncio.AbstractEventLoop):
    """Runs what is ready in an order drawn by ``chance``; ``on_step`` hears of each step."""

    def __init__(self, chance: Random, on_step: Callable[[str, int], None]) -> None:
        self._chance, self._on_step = chance, on_step
        self._ready: list[asyncio.Handle] = []
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._now, self._count, self._stamp = 0.0, 0, 0
        self._steps: Counter[str] = Counter()
        self._paused: set[str] = set()
        self._killed: set[str] = set()
        self._lost: list[asyncio.Handle] = []
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.errors: list[str] = []

    def spawn(self, process: str, work: Coroutine[Any, Any, None]) -> None:
        """Begin ``work`` as a part of ``process``."""
        self._tasks[process] = self.create_task(work, context=_context_of(process))

    def cancel(self, process: str) -> None:
        """Let a process end by itself, as by SIGTERM."""
        self._tasks[process].cancel()

    def call_in(
        self, process: str, seconds: float, work: Callable[[*_Of], object], *of: *_Of
    ) -> None:
        self.call_later(seconds, work, *of, context=_context_of(process))

    def pause(self, process: str) -> None:
        self._paused.add(process)

    def wake(self, process: str) -> None:
        self._paused.discard(process)

    def kill(self, process: str) -> None:
        self._killed.add(process)

    def run_until_idle(self) -> None:
        """Run until nothing is left that could happen."""
        events._set_running_loop(self)
        try:
            while self._step():
                if self._count > _MOST_STEPS:
                    raise AssertionError("it never comes to rest")
        finally:
            events._set_running_loop(None)

    def dispose(self) -> None:
        """Let go of what still waits, in an orderly way: killed processes are let run to end."""
        self._ready = self._lost + self._ready
        self._paused, self._killed, self._count = set(), set(), 0
        for task in self._tasks.values():
            task.cancel()
        self._on_step = lambda _process, _count: None
        self.run_until_idle()

    def failures(self) -> list[str]:
        """Return the errors that processes have ended by."""
        ended = {name: task for name, task in self._tasks.items() if task.done()}
        return [
            f"{name} ended by {task.exception()!r}"
            for name, task in ended.items()
            if not task.cancelled() and task.exception()
        ]

    def _step(self) -> bool:
        runnable = [at for at, one in enumerate(self._ready) if _process(one) not in self._paused]
        if not runnable:
            return self._advance()
        # Mostly in order, as a real loop would: far from it is drawn often enough.
        at = runnable[0] if self._chance.random() < 0.5 else self._chance.choice(runnable)
        handle = self._ready.pop(at)
        process = _process(handle)
        if process in self._killed:
            self._lost.append(handle)
            return True
        if handle.cancelled():
            return True
        handle._run()
        self._count += 1
        self._steps[process] += 1
        self._on_step(process, self._steps[process])
        return True

    def _advance(self) -> bool:
        if not self._timers:
            return False
        self._now = max(self._now, self._timers[0][0])
        while self._timers and self._timers[0][0] <= self._now:
            self._ready.append(heapq.heappop(self._timers)[2])
        return True

    def time(self) -> float:
        return self._now

    def call_soon(
        self, callback: Callable[[*_Of], object], *args: *_Of, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[[*_Of], object],
        *args: *_Of,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now + max(0.0, delay), callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*_Of], object],
        *args: *_Of,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._stamp += 1
        heapq.heappush(self._timers, (when, self._stamp, handle))
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Leave it in the heap: it does nothing when its time comes."""

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(
        self,
        coro: Generator[Any, None, _Result] | Coroutine[Any, Any, _Result],
        *,
        name: str | None = None,
        context: Context | None = None,
    ) -> asyncio.Task[_Result]:
        return asyncio.Task(coro, loop=self, name=name, context=context)

    def get_debug(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if "was destroyed but it is pending" not in context["message"]:
            self.errors.append(f"{context['message']}: {context.get('exception')!r}")


def _context_of(process: str) -> Context:
    context = Context()
    context.run(PROCESS.set, process)
    return context


def _process(handle: asyncio.Handle) -> str:
    return str(handle._context.get(PROCESS, ""))  # type: ignore[attr-defined]
