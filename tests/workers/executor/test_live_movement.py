"""The movement cap in live mode: what the platform has said settles what was granted."""

from __future__ import annotations

from decimal import Decimal

import pytest

from schemas.codec import encode
from schemas.fields import Autonomy
from tests.workers.executor.members import a_group
from tests.workers.executor.test_live import Live, budget
from tests.workers.executor.world import a_plan, an_action, at
from workers.executor.live.outcome import Result
from workers.executor.movements import Ledger
from workers.executor.rows import unpack

MOVED = {Result.APPLIED, Result.CONFIRMED, Result.NO_OP, Result.UNVERIFIED}
"""Ends after which the campaign is paced by another budget, or may be."""


def live() -> Live:
    world = Live(a_plan(Autonomy.AUTO, budget_group_id="spring"))
    world.groups[b"spring"] = encode(a_group())
    return world


def ledger(world: Live) -> tuple[int, int]:
    """Return what the group has granted and not settled, and what it counts in all."""
    found = unpack(world.tables["movements"][b"spring"], Ledger)
    assert found is not None
    return int(found.reserved), int(found.used)


@pytest.mark.parametrize("result", list(Result))
def test_a_raise_holds_its_part_until_the_platform_has_said_how_it_ended(result: Result) -> None:
    world = live().act(budget("up", "100", "120"))
    assert ledger(world) == (20, 20)
    world.answer(result, before=Decimal(100)).settle()
    assert ledger(world) == (0, 20 if result in MOVED else 0)


def test_nothing_is_sent_of_a_raise_that_was_refused() -> None:
    world = live().act(budget("up", "100", "220"))
    assert world.said() == [("rejected", "movement_cap")]
    assert not world.is_busy


def test_raises_that_wait_for_the_platform_count_as_well() -> None:
    world = live().act(budget("first", "100", "160"), budget("second", "100", "130"))
    assert ledger(world) == (90, 90)
    world.answer(Result.REJECTED, before=Decimal(100)).settle()
    assert ledger(world) == (30, 30)


def test_a_raise_has_no_effect_before_the_time_that_it_was_granted_at() -> None:
    world = live().act(budget("cut", "100", "90"), minutes=1)
    world.act(budget("up", "90", "120"), minutes=40)
    # The machine's clock is behind the log's.
    world.answer(before=Decimal(100), minutes=10)
    assert [(e.status.value, e.at) for e in world.audit][-1] == ("intent", at(40))
    world.answer(before=Decimal(90), minutes=11).settle()
    assert world.audit[-1].at == at(40)


def test_hourly_budgets_ask_for_nothing_though_platforms_have_them_as_the_days() -> None:
    world = live().act(budget("up", "100", "200"))
    world.answer(before=Decimal(100)).settle()
    hourly = an_action("hour", None, "9", day_budget=Decimal(400))
    world.act(hourly, minutes=2)
    assert world.audit[-1].status.value == "intent"
    assert ledger(world) == (0, 100)
