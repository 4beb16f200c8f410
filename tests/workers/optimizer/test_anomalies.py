"""What follows for a campaign from counts of closed days that are suspected to be wrong."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from schemas import Condition, ConditionKind, HoldReason, Kind, Scope, Shape, Window, decode
from schemas.anomaly import Anomaly, Change, Effect, Signal
from tests.workers.optimizer.test_excluding import known, planned, tell, told
from tests.workers.optimizer.world import NAMES, World, an_event, hour


def odd(effect: Effect, first: float, last: float | None = None) -> Anomaly:
    return Anomaly(
        signal=Signal.REVENUE,
        change=Change.SPIKE,
        effect=effect,
        since=hour(first),
        until=None if last is None else hour(last),
        evidence=32.0,
        expected=10.0,
        counted=1_000.0,
    )


def said(*anomalies: Anomaly, **fields: Any) -> Condition:  # noqa: ANN401 -- fields of a record
    given: dict[str, Any] = {
        "kind": ConditionKind.ANOMALY,
        "scope": Scope.CAMPAIGN,
        **NAMES,
        "version": 1,
        "active": True,
        "since": min(each.since for each in anomalies),
        "by": "allocator",
        "anomalies": anomalies,
    }
    return Condition(**(given | fields))


def held(world: World, numbers: range) -> list[int]:
    """Return after which of the hours the campaign is held as suspected."""
    for number in numbers:
        world.metrics(an_event(number))
    reason = HoldReason.SUSPECTED_OUTAGE
    return [n for n in numbers if world.advice[n].hold_reason is reason]


@pytest.mark.parametrize("scope", [Scope.CAMPAIGN, Scope.ACCOUNT])
def test_orders_in_another_unit_hold_from_then_until_nobody_has_said_it_again(scope: Scope) -> None:
    world = planned()
    names = {"campaign_id": None} if scope is Scope.ACCOUNT else {}
    tell(world, said(odd(Effect.HELD, 10), until=hour(20), scope=scope, **names))

    assert held(world, range(30)) == list(range(9, 19))
    assert {each.kind for each in world.advice[19:]} == {Kind.PACING}


@pytest.mark.parametrize(
    "anomaly", [odd(Effect.TOLD, 10), odd(Effect.UNLEARNED, 10), odd(Effect.HELD, 10, 11)]
)
def test_what_is_told_only_or_is_over_holds_nobody(anomaly: Anomaly) -> None:
    world = planned()
    tell(world, said(anomaly, until=hour(60)))

    assert held(world, range(30)) == []


def test_a_person_who_knows_better_ends_the_hold_and_what_began_later_holds_anew() -> None:
    world = planned()
    tell(world, said(odd(Effect.HELD, 10), until=hour(60)))
    rejection: dict[str, Any] = {"kind": ConditionKind.REJECTED_OUTAGE, "anomalies": ()}
    tell(world, said(odd(Effect.HELD, 12), since=hour(15), **rejection))

    assert held(world, range(20)) == []
    tell(world, said(odd(Effect.HELD, 16), until=hour(60), version=2))
    world.metrics(an_event(20))
    assert world.advice[-1].hold_reason is HoldReason.SUSPECTED_OUTAGE


def test_hours_that_are_odd_teach_nothing_unless_a_person_knows_better() -> None:
    windows = tuple(Window(start=hour(a), end=hour(b)) for a, b in ((20, 26), (40, 41)))
    condition = said(odd(Effect.UNLEARNED, 20, 26), until=hour(41), windows=windows)
    states = []
    for spend in (Decimal(99), Decimal(1)):
        world = planned()
        world.metrics(*told(range(45), spend=spend, clicks=int(spend)))
        tell(world, condition)
        world.metrics(*told(range(45, 54), spend=spend, clicks=int(spend)))
        states.append(known(world))
    assert states[0] == states[1]

    plain, rejected = planned(), planned()
    tell(rejected, condition)
    kind = ConditionKind.REJECTED_OUTAGE
    tell(rejected, said(odd(Effect.TOLD, 42), since=hour(42), kind=kind, anomalies=()))
    for world in (plain, rejected):
        world.metrics(*told(range(54), spend=Decimal(99)))
    assert known(plain) == known(rejected) != states[0]


def test_a_closed_day_tells_what_its_hours_brought() -> None:
    world = planned()
    world.metrics(*(an_event(n, revenue=Decimal(n) + Decimal("0.509")) for n in range(25)))
    shapes = [decode(o.value or b"", Shape) for o in world.outputs if o.topic.endswith("shapes.v1")]

    assert [each.revenue_minor for each in shapes] == [tuple(100 * n + 50 for n in range(24))]


def test_a_day_without_revenue_tells_none() -> None:
    world = planned()
    world.metrics(*(an_event(n, revenue=Decimal(0)) for n in range(25)))
    shapes = [decode(o.value or b"", Shape) for o in world.outputs if o.topic.endswith("shapes.v1")]

    assert [each.revenue_minor for each in shapes] == [None]
