"""What people say of hours and outages is passed on to those whom it concerns."""

from __future__ import annotations

from datetime import datetime

from schemas.condition import ConditionKind
from schemas.decision import Decision, Verb
from tests.workers.executor.test_decisions import decide
from tests.workers.executor.world import (
    World,
    a_decision,
    at,
)
from workers.executor.policy import ExecutorPolicy

EXCLUDED = b"google:7:42#excluded_windows"


def exclude(start: float, end: float) -> Decision:
    return a_decision(Verb.EXCLUDE_WINDOW, window_start=at(start), window_end=at(end))


def excluded(world: World) -> list[tuple[datetime, datetime]]:
    return [(each.start, each.end) for each in world.conditions[EXCLUDED].windows]


def test_excluded_hours_are_passed_on_beside_those_that_were_excluded_before() -> None:
    world = decide(World(), exclude(-120, -60), exclude(600, 660), exclude(-600, -540))
    told = world.conditions[EXCLUDED]

    assert world.said() == [("applied", "window_excluded")] * 3
    assert (told.kind, told.version) == (ConditionKind.EXCLUDED_WINDOWS, 3)
    assert excluded(world) == [(at(-600), at(-540)), (at(-120), at(-60)), (at(600), at(660))]
    assert (told.active, told.since, told.until) == (True, at(-600), at(660))
    assert b"google:7:42#outage" not in world.conditions


def test_who_rejects_an_outage_is_passed_on_and_touches_no_outage() -> None:
    world = decide(World(), a_decision(Verb.REJECT_OUTAGE, why="We sold nothing"), minutes=7)
    told = world.conditions[b"google:7:42#rejected_outage"]

    assert world.said() == [("applied", "outage_rejected")]
    assert (told.active, told.since, told.until, told.why) == (True, at(7), None, "We sold nothing")
    assert b"google:7:42#outage" not in world.conditions


def test_windows_that_meet_are_one_and_what_is_excluded_already_is_told_once() -> None:
    world = decide(World(), exclude(0, 60), exclude(60, 90), exclude(10, 80), exclude(-5, 10))

    assert [outcome for _, outcome in world.said()] == [
        "window_excluded",
        "window_excluded",
        "excluded_already",
        "window_excluded",
    ]
    assert excluded(world) == [(at(-5), at(90))]
    assert world.conditions[EXCLUDED].version == 3


def test_windows_are_bounded_those_of_long_ago_go_and_one_too_many_is_refused() -> None:
    many = [exclude(120 * n, 120 * n + 60) for n in range(101)]
    world = decide(World(policy=ExecutorPolicy(remembered=1_000)), *many)

    assert world.said()[-1] == ("rejected", "too_many_windows")
    assert len(excluded(world)) == 100

    later = 120 * 99 + 401 * 24 * 60
    decide(world, exclude(later, later + 60))
    assert world.said()[-1] == ("applied", "window_excluded")
    assert excluded(world) == [(at(later), at(later + 60))]
