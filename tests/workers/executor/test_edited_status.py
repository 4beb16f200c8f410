"""Who pauses or resumes a campaign on its platform: it is heard as soon as it is told."""

from __future__ import annotations

from decimal import Decimal

from schemas import topics
from schemas.decision import Verb
from schemas.edit import PlatformEdit
from tests.workers.executor.test_edits import an_edit, told
from tests.workers.executor.test_pausing import Switched, advised
from tests.workers.executor.world import at, roll_back
from tests.workers.undo.test_as_the_executor import agree

DAY = 24 * 60


def switched_by_hand(to: int, minutes: float) -> PlatformEdit:
    """Return an edit of the status, of whose money there is none, though the account has some."""
    return an_edit(str(to), minutes, field="status", before=Decimal(1 - to))


def paused_by_advice() -> Switched:
    world = Switched()
    world.act(advised("pause", 0)).answer(before=Decimal(1))
    return world


def test_who_resumes_on_the_platform_what_we_have_paused_is_told_and_it_delivers() -> None:
    world = paused_by_advice()
    (entry,) = told(world, switched_by_hand(1, 10), minutes=11)

    assert (entry.status, entry.reason) == ("edited", "edited_by_person")
    assert [entry.field, entry.unit, entry.currency] == ["status", "switch", None]
    assert [entry.before, entry.after] == [0, 1]
    assert world.delivers == 1


def test_policy_never_resumes_what_a_person_has_paused_anew_on_the_platform() -> None:
    world = paused_by_advice()
    told(world, switched_by_hand(1, 10), minutes=11)
    told(world, switched_by_hand(0, 20), minutes=21)
    late = {"released_at": at(DAY + 21), "expires_at": at(DAY + 60)}
    world.act(advised("resume", 1, **late), minutes=DAY + 21)

    assert world.said()[-1] == ("rejected", "not_paused_by_us")


def test_the_status_is_heard_without_a_plan_as_well() -> None:
    world = paused_by_advice()
    world.publish(topics.PLANS, None, 5)
    told(world, switched_by_hand(1, 10), minutes=11)
    assert world.delivers == 1
    agree(world, 12)


def test_a_pause_that_somebody_has_ended_cannot_be_rolled_back_and_is_made_anew_by_a_word() -> None:
    world = paused_by_advice()
    told(world, switched_by_hand(1, 10), minutes=11)
    agree(world, 12)
    world.publish(topics.DECISIONS, roll_back("pause", minutes=13), 13)
    world.settle()
    assert world.said()[-1] == ("rejected", "drifted")
    assert not world.is_busy

    world.said_by(Verb.PAUSE, 14).answer(minutes=15, before=Decimal(1))
    assert world.delivers == 0
    agree(world, 16)
