"""Laws of the page: it fits the terminal, and says inputs, model, rules, value and verdict."""

from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from rich.console import Console

from tests.workers.explain.histories import Kept, a_life
from tests.workers.optimizer.test_decisions import entry, say
from tests.workers.optimizer.world import an_event
from workers.explain.page import print_explanation
from workers.explain.report import Explanation, as_json, explain
from workers.optimizer.policy import OptimizerPolicy


def a_clamped_decision() -> Explanation:
    """Explain an hour that wants 10.27 where 5.00 is in force and may change by a fifth."""
    world = Kept()
    world.plan(guardrails={"max_change_pct": 20.0})
    say(world, entry("5.00", 0.5))
    world.metrics(an_event(0))
    return explain(OptimizerPolicy(), world.history(), 0)


def page(found: Explanation, width: int) -> str:
    file = io.StringIO()
    print_explanation(Console(file=file, width=width), found)
    return file.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_every_line_fits_the_terminal(width: int) -> None:
    history = a_life(4).history()
    other = replace(OptimizerPolicy(), model_version="pacekeeper/9")
    for found in (a_clamped_decision(), explain(other, history, len(history.published) - 1)):
        lines = page(found, width).splitlines()
        assert max(map(len, lines)) <= width
        assert [line.split()[0] for line in lines if "───" in line] == [
            *("Inputs", "Model", "Rules", "Value", "Verdict"),
        ]


def test_a_clamp_is_shown_with_what_it_made_of_what() -> None:
    lines = [line.split() for line in page(a_clamped_decision(), 80).splitlines()]
    assert ["rest", "of", "today", "236.00", "236.00", "at", "most", "236.00"] in lines
    assert ["this", "hour,", "by", "its", "weight", "236.00", "10.27"] in lines
    assert ["max_change_pct", "10.27", "6.00", "clamped"] in lines
    assert ["hard_cap", "passed"] in lines
    assert ["in", "force", "5.00", "EUR"] in lines
    text = page(a_clamped_decision(), 80)
    assert "hourly_budget: 6.00 EUR from 2026-03-02 01:00 (+20.0 %)" in text
    assert "identical: 1 metrics record replayed" in text


def test_json_says_the_same_to_programs() -> None:
    found = a_clamped_decision()
    told = msgspec.json.decode(msgspec.json.encode(as_json(found)))
    assert told["verdict"] == "identical"
    assert told["model"]["inside"]["wanted"] == "10.27"
    assert told["value"]["recommended"] == "6.00"
    assert sum(told["model"]["inside"]["weights"]) == pytest.approx(1.0)
    assert Decimal(told["inputs"]["events"][0]["spend"]) == Decimal("4.00")
    assert told["inputs"]["plan"]["version"] == 1


def test_a_multiplier_is_shown_as_one_with_what_it_follows_from_and_what_is_known_of_bids() -> None:
    world = Kept()
    world.plan(strategy="adaptive", guardrails={"max_change_pct": 20.0})
    say(world, entry("1.00", 0.5, field="bid_multiplier", hourly_cap=Decimal(50)))
    world.metrics(*(an_event(number) for number in range(30)))
    text = page(explain(OptimizerPolicy(), world.history(), 29), 100)
    assert "bid_multiplier: x1.2000 from 2026-03-03 06:00 (+20.0 %)" in text
    assert "in force    x1.0000" in text
    assert "by its budget" in text
    assert "from 30 hours heard" in text
    assert "identical: 30 metrics records replayed" in text


def test_no_hours_are_drawn_where_a_hold_gives_none_anything() -> None:
    history = a_life(30).history()
    held = next(
        number
        for number, each in enumerate(history.published)
        if each.advice.hold_reason == "frozen" and each.advice.plan_version
    )
    found = explain(OptimizerPolicy(), history, held)
    assert found.inside is not None
    assert any(found.inside.weights)
    assert "weight" not in page(found, 80)
    lines = [line.split() for line in page(a_clamped_decision(), 80).splitlines()]
    assert ["hour", "weight", "plan"] in lines


@pytest.mark.parametrize(
    ("plan", "how"),
    [
        ({"autonomy": "auto"}, "released by policy (autonomy of hourly_budget: auto)"),
        ({"autonomy": "propose"}, "waits for a person (autonomy of hourly_budget: propose)"),
        (
            {"autonomy": "auto", "autonomy_of": {"hourly_budget": "propose"}, "approvers": 2},
            "waits for 2 people (autonomy of hourly_budget: propose)",
        ),
        (
            {"autonomy": "auto", "autonomy_of": {"hourly_budget": "observe"}},
            "nobody is asked (autonomy of hourly_budget: observe)",
        ),
    ],
)
def test_who_lets_it_go_is_shown_with_the_autonomy_that_held(
    plan: dict[str, Any], how: str
) -> None:
    world = Kept()
    world.plan(guardrails={"max_change_pct": 500.0}, **plan)
    say(world, entry("5.00", 0.5))
    world.metrics(an_event(0))
    found = explain(OptimizerPolicy(), world.history(), 0)

    assert how in page(found, 120)
    assert as_json(found)["value"]["autonomy"] == how.rsplit(" ", 1)[1].rstrip(")")
