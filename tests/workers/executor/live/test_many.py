"""Many actions, some of whose calls fail: each ends once, and no limit is passed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.execution.many import LIMITS, Played, Size, played
from benchmarks.execution.platform import Fault
from workers.connectors.protocol import Ref
from workers.executor.live.outcome import Result

IN_FORCE = {Result.APPLIED, Result.CONFIRMED}
SIZE = Size(actions=2_000, accounts=100, crowded=10)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_action_ends_once_and_truly_takes_effect_once_and_within_the_limits(
    seed: int,
) -> None:
    all_of_it = played(SIZE, seed)

    assert len({one.action_id for one in all_of_it.orders}) == SIZE.actions
    assert all_of_it.unended() == all_of_it.lost() == all_of_it.doubled() == 0
    assert all_of_it.work.platform.above == []
    assert all_of_it.work.platform.values == _told_last(all_of_it)
    # Answers were lost of calls that had taken effect, and of such as had not.
    assert {*all_of_it.work.platform.faults} == set(Fault)
    assert max(_hours(all_of_it)) > 2


def _told_last(all_of_it: Played) -> dict[Ref, object]:
    """Return what is in force at the end by the outcomes."""
    changes = {one.action_id: one.change for one in all_of_it.orders}
    outcomes = [outcome for (outcome,) in all_of_it.work.outcomes.values()]
    made = sorted(
        (outcome.at, outcome.action_id) for outcome in outcomes if outcome.result in IN_FORCE
    )
    return {changes[action].ref: changes[action].target for _, action in made}


def _hours(all_of_it: Played) -> list[float]:
    """Return when the outcomes came: some ad sets have more than four changes."""
    return [outcome.at / 3600 for (outcome,) in all_of_it.work.outcomes.values()]


def test_an_executor_that_knows_no_limits_is_found_out() -> None:
    few = Size(actions=200, accounts=10, crowded=1)

    fast = played(few, limits=replace(LIMITS, calls_per_second=2.0)).work.platform.above
    often = played(few, limits=replace(LIMITS, changes_per_hour=None)).work.platform.above

    assert fast
    assert all("too fast" in line for line in fast)
    assert often
    assert all("too often" in line for line in often)
