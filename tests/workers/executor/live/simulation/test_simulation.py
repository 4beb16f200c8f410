"""Whatever happens to workers, the platform and the way to it, each order has one effect."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.workers.executor.live.simulation import history
from tests.workers.executor.live.simulation.history import Fate, draw
from tests.workers.executor.live.simulation.laws import broken
from tests.workers.executor.live.simulation.mutants import MUTANTS
from tests.workers.executor.live.simulation.shrink import first_failure, play, shrunk, told
from workers.executor.live.outcome import Result

HISTORIES = 6_000
"""In each of the ranges below."""


@pytest.mark.parametrize("part", range(4))
def test_every_history_keeps_every_law(part: int) -> None:
    failing = first_failure(range(part * HISTORIES, (part + 1) * HISTORIES))

    assert failing is None, told(failing)


def test_the_same_seed_tells_the_same_history() -> None:
    for seed in range(50):
        first, again = play(draw(seed)), play(draw(seed))
        assert first.platform.log == again.platform.log
        assert first.effects == again.effects


def test_the_histories_come_to_every_end_and_see_every_fate() -> None:
    results: Counter[Result] = Counter()
    fates: Counter[Fate] = Counter()
    strays = 0
    for seed in range(6_000):
        world = play(draw(seed))
        results.update(outcome.result for outcome in world.effects)
        fates.update(fate for line in world.platform.log for fate in Fate if f"is {fate}" in line)
        strays += sum(sent.stray for sent in world.platform.sent)

    # No history orders a shadow: it never sends, so nothing of it can go wrong.
    assert set(results) == set(Result) - {Result.SHADOW}
    assert set(fates) == set(Fate)
    # A paused worker does wake between its last check and the socket.
    assert strays > 0


@pytest.mark.parametrize("name", MUTANTS)
def test_a_loop_that_is_broken_is_found(name: str) -> None:
    run, laws = MUTANTS[name]

    failing = first_failure(range(HISTORIES), run, laws)

    assert failing is not None, f"{name}: no law was broken"
    # It is this loop that breaks them, and not the history.
    assert not broken(play(failing))


def test_a_failing_history_is_told_small_and_so_that_it_can_be_replayed() -> None:
    run, laws = MUTANTS["freezes ignored"]
    failing = first_failure(range(HISTORIES), run, laws)
    assert failing is not None

    text = told(failing, run)

    assert len(failing.freezes) == 1
    assert not failing.faults + failing.edits
    # Nothing of it can be left out.
    assert shrunk(failing, run, laws) == failing
    call = text.partition("print(told(")[2].removesuffix("))")
    assert eval(call, vars(history)) == failing  # noqa: S307 -- that a person can do so, too
    assert "of a frozen entity" in text
