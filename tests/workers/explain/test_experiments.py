"""What was decided under an experiment is made again from the topics, byte for byte."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from schemas import Experiment, Overrides, Strategy, encode, topics
from tests.workers.explain.histories import Kept
from tests.workers.explain.test_replay import explained, replayed
from tests.workers.optimizer.test_experiments import an_experiment, side
from tests.workers.optimizer.world import a_plan, an_event, hour
from workers.explain.history import History

STOP = 24 * 5 + 9


def a_life(treatment: Overrides, **plan: Any) -> History:  # noqa: ANN401 -- fields of a record
    """Live six days, an experiment begun on the first of them and stopped on the last."""
    world = Kept()
    value = world.stored(topics.PLANS, encode(a_plan(**plan)), hour(0))
    world.feed("plans", [value])
    for number in range(24 * 6):
        world.wall += 3_600_000
        if number == 5:
            world.tell(topics.EXPERIMENTS, an_experiment(treatment=treatment), number)
        if number == STOP:
            world.tell(topics.EXPERIMENTS, stopped(treatment), number)
        world.metrics(an_event(number, spend=Decimal(3 + number % 5)))
    return world.history()


def stopped(treatment: Overrides) -> Experiment:
    return an_experiment(
        version=2, status="stopped", treatment=treatment, stopped_at=hour(STOP + 0.5)
    )


SIDES = [
    Overrides(strategy=Strategy.FRONT_LOADING),
    Overrides(strategy=Strategy.ADAPTIVE, learning_share=0.2),
    Overrides(target_cpa=Decimal(1)),
    Overrides(reallocate_within_day=True),
]


@pytest.mark.parametrize("treatment", SIDES, ids=lambda each: str(encode(each)))
def test_every_decision_before_in_and_after_an_experiment_is_replayed(treatment: Overrides) -> None:
    strategy = "adaptive" if treatment.target_cpa else "even"
    history = a_life(treatment, strategy=strategy)
    last = len(history.published) - 1
    sides = {side(each.advice) for each in history.published}
    whole = replayed(history, last)

    assert sides == {None, "control", "treatment"}
    assert whole.recomputed == history.published[last].value
    assert (list(whole.differing), list(whole.missing)) == ([], [])


def test_what_was_decided_is_replayed_though_compaction_left_only_the_stop() -> None:
    history = a_life(SIDES[1])
    name = next(each for each in history.broadcasts if each.endswith(topics.EXPERIMENTS.name))
    last_word = history.broadcasts[name][-1:]
    # It was written long after what it explains: the stop says until when the experiment held.
    compacted = replace(history, broadcasts={**history.broadcasts, name: last_word})
    whole = replayed(compacted, len(history.published) - 1)

    assert (list(whole.differing), list(whole.missing)) == ([], [])


def test_an_experiment_that_was_lost_is_named_as_the_cause() -> None:
    history = a_life(SIDES[0])
    lost = replace(history, broadcasts=dict.fromkeys(history.broadcasts, ()))
    target = max(n for n, each in enumerate(history.published) if side(each.advice) == "treatment")
    found = explained(lost, target - len(history.published))

    assert not found.identical
    assert any("experiment" in cause for cause in found.causes)
