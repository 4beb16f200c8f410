"""Where nobody knows whether a change was made, the dearer of the two is reckoned with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from engine import in_force, settings
from schemas import AuditEntry, AuditStatus
from tests.workers.optimizer.test_daily_budgets import a_world, daily, period_budget
from tests.workers.optimizer.test_decisions import entry, say
from tests.workers.optimizer.world import KEY, World, an_event, hour

UNKNOWN = [AuditStatus.INTENT, AuditStatus.UNVERIFIED]
CAP: dict[str, Any] = {"field": "bid_multiplier", "before": Decimal(1)}


def unsure(
    status: AuditStatus,
    target: str,
    at: float = 0.6,
    **fields: Any,  # noqa: ANN401 -- fields of a record
) -> AuditEntry:
    return replace(entry("0", at, status=status, **fields), target=Decimal(target), after=None)


def left_for_today(*entries: AuditEntry) -> Decimal:
    """Return what is left for hours 4 to 23 of 240, with hours 2 and 3 over and unreported."""
    world = World()
    world.plan()
    say(world, *entries)
    world.metrics(an_event(1, emitted_at=hour(4.5)))
    return sum(world.advice[-1].hour_plan, Decimal(0))


@pytest.mark.parametrize("status", UNKNOWN)
@pytest.mark.parametrize(("before", "target"), [("10", "20"), ("20", "10")])
def test_hours_in_flight_may_spend_the_higher_of_what_was_and_what_is_wanted(
    status: AuditStatus, before: str, target: str
) -> None:
    told = unsure(status, target, before=Decimal(before))
    # 240 less 4 told, and twice 20 that may be spent unseen.
    assert left_for_today(entry(before, 0.5), told) == 196
    assert left_for_today(told) == 196


@pytest.mark.parametrize("status", UNKNOWN)
def test_what_was_known_counts_though_nobody_could_read_it_before_the_call(
    status: AuditStatus,
) -> None:
    assert left_for_today(entry("20", 0.5), unsure(status, "10")) == 196


@pytest.mark.parametrize("status", UNKNOWN)
def test_the_next_entry_that_says_what_is_in_force_has_the_last_word(status: AuditStatus) -> None:
    raised = unsure(status, "20", before=Decimal(10))
    for ended in (AuditStatus.FAILED, AuditStatus.DRIFT, AuditStatus.CONFIRMED):
        assert left_for_today(entry("10", 0.5), raised, entry("10", 0.7, status=ended)) == 216


def test_what_somebody_has_given_the_day_more_on_the_platform_its_hours_may_have_spent() -> None:
    assert left_for_today(entry("10", 0.5), entry("20", 0.6, status=AuditStatus.EDITED)) == 196


@pytest.mark.parametrize("status", UNKNOWN)
@pytest.mark.parametrize(("known", "comes"), [("10", "20"), ("20", "10")])
def test_a_cap_that_comes_with_a_multiplier_counts_in_the_same_way(
    status: AuditStatus, known: str, comes: str
) -> None:
    told = unsure(status, "1.2", hourly_cap=Decimal(comes), **CAP)
    assert left_for_today(entry("1", 0.5, hourly_cap=Decimal(known), **CAP), told) == 196


@pytest.mark.parametrize("status", UNKNOWN)
def test_of_two_multipliers_the_higher_one_may_be_bid(status: AuditStatus) -> None:
    for first, target in (("1.5", "1.2"), ("1.2", "1.5")):
        world = World()
        say(world, entry(first, 0.5, **CAP), unsure(status, target, field="bid_multiplier"))
        row = in_force.unpack([world.tables["audit"][KEY]])
        assert row["multiplier"].tolist() == [1.5 * settings.MILLIONTHS]


def changes(world: World) -> int:
    """Return how many changes are counted towards the guard rails."""
    row = in_force.unpack([world.tables["audit"][KEY]])
    return int((row["changed"] > 0).sum())


@pytest.mark.parametrize("status", AuditStatus)
def test_a_change_counts_towards_the_guard_rails_where_it_was_made(status: AuditStatus) -> None:
    world = World()
    say(world, entry("10", 1, before=Decimal(5), target=Decimal(10), status=status))
    assert changes(world) == (status.value in {"simulated", "applied", "confirmed", "rolled_back"})


def test_an_intent_and_its_outcome_count_as_one_change() -> None:
    world = World()
    say(world, unsure(AuditStatus.INTENT, "20", before=Decimal(10)))
    say(world, entry("20", 0.7, before=Decimal(10), status=AuditStatus.APPLIED))
    assert changes(world) == 1


def doubtful(target: str, expected: str | None = None) -> AuditEntry:
    before = None if expected is None else Decimal(expected)
    told = daily("0", status=AuditStatus.UNVERIFIED, target=Decimal(target), expected=before)
    return replace(told, after=None)


@pytest.mark.parametrize(("first", "target"), [("100", "300"), ("300", "100")])
def test_a_daily_budget_that_nobody_could_read_back_is_at_most_the_higher_of_the_two(
    first: str, target: str
) -> None:
    set_before, planned = a_world(), a_world()
    say(set_before, daily(first), doubtful(target, expected=first))
    say(planned, doubtful(target, expected=first))
    assert period_budget(set_before) == 300
    assert period_budget(planned) == 300


@pytest.mark.parametrize("found", ["100", "500"])
def test_a_daily_budget_that_was_found_otherwise_is_reckoned_with_as_it_was_found(
    found: str,
) -> None:
    world = a_world()
    say(world, daily("300"), daily(found, status=AuditStatus.DRIFT))
    assert period_budget(world) == Decimal(found)


@pytest.mark.parametrize("edited", ["100", "500"])
@pytest.mark.parametrize("before", [[], [daily("300")]])
def test_a_daily_budget_that_a_person_has_set_is_what_is_in_force(
    before: list[AuditEntry], edited: str
) -> None:
    world = a_world()
    say(world, *before, daily(edited, status=AuditStatus.EDITED))
    assert period_budget(world) == Decimal(edited)


def test_what_was_found_says_nothing_where_no_daily_budget_was_set_for_this_version() -> None:
    world = a_world()
    say(world, daily("100", status=AuditStatus.DRIFT))
    assert period_budget(world) == 240
    newer = a_world(version=2)
    say(newer, daily("300"), daily("100", version=2, status=AuditStatus.DRIFT))
    assert period_budget(newer) == 240


def under_way(target: str, expected: str | None = None, action: str = "1" * 32) -> AuditEntry:
    told = replace(doubtful(target, expected), status=AuditStatus.INTENT)
    return replace(told, action_id=action)


@pytest.mark.parametrize(("first", "target"), [("100", "300"), ("300", "100")])
def test_while_a_daily_budget_is_being_set_the_higher_of_the_two_counts(
    first: str, target: str
) -> None:
    set_before, planned = a_world(), a_world()
    say(set_before, daily(first), under_way(target, expected=first))
    say(planned, under_way(target, expected=first))
    assert period_budget(set_before) == 300
    assert period_budget(planned) == 300


@pytest.mark.parametrize("after", [None, Decimal(100)])
@pytest.mark.parametrize("status", [AuditStatus.FAILED, AuditStatus.REJECTED, AuditStatus.EXPIRED])
def test_what_was_not_set_after_all_counts_no_more(
    status: AuditStatus, after: Decimal | None
) -> None:
    set_before, planned = a_world(), a_world()
    ended = replace(under_way("300", expected="100"), status=status, after=after)
    say(set_before, daily("100"), under_way("300", expected="100"), ended)
    say(planned, under_way("300", expected="100"), ended)
    assert period_budget(set_before) == 100
    assert period_budget(planned) == 240


def test_the_end_of_another_action_ends_nothing() -> None:
    world = a_world()
    other = replace(under_way("90", action="2" * 32), status=AuditStatus.REJECTED)
    say(world, daily("100"), under_way("300", expected="100"), other)
    assert period_budget(world) == 300


def test_a_daily_budget_that_is_lowered_counts_as_soon_as_it_was() -> None:
    world = a_world()
    applied = replace(daily("100", status=AuditStatus.APPLIED), action_id="1" * 32)
    say(world, daily("300"), under_way("100", expected="300"), applied)
    assert period_budget(world) == 100


def test_a_daily_budget_is_not_taken_up_where_nothing_is_sent() -> None:
    world = a_world()
    told = daily("0", status=AuditStatus.SHADOW, target=Decimal(300))
    say(world, replace(told, after=None))
    assert period_budget(world) == 240
