"""Hours that people exclude: nothing is learned from them, and nothing decided."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from schemas import (
    Condition,
    ConditionKind,
    HoldReason,
    Kind,
    MetricsEvent,
    Scope,
    Window,
    encode,
    topics,
)
from tests.workers.optimizer.test_adaptive import FREE, bids, state_of
from tests.workers.optimizer.world import KEY, NAMES, World, a_plan, an_event, hour
from workers.optimizer.tables import pattern_key

OUT = (20, 26), (40, 41)
STRATEGIES = ("adaptive", "dayparting", "even")


def without(*windows: tuple[float, float], **fields: Any) -> Condition:  # noqa: ANN401 -- fields of a record
    given: dict[str, Any] = {
        "kind": ConditionKind.EXCLUDED_WINDOWS,
        "scope": Scope.CAMPAIGN,
        **NAMES,
        "version": 1,
        "active": True,
        "since": hour(windows[0][0]),
        "by": "ada",
        "windows": tuple(Window(start=hour(first), end=hour(last)) for first, last in windows),
    }
    return Condition(**(given | fields))


def tell(world: World, condition: Condition) -> None:
    name = world.policy.topic(topics.CONDITIONS)
    world.broadcasts.setdefault(name, {})[condition.key] = encode(condition)


def planned(strategy: str = "adaptive", **fields: Any) -> World:  # noqa: ANN401 -- fields of a plan
    world = World()
    world.plan(a_plan(strategy=strategy, guardrails=FREE, **fields))
    return world


def out(number: int) -> bool:
    return any(first <= number < last for first, last in OUT)


def told(numbers: range, **odd: Any) -> list[MetricsEvent]:  # noqa: ANN401 -- fields of a record
    """Return hours that are all alike but for what is told of those in `OUT`."""
    return [an_event(n, **({"spend": Decimal(6)} | (odd if out(n) else {}))) for n in numbers]


def known(world: World) -> tuple[bytes, bytes]:
    return state_of(world), world.table("metrics")[pattern_key(KEY)]


@pytest.mark.parametrize("scope", [Scope.CAMPAIGN, Scope.ACCOUNT, Scope.ALL])
def test_hours_that_people_exclude_teach_nothing_whenever_they_say_so(scope: Scope) -> None:
    names = {Scope.CAMPAIGN: 3, Scope.ACCOUNT: 2, Scope.ALL: 0}[scope]
    given = {name: NAMES[name] if i < names else None for i, name in enumerate(NAMES)}
    condition = without(*OUT, **given, scope=scope)
    odd, other = {"spend": Decimal(99), "clicks": 900}, {"spend": Decimal(1), "clicks": 2}
    states = []
    for hours, when in ((odd, 0), (other, 0), (odd, 30), (odd, 52)):
        world = planned()
        world.metrics(*told(range(when), **hours))
        tell(world, condition)
        world.metrics(*told(range(when, 53), **hours))
        world.metrics(*told(range(53, 54)))
        states.append(known(world))
    assert states[0] == states[1] == states[2] == states[3]
    plain = planned()
    plain.metrics(*told(range(54), **odd))
    assert all(one != two for one, two in zip(known(plain), states[0], strict=True))


def test_windows_that_are_lifted_are_learned_as_if_nobody_had_excluded_them() -> None:
    odd = {"spend": Decimal(99), "clicks": 900}
    lifted, plain = planned(), planned()
    tell(lifted, without(*OUT))
    lifted.metrics(*told(range(50), **odd))
    plain.metrics(*told(range(50), **odd))
    tell(lifted, without(*OUT, version=2, active=False))
    for world in (lifted, plain):
        world.metrics(*told(range(50, 51)))
    assert known(lifted) == known(plain)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_nothing_is_decided_from_an_excluded_hour(strategy: str) -> None:
    world = planned(strategy)
    tell(world, without(*OUT))
    for event in told(range(45)):
        world.metrics(event)
    held = [n for n in range(45) if world.advice[n].hold_reason is HoldReason.EXCLUDED_HOUR]
    assert [world.advice[n].hour for n in held] == [hour(n + 1) for n in range(45) if out(n)]
    paced = [each.hour for each in world.advice if each.kind is Kind.PACING]
    acted = {each.hour for each in world.actions}
    assert acted <= set(paced)
    assert not acted & {hour(n + 1) for n in range(45) if out(n)}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_what_is_decided_later_depends_on_nothing_but_the_money_of_an_excluded_hour(
    strategy: str,
) -> None:
    decisions = []
    for odd in ({"clicks": 900, "conversions": Decimal(90)}, {"clicks": 3, "impressions": 40}):
        world = planned(strategy, target_cpa=Decimal(1))
        tell(world, without(*OUT))
        for first in range(0, 60, 12):
            world.metrics(*told(range(first, first + 12), **odd))
        last = world.advice[-1]
        decisions.append((last.recommended_value, last.hour_plan, last.hourly_cap))
    assert decisions[0] == decisions[1]
    assert decisions[0][0] is not None


@pytest.mark.parametrize("strategy", ["adaptive", "even"])
def test_what_is_in_force_and_may_spend_too_much_is_lowered_though_the_hour_is_excluded(
    strategy: str,
) -> None:
    world = planned(strategy)
    tell(world, without((2, 3)))
    world.metrics(an_event(0, spend=Decimal(50)), an_event(1, spend=Decimal(150)))
    bids(world, (2.01, "1.2", "100"))
    world.metrics(an_event(2, spend=Decimal(20)))
    advice, action = world.advice[-1], world.actions[-1]
    assert action.hour == advice.hour == hour(3)
    assert advice.hourly_cap is not None
    assert advice.hourly_cap <= 20


def test_windows_that_cannot_be_read_exclude_nothing_and_are_counted() -> None:
    world, without_any = planned(), planned()
    name = world.policy.topic(topics.CONDITIONS)
    world.broadcasts[name] = {KEY + b"#excluded_windows": b"?"}
    for each in (world, without_any):
        each.metrics(*told(range(3)))
    assert known_decision(world) == known_decision(without_any)
    assert world.counts["ignored", name, "unreadable"] > 0


def known_decision(world: World) -> object:
    return world.advice[-1].kind, world.advice[-1].recommended_value
