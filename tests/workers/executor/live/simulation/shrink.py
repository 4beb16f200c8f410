"""Failing histories: made smaller while they still fail, and told so that they can be replayed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, replace

from tests.workers.executor.live.simulation.history import History, draw
from tests.workers.executor.live.simulation.laws import broken
from tests.workers.executor.live.simulation.world import World

Run = Callable[[History], World]


def play(history: History) -> World:
    """Return the world after a history, as the code is."""
    return World(history).run()


def first_failure(
    seeds: Iterable[int], run: Run = play, about: tuple[str, ...] = ("",)
) -> History | None:
    """Return the first history that breaks a law, made small; None if all keep them.

    ``seeds`` may be a million: one takes less than a millisecond. ``about`` are words of the laws
    to look for.
    """
    for seed in seeds:
        history = draw(seed)
        if _fails(history, run, about):
            return shrunk(history, run, about)
    return None


def shrunk(history: History, run: Run = play, about: tuple[str, ...] = ("",)) -> History:
    """Return a history with as little as possible in it that still breaks a law."""
    for smaller in _smaller(history):
        if _fails(smaller, run, about):
            return shrunk(smaller, run, about)
    return history


def _fails(history: History, run: Run, about: tuple[str, ...]) -> bool:
    return any(word in law for law in broken(run(history)) for word in about)


def told(history: History, run: Run = play) -> str:
    """Return what happens in a history, which laws it breaks, and how to see it again."""
    world = run(history)
    what = [f"  {one}" for name in _PARTS for one in getattr(history, name)]
    return "\n".join(
        [
            "broken:",
            *(f"  {law}" for law in broken(world)),
            "history:",
            *what,
            "what happened:",
            *world.platform.log,
            "replay, with what history.py and shrink.py beside test_simulation.py define:",
            f"  print(told({_written(history)}))",
        ]
    )


def _written(history: History) -> str:
    """Return a history as Python reads it: values of enumerations by their names."""
    return re.sub(r"<(\w+\.\w+): [^>]*>", r"\1", repr(history))


_PARTS = [part.name for part in fields(History) if part.name != "seed"]


def _smaller(history: History) -> Iterator[History]:
    for name in _PARTS:
        parts = getattr(history, name)
        for at in range(len(parts)):
            yield replace(history, **{name: parts[:at] + parts[at + 1 :]})
