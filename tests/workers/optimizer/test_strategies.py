"""Each strategy of a plan, from what was reported to the hours it asks for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from engine import patterns
from engine.plans import STRATEGIES
from engine.strategies import REGISTRY
from schemas import Actuator, Budget, HoldReason, Kind, MetricsEvent, Recommendation
from schemas.fields import BudgetPeriod
from tests.workers.optimizer.world import KEY, World, a_plan, an_event
from workers.optimizer.tables import pattern_key

NAMES = [STRATEGIES[code] for code in REGISTRY]
DAY = 24


def reports(days: range, busy: range = range(0), currency: str = "EUR") -> list[MetricsEvent]:
    """Return days that convert best at 10 and 18 o'clock, and twice as well on ``busy`` ones."""
    return [
        an_event(
            DAY * day + hour,
            clicks=40 + 2 * hour,
            currency=currency,
            conversions=Decimal((8 if hour in (10, 18) else 2) * (2 if day in busy else 1)),
        )
        for day in days
        for hour in range(DAY)
    ]


def told(events: list[MetricsEvent], **plan: Any) -> Recommendation:  # noqa: ANN401 -- fields of a plan
    """Return the decision of the hour after the last report, by a campaign that sets budgets."""
    world = World()
    world.plan(a_plan(**plan, actuator=Actuator.BUDGET))
    world.metrics(*events)
    return world.advice[-1]


def today(**plan: Any) -> Decimal:  # noqa: ANN401 -- fields of a plan
    """Return what 2 April gets of 3,000 a month, where 20 to 25 March converted twice as well."""
    budget = Budget(amount=Decimal(3_000), period=BudgetPeriod.MONTH)
    advice = told(reports(range(31), range(18, 24)), budget=budget, **plan)
    assert advice.kind is Kind.PACING
    return sum(advice.hour_plan, Decimal(0))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("currency", ["JPY", "EUR", "KWD"])
def test_a_plan_of_every_strategy_gets_hours_that_sum_to_its_day(name: str, currency: str) -> None:
    budget = Budget(amount=Decimal(241), period=BudgetPeriod.DAY)
    events = reports(range(3), currency=currency)
    advice = told(events, strategy=name, budget=budget, currency=currency)
    assert advice.kind is Kind.PACING
    assert len(advice.hour_plan) == DAY
    assert sum(advice.hour_plan) == 241
    assert advice.recommended_value == advice.hour_plan[0]


def test_every_strategy_but_even_holds_for_want_of_data() -> None:
    for name in STRATEGIES:
        advice = told(reports(range(1))[:1], strategy=name)
        wanted = None if name == "even" else HoldReason.TOO_LITTLE_DATA
        assert advice.hold_reason is wanted


def test_campaigns_of_all_strategies_are_decided_together_as_each_is_alone() -> None:
    budget = Budget(amount=Decimal(3_000), period=BudgetPeriod.MONTH)
    events = reports(range(4), range(1, 2))
    together = World()
    for name in STRATEGIES:
        together.plan(
            a_plan(campaign_id=name, strategy=name, budget=budget, actuator=Actuator.BUDGET)
        )
    together.metrics(*(replace(each, campaign_id=name) for each in events for name in STRATEGIES))
    for name in STRATEGIES:
        (*_, made) = (each for each in together.advice if each.campaign_id == name)
        alone = told(events, strategy=name, budget=budget)
        assert made.hour == alone.hour
        assert (made.kind, made.hour_plan) == (alone.kind, alone.hour_plan)
        # What was expected by now goes by the dates that have been.
        assert made.pacing_index == alone.pacing_index


def test_front_loading_has_spent_more_by_every_hour_of_the_day_than_dayparting() -> None:
    events = reports(range(14))
    plans = [told(events, strategy=name).hour_plan for name in ("front_loading", "dayparting")]
    for hour in range(1, DAY):
        early, usual = (sum(plan[:hour]) for plan in plans)
        assert early > usual
    assert sum(plans[0]) == sum(plans[1])


def test_performance_based_asks_more_of_the_hours_whose_clicks_convert() -> None:
    events = reports(range(14))
    efficient, usual = (
        told(events, strategy=name).hour_plan for name in ("performance_based", "dayparting")
    )
    # 10 o'clock has fewer clicks than 18 o'clock for as many conversions.
    assert efficient[10] > usual[10]
    assert efficient[10] / efficient[18] > usual[10] / usual[18]
    assert efficient[20] < usual[20]


def test_a_conversion_pattern_keeps_money_of_a_month_for_the_dates_that_convert() -> None:
    usual, dated = today(strategy="dayparting"), today(strategy="conversion_pattern")
    assert dated < usual
    # Six of thirty days are worth at most twice the others.
    assert dated > usual * 30 / 36


def test_weights_of_the_plans_own_take_the_place_of_dates_as_well() -> None:
    own = {"custom_weights": (1.0,) * DAY}
    assert today(strategy="conversion_pattern", **own) == today(strategy="even")


def test_factors_of_the_plans_own_leave_dates_as_they_are() -> None:
    factors = {"dayparting": ((1.0,) * DAY,) * 7}
    assert today(strategy="conversion_pattern", **factors) == today(strategy="conversion_pattern")


def test_a_pattern_of_the_first_format_is_read_and_has_dates_from_the_next_day_on() -> None:
    world, straight = World(), World()
    for each in (world, straight):
        each.plan(strategy="conversion_pattern")
        each.metrics(*reports(range(2)))
    table = world.tables["metrics"]
    stored = patterns.unpack([table[pattern_key(KEY)]])
    week = stored[list(patterns.WEEK.names or ())].astype(patterns.WEEK)
    week["format"] = 1
    table[pattern_key(KEY)] = week.tobytes()
    for each in (world, straight):
        each.metrics(*reports(range(2, 41)), an_event(24 * 3, clicks=7, conversions=Decimal(9)))
        assert each.advice[-1].kind is Kind.PACING
    one, other = (
        patterns.unpack([w.tables["metrics"][pattern_key(KEY)]]) for w in (world, straight)
    )
    # The days of before have been forgotten since, with or without dates.
    assert one["dated_from"][0] > 0 == other["dated_from"][0]
    one = one.copy()
    one["dated_from"] = 0
    assert one.tobytes() == other.tobytes()
    assert one["date_hours"].sum() == 2 * one["hours"].sum()
