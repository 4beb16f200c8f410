"""What a platform is told of a window to come: proposed, set for the window, taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from schemas import topics
from schemas.calendar_event import CalendarEvent
from schemas.decision import Verb
from schemas.fields import Autonomy, Entity
from schemas.recommendation import Kind, Recommendation
from tests.workers.connectors.google_parts import SECRETS
from tests.workers.executor.test_couriers import carried
from tests.workers.executor.test_live import GOOGLE, Live
from tests.workers.executor.world import (
    KEY,
    World,
    a_decision,
    a_plan,
    a_recommendation,
    a_tick,
    an_action,
    approve,
    at,
)
from tests.workers.optimizer import world as optimizer
from workers.connectors.protocol import Lever
from workers.connectors.settings import AccountMode, PlatformSettings
from workers.executor.platforms import KnownPlatforms, PlatformTerms
from workers.executor.tables import in_force
from workers.sandbox.google.server import GoogleSandbox
from workers.sandbox.google.world import SandboxAccount

START = datetime(datetime.now(UTC).year + 1, 7, 10, 22, tzinfo=UTC)
BEFORE = START - timedelta(days=5)
WINDOW = {"window_start": START, "window_end": START + timedelta(days=3)}
TOLD = {"field": "seasonality", "unit": "multiplier", "currency": None, **WINDOW}


def asked(name: str, factor: str, **changes: object) -> Recommendation:
    fields = {"kind": Kind.CALENDAR, "current_value": Decimal(1), **TOLD, **changes}
    return a_recommendation(name, factor, **fields)


def planned() -> World:
    world = World(planned=False)
    world.publish(topics.PLANS, a_plan(Autonomy.AUTO), 0)
    world.settle()
    return world


def agreed(world: World, advice: Recommendation, minutes: float) -> World:
    """Let a person agree to what is proposed."""
    world.publish(topics.RECOMMENDATIONS, advice, minutes)
    world.settle()
    decision = a_decision(
        Verb.APPROVE, recommendation_id=advice.recommendation_id, minutes=minutes + 1
    )
    world.publish(topics.DECISIONS, decision, minutes + 1)
    world.settle()
    return world


def test_a_person_is_asked_and_the_trail_says_for_which_window() -> None:
    world = agreed(planned(), asked("sale", "1.35"), 1)

    assert [status for status, _ in world.said()] == ["approval_required", "simulated"]
    assert {(entry.window_start, entry.window_end) for entry in world.audit} == {
        (START, START + timedelta(days=3))
    }
    assert world.audit[-1].after == Decimal("1.35")


def test_windows_have_values_of_their_own_and_neither_supersedes_the_other() -> None:
    later = {"window_start": START + timedelta(days=9), "window_end": START + timedelta(days=10)}
    world = planned()
    for advice in (asked("sale", "1.35"), asked("other", "2", **later)):
        world.publish(topics.RECOMMENDATIONS, advice, 1)
    world.settle()
    for name in ("sale", "other"):
        world.publish(topics.DECISIONS, approve(name, minutes=2), 2)
    world.settle()

    assert [status for status, _ in world.said()] == ["approval_required"] * 2 + ["simulated"] * 2
    values = [each.value for each in in_force(world, KEY).in_force.values()]
    assert sorted(values) == [Decimal("1.35"), 2]


def test_what_was_told_is_taken_back_by_a_roll_back_to_one() -> None:
    world = agreed(planned(), asked("sale", "1.35"), 1)
    change = world.released[-1]
    undo = a_decision(Verb.ROLL_BACK, action_id=change.action_id, minutes=4)
    world.publish(topics.DECISIONS, undo, 4)
    world.settle()

    assert [world.audit[-1].status, world.audit[-1].after] == ["rolled_back", 1]
    assert world.audit[-1].window_start == START


@pytest.mark.parametrize(
    ("target", "changes", "reason"),
    [
        ("1.35", {"window_start": None, "window_end": None}, "window_missing"),
        ("0.09", {}, "factor_out_of_range"),
        ("10.01", {}, "factor_out_of_range"),
        ("1.35", {"plan_version": 7, "recommendation_id": "ab" * 16}, "plan_changed"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    target: str, changes: dict[str, object], reason: str
) -> None:
    world = planned()
    world.publish(topics.ACTIONS, an_action("odd", "1", target, **TOLD | changes), 1)
    world.settle()

    assert world.said() == [("rejected", reason)]


def test_of_windows_that_are_over_for_long_nothing_is_kept() -> None:
    world = agreed(planned(), asked("sale", "1.35"), 1)
    later = START + timedelta(days=40)
    minutes = (later - at(0)) // timedelta(minutes=1)
    fields = {"released_at": later, "expires_at": later + timedelta(days=1), **TOLD}
    fields |= {"valid_from": later, "window_start": later, "window_end": later + timedelta(days=1)}
    world.publish(topics.ACTIONS, an_action("other", "1", "2", **fields), minutes)
    world.settle()
    assert [each.value for each in in_force(world, KEY).in_force.values()] == [2]

    sale = world.released[0]
    undo = a_decision(Verb.ROLL_BACK, action_id=sale.action_id, minutes=minutes + 2)
    world.publish(topics.DECISIONS, undo, minutes + 2)
    world.settle()
    assert world.said()[-1] == ("rejected", "not_undoable")


# ------------------------------------------------------------ live, by Google's own client


class Telling(Live):
    """Live on a platform that takes adjustments."""

    def __init__(self, *, has: bool = True) -> None:
        super().__init__()
        levers = {*GOOGLE, *({(Entity.CAMPAIGN, Lever.SEASONALITY)} if has else ())}
        terms = PlatformTerms(accounts={"7": AccountMode.LIVE}, levers=levers)
        platforms = KnownPlatforms(terms={"google": terms})
        self.policy = replace(self.policy, platforms=platforms, simulated_time=True)
        self.__post_init__()
        self.publish(topics.PLANS, a_plan(Autonomy.AUTO), 0)
        self.settle()


def test_live_a_platform_that_has_no_such_thing_says_so() -> None:
    world = agreed(Telling(has=False), asked("sale", "1.35"), 1)

    assert world.said()[-1] == ("rejected", "unsupported_lever")
    assert "lets nobody set seasonality" in world.audit[-1].detail


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    names = ("developer_token", "client_id", "client_secret", "refresh_token")
    values = (SECRETS[0], "the-client", *SECRETS[1:3])
    for name, value in zip(names, values, strict=True):
        monkeypatch.setenv(f"OF_GOOGLE_{name.upper()}", value)
    return {name: f"env:OF_GOOGLE_{name.upper()}" for name in names}


def settings(sandbox: GoogleSandbox, secrets: dict[str, str], folder: Path) -> PlatformSettings:
    roots = folder / "roots.pem"
    roots.write_bytes(sandbox.roots)
    options = {
        "endpoint": sandbox.address,
        "token_address": sandbox.tokens.address,
        "roots_file": str(roots),
        "proxies": False,
    }
    accounts = {"7": AccountMode.LIVE}
    return PlatformSettings(accounts=accounts, connector="google", options=options, secrets=secrets)


def proposed() -> Recommendation:
    """Return what the optimizer makes of a plan with a sale, five days before it."""
    world = optimizer.World()
    sale = CalendarEvent(
        name="Sale", start=START, end=START + timedelta(days=3), conversion_rate_lift=1.35
    )
    world.plan(calendar=(sale,))
    world.tick(BEFORE)
    (advice,) = world.advice
    return advice


async def test_from_the_plans_event_to_googles_adjustment_and_back(
    secrets: dict[str, str], tmp_path: Path
) -> None:
    sandbox = GoogleSandbox(SandboxAccount(account_id="7"))
    sandbox.world.add_campaign("7", "42", strategy="TARGET_CPA")
    await sandbox.start()
    platforms = {"google": settings(sandbox, secrets, tmp_path)}
    minutes = (BEFORE - at(0)) / timedelta(minutes=1)
    world = Telling()
    try:
        world.publish(topics.TICKS, a_tick(minutes), minutes)
        agreed(world, proposed(), minutes)
        assert await carried(world, platforms) == []
        assert world.said()[-2:] == [("intent", "to_be_sent"), ("applied", "applied")]
        entry = world.audit[-1]
        assert [entry.before, entry.after, entry.sent] == [1, Decimal("1.35"), Decimal("1.35")]
        (effect,) = sandbox.effects
        assert (effect.ref.entity_id, effect.after) == ("42", Decimal("1.35"))
        assert effect.ref.part.startswith(f"{START:%Y-%m-%dT%H:%M}Z/")

        undo = a_decision(
            Verb.ROLL_BACK, action_id=world.released[-1].action_id, minutes=minutes + 5
        )
        world.publish(topics.DECISIONS, undo, minutes + 5)
        world.settle()
        assert await carried(world, platforms) == []
        assert [world.audit[-1].status, world.audit[-1].after] == ["rolled_back", 1]
        assert not any("Seasonality" in name for name in sandbox.world.resources)
    finally:
        await sandbox.stop()
