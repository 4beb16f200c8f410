"""What was decided under a suspected outage is made again from the topics, byte for byte."""

from __future__ import annotations

from typing import cast

from schemas import Condition, HoldReason, Window, topics
from schemas.anomaly import Effect
from tests.workers.explain.histories import Kept
from tests.workers.explain.test_replay import replayed
from tests.workers.optimizer.test_anomalies import odd, said
from tests.workers.optimizer.test_tracking import BEFORE, Both, lived
from tests.workers.optimizer.world import START, an_event, hour


class KeptBoth(Both):
    """Both, of whom all is kept that is published."""

    def hear(self) -> None:
        world = cast("Kept", self.optimizer)
        world.wall += 3_600_000
        super().hear()

    def tell(self, condition: Condition) -> None:
        world = cast("Kept", self.optimizer)
        world.tell(topics.CONDITIONS, condition, (condition.since - START).total_seconds() / 3_600)
        self.conditions.append(condition)


def test_an_outage_from_its_beginning_to_its_lifting_is_replayed() -> None:
    both = lived(KeptBoth(optimizer=Kept()))
    advice = both.live(BEFORE, BEFORE + 8, 0)
    both.live(BEFORE + 8, BEFORE + 12, 4)
    history = cast("Kept", both.optimizer).history()
    whole = replayed(history, len(history.published) - 1)

    assert advice[-1].hold_reason is HoldReason.SUSPECTED_OUTAGE
    assert [each.until is None for each in both.conditions] == [True, False]
    assert whole.recomputed == history.published[-1].value
    assert (list(whole.differing), list(whole.missing)) == ([], [])


def test_counts_that_are_suspected_to_be_wrong_hold_and_are_unlearned_in_a_replay_too() -> None:
    world = Kept()
    world.plan()
    world.metrics(*(an_event(number) for number in range(30)))
    window = (Window(start=hour(20), end=hour(24)),)
    world.tell(topics.CONDITIONS, said(odd(Effect.HELD, 20), until=hour(40), windows=window), 30)
    for number in range(30, 45):
        world.wall += 3_600_000
        world.metrics(an_event(number))
    history = world.history()
    held = [each.advice.hold_reason is HoldReason.SUSPECTED_OUTAGE for each in history.published]

    assert any(held)
    assert not held[-1]
    for target in (held.index(True), len(held) - 1):
        whole = replayed(history, target)
        assert whole.recomputed == history.published[target].value
        assert (list(whole.differing), list(whole.missing)) == ([], [])
