"""Failing histories: made smaller while they still fail, and told so that they can be replayed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, replace

from tests.workers.executor.live.simulation.history import History, draw
from tests.workers.executor.live.simulation.laws import broken
from tests.workers.executor.live.simulation.world import World

Run = Callable[[History], World]


def play(history: History) -> World:
    """Return the world after a history, as the code is."""
    return World(history).run()


def first_failure(seeds: Iterable[int], run: Run = play) -> History | None:
    """Return the first history that breaks a law, made small; None if all keep them."""
    for seed in seeds:
        history = draw(seed)
        if broken(run(history)):
            return shrunk(history, run)
    return None


def shrunk(history: History, run: Run = play) -> History:
    """Return a history with as little as possible in it that still breaks a law."""
    for smaller in _smaller(history):
        if broken(run(smaller)):
            return shrunk(smaller, run)
    return history


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
            "replay, in tests/workers/executor/live/simulation:",
            f"  print(told({history!r}))",
        ]
    )


_PARTS = [part.name for part in fields(History) if part.name != "seed"]


def _smaller(history: History) -> Iterator[History]:
    for name in _PARTS:
        parts = getattr(history, name)
        for at in range(len(parts)):
            yield replace(history, **{name: parts[:at] + parts[at + 1 :]})
