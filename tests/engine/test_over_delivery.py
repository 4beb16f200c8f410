"""A hard cap holds for the most that a platform may make of a daily budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from math import ceil
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.over_delivery import (
    LARGEST,
    Delivered,
    Rest,
    days_after,
    highest_daily,
    worst_case,
)
from engine.plans import UNLIMITED
from engine.platform_rules import NO_LIMIT, OF_DAYS, PLAIN, RULES, Rule, rules_of
from schemas.money import to_minor

quick = settings(max_examples=150, deadline=None)
names = st.sampled_from([*RULES, "somewhere"])
money = st.integers(0, 20_000) | st.integers(0, 10**14)


def one(**given_: int) -> Delivered:
    """Return a campaign on the 11th of a month of 30 days, two days before its week ends."""
    usual = {
        **dict.fromkeys(("highest_today", "today", "week", "month", "week_before"), 0),
        **dict.fromkeys(("month_before", "week_days", "month_days"), 0),
        "week_left": 2,
        "month_left": 19,
        "month_length": 30,
    }
    return Delivered(**{name: np.array([value]) for name, value in {**usual, **given_}.items()})


def rest(day: int, week: int = UNLIMITED, month: int = UNLIMITED) -> Rest:
    return Rest(day=np.array([day]), week=np.array([week]), month=np.array([month]))


def numbers(found: Rest) -> tuple[int, int, int]:
    return int(found.day[0]), int(found.week[0]), int(found.month[0])


@st.composite
def lives(draw: st.DrawFn) -> Delivered:
    """Return what a campaign was given and spent, on any day, with and without changes."""
    left = draw(st.integers(0, 6)), draw(st.integers(0, 30))
    length = draw(st.integers(max(28, left[1] + 1), 31))
    today = draw(money)
    week, month = today + draw(money), today + draw(money)
    changed = [draw(st.booleans()) for _ in left]
    return one(
        highest_today=draw(money),
        today=today,
        week=week,
        month=month,
        week_before=changed[0] * draw(st.integers(0, week)),
        month_before=changed[1] * draw(st.integers(0, month)),
        week_days=changed[0] * draw(st.integers(left[0] + 1, 7)),
        month_days=changed[1] * draw(st.integers(left[1] + 1, length)),
        week_left=left[0],
        month_left=left[1],
        month_length=length,
    )


def of(budget: int, hundredths: int) -> int:
    """Return a factor of a budget in whole minor units, rounded up, by exact decimals."""
    return ceil(Decimal(budget) * hundredths / 100)


def greedy(rule: Rule, daily: int, life: Delivered) -> tuple[int, int, int]:
    """Let the platform spend all it may, day after day, and add up by hand."""
    row: dict[str, int] = {each.name: int(getattr(life, each.name)[0]) for each in fields(life)}
    highest = max(row["highest_today"], daily)
    whole = 100 * row["month_length"] if rule.month == OF_DAYS else rule.month
    limits: dict[str, float] = {"week": float("inf"), "month": float("inf")}
    first: float = max(of(highest, rule.day) - row["today"], 0)
    for name, factor in (("week", rule.week), ("month", whole)):
        if factor == NO_LIMIT:
            continue
        first = min(first, max(of(highest, factor) - row[name], 0))
        limits[name] = of(daily, factor) - row[name]
        if row[f"{name}_days"]:
            each = ceil(rule.week / 7) if name == "week" else 100
            fresh = of(daily, each * row[f"{name}_days"])
            limits[name] = fresh - (row[name] - row[f"{name}_before"])
    sums = []
    for bounded, days in ((("week",), row["week_left"]), (("week", "month"), row["month_left"])):
        total = first
        left = {name: max(limits[name] - first, 0) for name in bounded}
        for day in range(1, days + 1):
            if (day - row["week_left"]) % 7 == 1 and day > row["week_left"]:
                left["week"] = of(daily, rule.week) if rule.week else float("inf")
            spent = min(of(daily, rule.day), *left.values())
            left = {name: has - spent for name, has in left.items()}
            total += spent
        sums.append(int(total))
    return int(first), sums[0], sums[1]


@given(names, money, lives())
@quick
def test_the_worst_case_is_what_a_platform_spends_that_takes_all_it_may_day_after_day(
    name: str, daily: int, life: Delivered
) -> None:
    rules = rules_of([name])
    assert numbers(worst_case(rules, np.array([daily]), life)) == greedy(rules[0], daily, life)


@given(names, lives(), money, money, money)
@quick
def test_a_cap_never_lets_the_worst_case_through_and_leaves_no_unit_that_it_need_not(
    name: str, life: Delivered, day: int, week: int, month: int
) -> None:
    rules, caps = rules_of([name]), rest(day, week, month)
    found, kept = highest_daily(rules, life, caps)
    changed = replace(
        life,
        week_before=life.week,
        month_before=life.month,
        week_days=life.week_left + 1,
        month_days=life.month_left + 1,
    )

    def breaks(daily: int) -> bool:
        cases = [greedy(rules[0], daily, each) for each in (life, changed)]
        return any(np.any(np.array(case) > np.array((day, week, month))) for case in cases)

    assert breaks(int(found[0])) is not bool(kept[0])
    assert breaks(int(found[0]) + 1)
    assert kept[0] or found[0] == 0


@given(names, money, st.integers(0, 10**6), lives())
@quick
def test_a_higher_budget_never_has_a_smaller_worst_case(
    name: str, daily: int, more: int, life: Delivered
) -> None:
    rules = rules_of([name])
    less = worst_case(rules, np.array([daily]), life)
    assert less.within(worst_case(rules, np.array([daily + more]), life)).all()


@given(st.lists(st.tuples(names, money, lives(), money), min_size=2, max_size=3))
@settings(max_examples=40, deadline=None)
def test_a_campaign_is_told_the_same_alone_and_in_any_batch(rows: list[Any]) -> None:
    rules = rules_of([name for name, *_ in rows])
    together = Delivered(
        **{
            each.name: np.concatenate([getattr(life, each.name) for _, _, life, _ in rows])
            for each in fields(Delivered)
        }
    )
    cap = np.array([left for *_, left in rows])
    endless = np.full(len(rows), UNLIMITED)
    found, kept = highest_daily(rules, together, Rest(day=cap, week=endless, month=endless))
    for i, (name, _, life, left) in enumerate(rows):
        alone, stays = highest_daily(rules_of([name]), life, rest(left))
        assert (found[i], kept[i]) == (alone[0], stays[0])


@pytest.mark.parametrize(
    ("platform", "day", "week", "month"),
    # 100.00 a day, nothing spent, 2 days of the week and 19 of the month (of 30) after today.
    [
        ("google", 20_000, 60_000, 304_000),
        ("meta", 17_500, 52_500, 52_500 + 2 * 70_000 + 3 * 17_500),
        ("linkedin", 15_000, 45_000, 300_000),
        ("microsoft", 20_000, 60_000, 300_000),
        ("tiktok", 12_500, 37_500, 250_000),
        ("amazon", 12_500, 37_500, 250_000),
        ("somewhere", 10_000, 30_000, 200_000),
    ],
)
def test_each_platform_goes_as_far_as_it_says(
    platform: str, day: int, week: int, month: int
) -> None:
    found = worst_case(rules_of([platform]), np.array([10_000]), one())
    assert numbers(found) == (day, week, month)


def test_on_a_change_day_the_highest_budget_that_was_set_counts() -> None:
    rules = rules_of(["google"])
    lowered = one(highest_today=10_000, today=4_000, week=4_000, month=40_000)
    assert worst_case(rules, np.array([1_000]), lowered).day.tolist() == [16_000]
    # No budget can call back what was allowed at noon: even nothing is too much for 100.00.
    found, kept = highest_daily(rules, lowered, rest(10_000))
    assert (found.tolist(), kept.tolist()) == ([0], [False])


def test_after_a_change_a_month_may_have_the_new_budget_on_each_day_that_it_still_has() -> None:
    # 500.00 were spent before the change four days ago, 80.00 since: 24 days at 20.00 are left.
    life = one(month=58_000, week=8_000, month_before=50_000, month_days=23)
    found = worst_case(rules_of(["google"]), np.array([2_000]), life)
    assert found.month.tolist() == [23 * 2_000 - 8_000]


@pytest.mark.parametrize(
    ("currency", "cap", "budget"), [("JPY", "1001", 500), ("EUR", "10.01", 500)]
)
def test_the_highest_budget_is_whole_minor_units_of_any_currency(
    currency: str, cap: str, budget: int
) -> None:
    left = to_minor(Decimal(cap), currency)
    found, kept = highest_daily(rules_of(["Google_Ads"]), one(), rest(left))
    assert (found.tolist(), kept.tolist()) == ([budget], [True])


def test_every_figure_says_where_and_when_it_was_read_and_an_unknown_platform_has_none() -> None:
    assert all(rule.source and rule.read for rule in RULES.values())
    assert rules_of(["elsewhere", "META", "facebook"]) == [PLAIN, RULES["meta"], RULES["meta"]]
    assert PLAIN.day == 100


def test_weeks_begin_where_the_platform_begins_them() -> None:
    # Saturday 2028-02-26: the last day of Meta's week, one before the last of others'.
    saturday = (date(2028, 2, 26) - date(1970, 1, 1)).days
    rules: Sequence[Rule] = rules_of(["meta", "google"])
    found = days_after(rules, np.array([saturday, saturday]))
    assert [each.tolist() for each in found] == [[0, 1], [3, 3], [29, 29]]


def test_a_budget_beyond_all_plans_is_refused() -> None:
    for daily in (-1, LARGEST + 1):
        with pytest.raises(EngineError, match="daily budgets"):
            worst_case([PLAIN], np.array([daily]), one())
