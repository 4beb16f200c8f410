"""The guard rails: each alone, and the hard cap above them all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.arrays import Ints
from engine.in_force import current_value
from engine.plans import ACTUATORS, AUTONOMIES, UNLIMITED, autonomy_for
from engine.policy import BLOCKED, CLAMPED, GUARDRAILS, PASSED, Lever, Ruling, changes_today, rule
from engine.situation import Situation
from tests.engine.situations import MONDAY, One, situations

quick = settings(max_examples=60, deadline=None)
HOUR = 3_600
NOW = MONDAY + HOUR
amounts = st.integers(0, 10**12)
FREE = {"known": 1, "value": (10, 0)}
"""10.00 euros an hour are in force, since ever."""


def hourly_budget(situation: Situation, wanted: Ints, hard_cap: Ints) -> Lever:
    known, current = current_value(situation.in_force, situation.plans)
    alone = np.zeros(len(wanted), dtype=np.bool_)
    most = np.full(len(wanted), UNLIMITED)
    return Lever(
        wanted=wanted,
        known=known,
        current=current,
        hard_cap=hard_cap,
        most=most,
        beside=alone,
        autonomy=autonomy_for(situation.plans, alone),
    )


def ruled(
    wanted: int = 1_200,
    hard_cap: int = 10_000,
    sure: float = 1.0,
    **one: Any,  # noqa: ANN401 -- fields of a campaign alone
) -> Ruling:
    given_ = {"force": FREE, **one}
    situation = One(**given_).situation()
    lever = hourly_budget(situation, np.array([wanted]), np.array([hard_cap]))
    return rule(situation, lever, np.array([sure]))


def marked(ruling: Ruling) -> dict[str, int]:
    """Return the guard rails that did not simply pass."""
    statuses = dict(zip(GUARDRAILS, ruling.statuses[0].tolist(), strict=True))
    return {name: status for name, status in statuses.items() if status != PASSED}


def changed(*times: int) -> dict[str, Any]:
    return {**FREE, "changed": (*times, *[0] * (25 - len(times)))}


BROKEN: dict[str, tuple[dict[str, Any], int, int]] = {
    # What breaks each guard rail alone, what becomes of it, and the value that is left of 12.00.
    "max_change_pct": ({"plan": {"max_change": 0.1}}, CLAMPED, 1_100),
    "hard_cap": ({"hard_cap": 1_150}, CLAMPED, 1_150),
    "cooldown_minutes": (
        {"plan": {"cooldown": 1_800}, "force": changed(NOW - 1_799)},
        BLOCKED,
        1_200,
    ),
    "max_changes_per_day": (
        {"plan": {"max_changes": 2}, "force": changed(NOW - 60, MONDAY)},
        BLOCKED,
        1_200,
    ),
    "min_confidence": ({"plan": {"min_confidence": 0.7}, "sure": 0.69}, BLOCKED, 1_200),
    "protected": ({"plan": {"protected": 1}}, BLOCKED, 1_200),
    "consistent_counts": ({"campaign": {"day_counts": (10, 11, 0)}}, BLOCKED, 1_200),
    "actuator": ({"plan": {"actuator": ACTUATORS.index("bid")}}, BLOCKED, 1_200),
}


def test_every_guard_rail_is_broken_here_and_none_where_all_is_well() -> None:
    assert tuple(BROKEN) == GUARDRAILS
    ruling = ruled()
    assert marked(ruling) == {}
    assert (ruling.value.tolist(), ruling.release.tolist()) == ([1_200], [True])


@pytest.mark.parametrize("name", GUARDRAILS)
def test_each_guard_rail_alone_clamps_or_blocks_as_it_says(name: str) -> None:
    one, status, value = BROKEN[name]
    ruling = ruled(**one)
    assert marked(ruling) == {name: status}
    assert ruling.value.tolist() == [value]
    assert ruling.release.tolist() == [status == CLAMPED]


@pytest.mark.parametrize(
    "one",
    [
        {"plan": {"cooldown": 1_800}, "force": changed(NOW - 1_800)},
        # Two changes, of which one was made before midnight.
        {"plan": {"max_changes": 2}, "force": changed(NOW - 60, MONDAY - 1)},
        {"plan": {"min_confidence": 0.7}, "sure": 0.7},
        {"plan": {"max_change": 0.2}},
        {"hard_cap": 1_200},
        {"campaign": {"day_counts": (10, 10, 0)}},
    ],
)
def test_what_lies_on_the_border_passes(one: dict[str, Any]) -> None:
    assert marked(ruled(**one)) == {}


@pytest.mark.parametrize("name", [each for each in GUARDRAILS if each != "hard_cap"])
def test_a_value_above_the_hard_cap_is_lowered_in_spite_of_what_only_slows_changes(
    name: str,
) -> None:
    one, _, _ = BROKEN[name]
    ruling = ruled(**{**one, "hard_cap": 999})
    assert ruling.value.tolist() == [999]
    held = {"protected", "actuator"}
    assert marked(ruling).keys() - {"hard_cap", "max_change_pct"} == {name} & held
    assert ruling.release.tolist() == [name not in held]


@pytest.mark.parametrize(
    ("autonomy", "wanted", "released"),
    [
        ("auto", 1_200, True),
        ("auto", 1_000, False),
        ("propose", 1_200, False),
        ("observe", 1_200, False),
    ],
)
def test_only_a_change_that_the_plan_leaves_to_us_is_released(
    autonomy: str, wanted: int, *, released: bool
) -> None:
    ruling = ruled(wanted, plan={"autonomy": AUTONOMIES.index(autonomy)})
    assert ruling.release.tolist() == [released]


def test_the_first_value_is_a_change_of_any_size() -> None:
    ruling = ruled(plan={"max_change": 0.01}, force={"known": 0})
    assert (ruling.value.tolist(), ruling.release.tolist()) == ([1_200], [True])
    none = ruled(wanted=0, force={"known": 0})
    assert (none.value.tolist(), none.release.tolist()) == ([0], [True])
    nothing = ruled(plan={"max_change": 0.01}, force={"known": 1, "value": (0, 0)})
    assert (nothing.value.tolist(), marked(nothing)) == ([1_200], {})


@pytest.mark.parametrize(
    ("wanted", "fraction", "value"),
    # A step of a third of 10.01 is 3.3366...: inwards, to 3.33.
    [(9_999, 1 / 3, 1_334), (0, 1 / 3, 668), (1_001, 1 / 3, 1_001), (0, 1.0, 0), (0, 5.0, 0)],
)
def test_a_change_is_at_most_its_fraction_rounded_inwards(
    wanted: int, fraction: float, value: int
) -> None:
    force = {"known": 1, "value": (10, 10**16)}
    assert ruled(wanted, plan={"max_change": fraction}, force=force).value.tolist() == [value]


@given(situations(), st.data())
@quick
def test_no_rule_raises_a_value_above_the_hard_cap_or_moves_it_further_than_was_wanted(
    situation: Situation, data: st.DataObject
) -> None:
    count = len(situation.plans)
    wanted, cap = (np.array([data.draw(amounts) for _ in range(count)]) for _ in range(2))
    sure = np.array([data.draw(st.floats(0.0, 1.0)) for _ in range(count)])
    ruling = rule(situation, hourly_budget(situation, wanted, cap), sure)
    known, current = current_value(situation.in_force, situation.plans)
    assert (ruling.value <= cap).all()
    assert (ruling.value >= 0).all()
    assert (ruling.value <= np.where(known, np.maximum(wanted, current), wanted)).all()
    assert (
        ruling.value >= np.minimum(np.minimum(wanted, cap), np.where(known, current, cap))
    ).all()
    assert not (ruling.release & (situation.plans["autonomy"] != 2)).any()
    assert not (ruling.release & (ruling.statuses == BLOCKED).any(axis=1)).any()


@pytest.mark.parametrize(
    ("zone", "count"),
    # Changes at 12:00, 18:14, 18:15 and 23:00 UTC, counted at 23:30 UTC of the same day.
    [("UTC", 4), ("Asia/Kathmandu", 2), ("Asia/Kolkata", 1), ("America/New_York", 4)],
)
def test_changes_are_counted_by_the_local_day_of_the_clock(zone: str, count: int) -> None:
    times = [MONDAY + HOUR * 12 + part for part in (0, 22_440, 22_500, 39_600)]
    one = One(force=changed(*reversed(times)), zone=zone, now=MONDAY + 23 * HOUR + 1_800)
    assert changes_today(one.situation()).tolist() == [count]


@pytest.mark.parametrize(
    ("force", "known", "value"),
    [
        ({"known": 0, "value": (7, 0)}, False, 0),
        ({"known": 1, "value": (7, 0)}, True, 700),
        ({"known": 1, "value": (7, 1)}, True, 701),
        ({"known": 1, "value": (7, 0), "currency": b"JPY"}, False, 0),
    ],
)
def test_a_value_in_force_is_known_in_the_plans_currency_alone_and_rounded_up(
    force: dict[str, Any], value: int, *, known: bool
) -> None:
    situation = One(force=force).situation()
    found = current_value(situation.in_force, situation.plans)
    assert [each.tolist() for each in found] == [[known], [value]]


def test_a_plan_without_limits_is_limited_by_what_may_be_spent_alone() -> None:
    ruling = ruled(wanted=UNLIMITED, hard_cap=5, plan={"max_change": 10.0}, force={"known": 0})
    assert (ruling.value.tolist(), marked(ruling)) == ([5], {"hard_cap": CLAMPED})
