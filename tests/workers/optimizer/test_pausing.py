"""Campaigns are advised to pause and to resume as their plans say, where these ask for it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from schemas import (
    AuditEntry,
    AuditStatus,
    Condition,
    ConditionKind,
    HoldReason,
    Kind,
    Recommendation,
    Scope,
    encode,
    topics,
)
from schemas.audit import Mode
from schemas.autonomy import AutonomyOf
from schemas.fields import Autonomy, Status
from schemas.plan import Days
from tests.workers.optimizer.world import NAMES, World, an_event, hour

GAP = (Days(first=date(2026, 3, 3), last=date(2026, 3, 4)),)
ADVICE = "ab" * 16


def asking(**plan: Any) -> World:  # noqa: ANN401 -- fields of a plan
    world = World()
    world.plan(**{"pauses_on_platform": True, **plan})
    return world


def told(  # noqa: PLR0913 -- what entries differ in
    world: World,
    at: datetime,
    after: int,
    *,
    status: AuditStatus = AuditStatus.APPLIED,
    advised: bool = True,
    before: int | None = None,
) -> None:
    """Let the trail say that the campaign delivers now, or does not."""
    names: dict[str, Any] = NAMES
    entry = AuditEntry(
        **names,
        at=at,
        status=status,
        mode=Mode.LIVE,
        actor="somebody",
        recommendation_id=ADVICE if advised else None,
        entity_id="42",
        field="status",
        before=None if before is None else Decimal(before),
        after=Decimal(after),
    )
    world.feed("audit", [world.stored(topics.AUDIT, encode(entry), at)])


def statuses(world: World) -> list[Recommendation]:
    return [each for each in world.advice if each.kind is Kind.STATUS]


def said(world: World) -> list[Any]:
    """Return of each piece of advice the status, the main reason, and whether it goes alone."""
    return [
        (each.recommended_value, each.reasons[0].code, each.auto_execute)
        for each in statuses(world)
    ]


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        ({"status": Status.PAUSED}, "plan_paused"),
        ({"status": Status.ENDED}, "plan_ended"),
        ({"flight_start": date(2026, 3, 3)}, "flight_not_started"),
        ({"flight_end": date(2026, 3, 1)}, "flight_over"),
        ({"flight_gaps": (Days(first=date(2026, 3, 2), last=date(2026, 3, 2)),)}, "flight_gap"),
    ],
)
def test_what_is_not_to_deliver_is_paused_by_policy_and_the_reason_is_said(
    plan: dict[str, Any], why: str
) -> None:
    world = asking(**plan)
    world.tick(hour(1))

    assert said(world) == [(0, why, True)]
    (action,) = world.actions
    assert [action.field, action.target, action.expected] == ["status", 0, 1]
    assert action.recommendation_id == statuses(world)[0].recommendation_id


def test_a_plan_that_does_not_ask_leads_to_no_advice_whatever_it_says() -> None:
    world = World()
    world.plan(status=Status.PAUSED, flight_end=date(2026, 3, 1))
    world.tick(hour(1))

    assert statuses(world) == []


def test_what_delivers_as_it_is_to_is_left_alone() -> None:
    world = asking(flight_end=date(2026, 3, 2))
    world.tick(hour(1))
    told(world, hour(2), 1)
    world.tick(hour(23))

    assert statuses(world) == []


def test_a_flight_is_over_when_its_last_local_day_is() -> None:
    world = asking(flight_end=date(2026, 3, 2), timezone="America/New_York")
    world.tick(hour(28.9))
    assert statuses(world) == []
    world.tick(hour(29))
    assert said(world) == [(0, "flight_over", True)]


def test_what_goes_by_itself_and_had_no_effect_is_tried_again_each_hour() -> None:
    world = asking(status=Status.PAUSED)
    for minutes in (0, 30, 59, 60, 90, 120):
        world.tick(hour(1) + timedelta(minutes=minutes))

    assert [each.decided_at for each in statuses(world)] == [hour(1), hour(2), hour(3)]
    assert [each.expires_at for each in statuses(world)] == [hour(2), hour(3), hour(4)]


@pytest.mark.parametrize(
    "plan",
    [
        {"autonomy": Autonomy.PROPOSE},
        {"autonomy": "observe"},
        {"protected": True},
        {"autonomy_of": AutonomyOf(status=Autonomy.PROPOSE)},
    ],
)
def test_where_policy_may_not_a_person_is_asked_once_a_local_day(plan: dict[str, Any]) -> None:
    world = asking(status=Status.PAUSED, **plan)
    for number in range(1, 30):
        world.tick(hour(number))

    assert world.actions == []
    assert [each.decided_at for each in statuses(world)] == [hour(1), hour(24)]
    assert [each.expires_at for each in statuses(world)] == [hour(24), hour(48)]


def test_what_is_frozen_is_advised_on_when_the_freeze_is_lifted() -> None:
    world = asking(status=Status.PAUSED)
    names: dict[str, Any] = NAMES
    freeze = Condition(
        **names,
        kind=ConditionKind.FREEZE,
        scope=Scope.CAMPAIGN,
        active=True,
        version=1,
        by="ada",
        since=hour(0),
    )
    world.broadcasts[world.policy.topic(topics.CONDITIONS)] = {freeze.key: encode(freeze)}
    world.tick(hour(1))
    assert said(world) == []

    world.broadcasts.clear()
    world.tick(hour(2))
    assert said(world) == [(0, "plan_paused", True)]


def test_what_advice_has_paused_is_resumed_by_policy_when_the_gap_is_over() -> None:
    world = asking(flight_gaps=GAP)
    world.tick(hour(24))
    told(world, hour(24.1), 0)
    for number in range(25, 74):
        world.tick(hour(number))

    assert said(world)[:2] == [(0, "flight_gap", True), (1, "flight_runs", True)]
    assert statuses(world)[1].decided_at == hour(72)


@pytest.mark.parametrize(
    ("status", "advised"), [(AuditStatus.NO_OP, True), (AuditStatus.APPLIED, False)]
)
def test_what_somebody_else_had_paused_is_only_resumed_by_a_person_who_is_asked(
    status: AuditStatus, *, advised: bool
) -> None:
    """A pause that advice has found made already is somebody else's as well."""
    world = asking(flight_gaps=GAP)
    world.tick(hour(24))
    told(world, hour(24.1), 0, status=status, advised=advised)
    world.tick(hour(72))
    last = statuses(world)[-1]

    assert [last.recommended_value, last.auto_execute] == [1, False]
    assert [reason.code for reason in last.reasons] == ["flight_runs", "paused_by_others"]
    assert [action.target for action in world.actions] == [0]


