"""A figure is kept or short, and its line says which."""

from __future__ import annotations

import pytest

from benchmarks.bench import Bench
from benchmarks.catalogue import FIGURES
from benchmarks.figure import Better, Figure, Outcome


def figure(better: Better, goal: float = 10.0) -> Figure:
    async def measure(_: Bench) -> float:
        return goal

    return Figure(name="speed", unit="m/s", goal=goal, better=better, about="", measure=measure)


@pytest.mark.parametrize("better", ["higher", "lower"])
def test_a_value_equal_to_its_goal_is_ok(better: Better) -> None:
    assert not Outcome(figure=figure(better), value=10.0).short


@pytest.mark.parametrize(("better", "value"), [("higher", 9.99), ("lower", 10.01)])
def test_a_value_on_the_wrong_side_of_its_goal_is_short(better: Better, value: float) -> None:
    outcome = Outcome(figure=figure(better), value=value)
    assert outcome.short
    assert outcome.line().endswith(" short")


def test_a_line_gives_name_value_unit_goal_and_verdict() -> None:
    assert Outcome(figure=figure("higher"), value=12.5).line() == "speed 12.5 m/s ≥10 ok"


def test_a_figure_that_could_not_be_taken_is_not_short_and_says_why() -> None:
    outcome = Outcome(figure=figure("higher"), skipped="needs a JDK ≥ 17 and Maven")
    assert not outcome.short
    assert outcome.line() == "speed skipped: needs a JDK ≥ 17 and Maven"


def test_no_two_figures_share_a_name() -> None:
    names = [each.name for each in FIGURES]
    assert len(names) == len(set(names)) > 0
