"""What was decided under a suspected outage is made again from the topics, byte for byte."""

from __future__ import annotations

from typing import cast

from schemas import Condition, HoldReason, topics
from tests.workers.explain.histories import Kept
from tests.workers.explain.test_replay import replayed
from tests.workers.optimizer.test_tracking import BEFORE, Both, lived
from tests.workers.optimizer.world import START


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