def test_a_repeated_pause_that_finds_ours_stays_ours() -> None:
    world = asking(flight_gaps=GAP)
    world.tick(hour(24))
    told(world, hour(24.1), 0)
    told(world, hour(25.1), 0, status=AuditStatus.NO_OP, before=0)
    world.tick(hour(72))

    assert said(world)[-1] == (1, "flight_runs", True)


def test_a_person_who_pauses_what_is_to_deliver_is_not_asked_to_resume_it() -> None:
    world = asking()
    world.tick(hour(1))
    told(world, hour(2), 0, advised=False)
    for number in range(3, 60):
        world.tick(hour(number))

    assert statuses(world) == []


def test_a_person_who_resumes_what_is_not_to_deliver_is_not_overruled() -> None:
    world = asking(status=Status.PAUSED)
    world.tick(hour(1))
    told(world, hour(1.1), 0)
    told(world, hour(5), 1, advised=False)
    for number in range(6, 60):
        world.tick(hour(number))

    assert said(world) == [(0, "plan_paused", True)]


def test_what_is_told_of_as_edited_on_the_platform_is_somebody_elses_word() -> None:
    world = asking()
    world.tick(hour(1))
    told(world, hour(2), 0)
    told(world, hour(2.5), 0, status=AuditStatus.EDITED, advised=False)
    for number in range(3, 60):
        world.tick(hour(number))

    assert statuses(world) == []


def test_a_newer_wish_of_the_plan_counts_more_than_a_persons_older_word() -> None:
    world = asking(flight_end=date(2026, 3, 3))
    world.tick(hour(1))
    told(world, hour(2), 0, advised=False)
    told(world, hour(3), 1, advised=False)
    world.tick(hour(48))

    assert said(world) == [(0, "flight_over", True)]


@pytest.mark.parametrize(
    "status",
    [AuditStatus.INTENT, AuditStatus.REJECTED, AuditStatus.SHADOW, AuditStatus.UNVERIFIED],
)
def test_what_had_no_effect_that_is_known_pauses_nothing(status: AuditStatus) -> None:
    world = asking(status=Status.PAUSED)
    world.tick(hour(1))
    told(world, hour(1.1), 0, status=status)
    world.tick(hour(2))

    assert len(statuses(world)) == 2


def test_a_paused_campaign_is_held_and_no_bid_or_budget_of_it_is_decided() -> None:
    """However far behind its plan it is: it cannot spend."""
    world = World()
    world.plan()
    world.metrics(an_event(0))
    assert world.advice[-1].kind is Kind.PACING
    told(world, hour(1.5), 0, advised=False)
    for number in range(1, 12):
        world.metrics(an_event(number, spend=Decimal(0), conversions=Decimal(0)))
    held = world.advice[1:]

    assert {each.hold_reason for each in held} == {HoldReason.PAUSED_ON_PLATFORM}
    assert len(world.actions) == 1
    told(world, hour(12.5), 1, advised=False)
    world.metrics(an_event(12))
    assert world.advice[-1].kind is Kind.PACING


def test_silence_of_a_paused_campaign_is_not_told_as_stale_data() -> None:
    world = World()
    world.plan()
    world.metrics(an_event(0))
    told(world, hour(1.5), 0, advised=False)
    for number in range(2, 30):
        world.tick(hour(number) + timedelta(minutes=20))

    assert len(world.advice) == 1
    assert len(world.actions) == 1


def test_a_restart_between_any_two_ticks_asks_nothing_twice() -> None:
    world = asking(status=Status.PAUSED, autonomy=Autonomy.PROPOSE)
    world.tick(hour(1))
    again = world.restarted()
    again.tick(hour(2))

    assert len(statuses(world)) == 1
    assert statuses(again) == []
