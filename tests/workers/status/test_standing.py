"""How campaigns stand: each number against one that is reckoned otherwise."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import Budget, BudgetPeriod, HoldReason, Kind, MetricsEvent, MoneyRange
from schemas.plan import Days
from tests.workers.report.told import a_hold, a_plan, advice, an_hour, at
from tests.workers.status.books import a_book, all_of, only
from workers.status.cells import cost_told
from workers.status.sentences import standing
from workers.status.standing import campaigns_of, totals_of

ZONES = ("UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kathmandu")


def hours(count: int, spend: str = "10", first: int = 0, **fields: Any) -> list[MetricsEvent]:  # noqa: ANN401 -- fields of a record
    return [an_hour(first + n, spend, **fields) for n in range(count)]


def a_budget(amount: int, period: BudgetPeriod) -> Budget:
    return Budget(amount=Decimal(amount), period=period)


@given(st.sampled_from(ZONES), st.integers(1, 1_200), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_what_is_spent_is_the_sum_of_the_hours_since_the_day_the_week_and_the_month_began(
    zone: str, count: int, seed: int
) -> None:
    events = [an_hour(n, str((n * 7 + seed) % 23)) for n in range(count)]
    found = only(a_book(events, plans=[a_plan(timezone=zone)]))

    now = at(count).astimezone(ZoneInfo(zone))
    day = datetime(now.year, now.month, now.day, tzinfo=ZoneInfo(zone))
    week = day - timedelta(days=day.weekday())
    for use, begun in ((found.day, day), (found.week, week), (found.month, day.replace(day=1))):
        since = [float(each.spend) for each in events if each.window_start >= begun]
        assert use.spent == pytest.approx(sum(since))


@pytest.mark.parametrize(
    ("fields", "day", "week", "month"),
    [
        ({}, 240.0, 7 * 240.0, 31 * 240.0),
        ({"flight_start": date(2026, 3, 4), "flight_end": date(2026, 3, 10)}, *(240, 1_200, 1_680)),
        (
            {
                "flight_start": date(2026, 3, 1),
                "flight_end": date(2026, 3, 31),
                "flight_gaps": (Days(first=date(2026, 3, 7), last=date(2026, 3, 9)),),
            },
            *(240.0, 5 * 240.0, 28 * 240.0),
        ),
        ({"budget": a_budget(700, BudgetPeriod.WEEK)}, None, 700.0, None),
        ({"budget": a_budget(700, BudgetPeriod.WEEK), "daily_cap": Decimal(150)}, 150, 700, None),
        ({"budget": a_budget(3_100, BudgetPeriod.MONTH)}, None, None, 3_100.0),
    ],
)
def test_a_daily_budget_makes_a_week_and_a_month_of_the_days_that_it_runs_on(
    fields: dict[str, Any], day: float | None, week: float | None, month: float | None
) -> None:
    found = only(a_book(hours(50, first=24), plans=[a_plan(**fields)]))  # to Thursday 2:00
    assert (found.day.budget, found.week.budget, found.month.budget) == (day, week, month)
    for use in (found.day, found.week, found.month):
        if use.budget is not None:
            assert use.share == pytest.approx(use.spent / use.budget)


def test_a_day_of_a_longer_budget_has_what_was_spent_and_what_was_laid_out_for_its_rest() -> None:
    plan = a_plan(budget=a_budget(700, BudgetPeriod.WEEK))
    found = only(a_book(hours(6), plans=[plan], recommendations=[advice(6)]))
    assert found.day.budget == pytest.approx(6 * 10 + 18 * 10)


def test_a_flight_has_its_budget_and_the_month_its_spend() -> None:
    plan = a_plan(
        budget=a_budget(900, BudgetPeriod.FLIGHT),
        flight_start=date(2026, 2, 25),
        flight_end=date(2026, 3, 20),
    )
    found = only(a_book(hours(30, first=-26), plans=[plan]))
    assert found.flight is not None
    assert (found.flight.spent, found.flight.budget, found.month.spent) == (300.0, 900.0, 280.0)
    assert found.own == found.flight


def test_pace_and_projection_are_those_of_the_last_decision_about_the_present_period() -> None:
    told = [
        advice(6, pacing_index=1.4, exhaustion_risk=0.9),
        advice(7, pacing_index=1.1, exhaustion_risk=0.6),
    ]
    now = only(a_book(hours(7), plans=[a_plan()], recommendations=told))
    assert (now.ahead.pace, now.ahead.exhaustion) == (1.1, 0.6)
    assert (now.ahead.p10, now.ahead.p50, now.ahead.p90) == (230.0, 240.0, 250.0)

    day_after = only(a_book(hours(25), plans=[a_plan()], recommendations=told))
    assert day_after.ahead.p50 is None
    assert day_after.day.spent == 10.0


@pytest.mark.parametrize(
    ("platform", "day", "week", "month"),
    [
        ("google", 200, 200, 3_040),  # twice a day, 30.4 times a month
        ("meta", 175, 700, 4 * 700 + 3 * 175),  # 7 times a week, which begins on Sunday
        ("linkedin", 150, 150, 31 * 150),
        ("some other", 100, 100, 31 * 100),
    ],
)
def test_at_worst_a_platform_spends_what_its_rules_let_it(
    platform: str, day: float, week: float, month: float
) -> None:
    plan = a_plan(budget=a_budget(100, BudgetPeriod.DAY), platform=platform)
    sunday = -24  # 1 March 2026: the last day of a week from Monday, the first of the month
    worst = only(a_book([an_hour(sunday, "0", platform=platform)], plans=[plan])).worst
    assert worst is not None
    assert (worst.day, worst.week, worst.month) == (day, week, month)


def test_what_was_spent_before_a_budget_was_changed_stays_beside_the_worst_of_the_new_one() -> None:
    before = hours(24, "5", first=-24, daily_budget=Decimal(100))
    after = hours(2, "10", first=0, daily_budget=Decimal(50))
    worst = only(a_book([*before, *after], plans=[a_plan()])).worst
    assert worst is not None
    # From the change on March has 30 days (the change is on the second): 30 times the new budget.
    assert (worst.day, worst.month) == (100.0, 24 * 5 + 30 * 50.0)


def test_a_budget_that_a_report_names_is_asked_about_and_not_the_plans() -> None:
    events = [*hours(3), an_hour(3, "0", daily_budget=Decimal(50))]
    found = only(a_book(events, plans=[a_plan()]))
    assert found.worst is not None
    assert (found.worst.daily_budget, found.worst.day) == (50.0, 100.0)


def test_amounts_of_different_currencies_are_never_added_and_those_of_one_are() -> None:
    names = {"a": "EUR", "b": "EUR", "c": "JPY"}
    events = [
        event
        for number, (name, currency) in enumerate(names.items())
        for event in hours(5, str(number + 1), campaign_id=name, currency=currency)
    ]
    plans = [a_plan(campaign_id=name, currency=code) for name, code in names.items()]
    book = a_book(events, plans=plans)
    keys = list(book.campaigns)
    euros, yen = totals_of(book, keys, all_of(book))
    assert (euros.currency, euros.campaigns, yen.currency, yen.campaigns) == ("EUR", 2, "JPY", 1)
    assert (euros.day.spent, euros.day.budget) == (5 + 10, 480.0)
    assert (yen.day.spent, yen.day.budget) == (15.0, 240.0)
    assert euros.brought.cpa.middle == pytest.approx(15 / 20)
    assert euros.worst_day == pytest.approx(2 * 480.0)


def test_a_total_has_a_budget_only_if_each_of_its_campaigns_has_one() -> None:
    book = a_book([*hours(3), *hours(3, campaign_id="b")], plans=[a_plan()])
    (total,) = totals_of(book, list(book.campaigns), all_of(book))
    assert (total.day.spent, total.day.budget, total.worst_day) == (60.0, None, None)


def test_how_a_campaign_stands_does_not_depend_on_those_of_other_platforms() -> None:
    alone = only(a_book(hours(40), plans=[a_plan()], recommendations=[advice(40)]))
    late = [
        an_hour(hour, "9", platform="meta", conversions=Decimal(told), emitted_at=at(hour + told))
        for hour in range(60)
        for told in (1, 9)
    ]
    both = a_book(
        [*hours(40), *late],
        plans=[a_plan(), a_plan(platform="meta")],
        recommendations=[advice(40)],
    )
    assert next(each for each in all_of(both) if each.campaign == alone.campaign) == alone


def test_how_a_campaign_stands_does_not_depend_on_which_others_are_asked_about() -> None:
    events = []
    for name, grown in (("a", 2), ("b", 6)):
        for now in range(100):
            for age in range(min(now + 1, 50)):
                told = at(now + 1)
                won = Decimal(2 + min(age, 10) * grown)
                events.append(
                    an_hour(now - age, conversions=won, campaign_id=name, emitted_at=told)
                )
    book = a_book(events)
    one, other = book.campaigns
    assert campaigns_of(book, [one])[0] in (both := campaigns_of(book, [other, one]))
    assert len(both) == 2


@pytest.mark.parametrize("seed", range(8))
def test_the_order_in_which_partitions_are_read_changes_nothing_not_even_the_last_digit(
    seed: int,
) -> None:
    """What campaigns teach each other of delays is a sum of floats, which depends on its order."""
    drawn = Random(seed)
    restated = [
        [
            an_hour(
                hour,
                conversions=Decimal(drawn.randint(1, 10**4)) / 10_000,
                campaign_id=f"c{number}",
                emitted_at=at(hour + told),
            )
            for hour in range(20)
            for told in (1, 3, 9)
        ]
        for number in range(20)
    ]
    forth = a_book([each for some in restated for each in some])
    back = a_book([each for some in reversed(restated) for each in some])
    keys = list(forth.campaigns)
    one, other = (book.lateness.maturity(keys).logs for book in (forth, back))
    assert (one == other).all()
    assert campaigns_of(back, keys) == campaigns_of(forth, keys)


def test_how_the_log_is_cut_into_batches_changes_nothing() -> None:
    events = [*hours(30), an_hour(3, "25"), an_hour(7, "1")]
    told = [advice(n) for n in range(20, 31)]
    whole = only(a_book(events, plans=[a_plan()], recommendations=told))
    assert only(a_book(events, plans=[a_plan()], recommendations=told, cut=1)) == whole


def test_conversions_that_are_still_to_be_reported_are_counted_in() -> None:
    """Half of an hour's conversions is told with it, the rest within the two days after it."""
    events = []
    for now in range(24 * 12):
        for age in range(min(now + 1, 60)):
            share = 0.5 + 0.5 * min(age / 48, 1.0)
            done = Decimal(round(20 * share, 4)).quantize(Decimal("0.0001"))
            emitted = at(now + 1)
            events.append(an_hour(now - age, conversions=done, emitted_at=emitted))
    found = only(a_book(events, plans=[a_plan()]))
    told = sum(20 * (0.5 + 0.5 * min(age / 48, 1.0)) for age in range(168))
    assert told < 0.93 * 20 * 168
    assert found.brought.conversions == pytest.approx(20 * 168, rel=0.02)
    assert found.brought.cpa.middle == pytest.approx(10 / 20, rel=0.02)
    assert found.brought.conversions_told == pytest.approx(told, abs=0.02)
    assert found.brought.revenue_told == pytest.approx(40 * 168)
    assert found.brought.revenue > 1.05 * found.brought.revenue_told
    # What is shown beside what is expected: the cost of a conversion by what is told so far.
    assert cost_told(found) == f"{1680 / told:.2f}"
    (line,) = (each for each in standing(found) if "Told so far" in each)
    assert round(told, 1) == 3115.0
    assert f"Told so far: 3,115 of these {found.brought.conversions:,.1f}, worth" in line


def test_what_is_told_in_full_is_said_once() -> None:
    found = only(a_book(hours(80), plans=[a_plan()]))
    assert found.brought.conversions_told == found.brought.conversions
    assert found.brought.revenue_told == found.brought.revenue
    assert cost_told(found) == ""
    assert not any("Told so far" in each for each in standing(found))


def test_a_target_of_revenue_is_met_as_far_as_revenue_per_cost_says() -> None:
    plan = a_plan(target_roas=5.0)
    found = only(a_book(hours(80), plans=[plan]))  # 40 of revenue for 10
    assert found.brought.roas.middle == pytest.approx(4.0)
    assert found.brought.efficiency == pytest.approx(4.0 / 5.0)
    assert found.wants_revenue
    assert "target_missed" in found.risks


def test_the_most_urgent_come_first_and_a_total_is_as_urgent_as_the_worst_of_its_own() -> None:
    def told(name: str, **fields: Any) -> Any:  # noqa: ANN401
        return advice(6, campaign_id=name, recommendation_id=name * 32, **fields)

    names = "abcd"
    low = MoneyRange(p10=Decimal(100), p50=Decimal(150), p90=Decimal(200))
    book = a_book(
        [event for name in names for event in hours(6, campaign_id=name)]
        + [an_hour(5, "999", campaign_id="d")],
        plans=[a_plan(campaign_id=name) for name in names],
        recommendations=[
            told("a"),
            told("b", projected_spend=low),
            told("c", exhaustion_risk=0.97, exhausts_at=at(15)),
            told("d"),
        ],
    )
    every = all_of(book)
    assert [(each.campaign[-1], each.risk) for each in every] == [
        *(("d", "critical"), ("c", "high"), ("b", "medium"), ("a", "low"))
    ]
    (total,) = totals_of(book, list(book.campaigns), every)
    assert total.risk == "critical"


def test_a_hold_is_told_with_its_beginning_and_what_to_do_until_something_else_is_decided() -> None:
    told = [advice(4), *(a_hold(n, HoldReason.STALE_DATA) for n in (5, 6, 7))]
    found = only(a_book(hours(5), plans=[a_plan()], recommendations=told))
    assert found.hold is not None
    assert (found.hold.reason, found.hold.since) == ("stale_data", at(5))
    assert "publisher" in found.hold.remedy
    assert found.risk == "high"
    assert (found.as_of, found.reported_until) == (at(7), at(5))

    on_again = only(a_book(hours(8), plans=[a_plan()], recommendations=[*told, advice(8)]))
    assert on_again.hold is None


def test_what_a_group_shares_out_or_a_bid_is_no_word_on_the_campaigns_hours() -> None:
    told = [advice(3)]
    shared = [
        a_hold(4, HoldReason.WITHIN_BAND, field="daily_budget"),
        advice(4, field="daily_budget", recommendation_id="f" * 32),
        advice(4, field="bid", kind=Kind.BID, recommendation_id="e" * 32),
    ]
    plain, beside = (
        a_book(hours(4), plans=[a_plan()], recommendations=each) for each in (told, told + shared)
    )
    assert only(beside) == only(plain)
    assert beside.decided.holds == {}
    assert beside.decided.decisions == plain.decided.decisions


def test_a_plan_that_was_deleted_sets_no_budget() -> None:
    gone = [advice(4), a_hold(5, HoldReason.NO_PLAN)]
    found = only(a_book(hours(5), plans=[a_plan()], recommendations=gone))
    assert (found.period, found.day.budget, found.day.spent) == (None, None, 50.0)


def test_a_campaign_without_plan_or_decision_is_told_as_far_as_its_reports_go() -> None:
    found = only(a_book(hours(5)))
    assert (found.period, found.day.spent, found.day.budget, found.worst) == (
        None,
        50.0,
        None,
        None,
    )
    assert (found.ahead.p50, found.hold, found.risk) == (None, None, "low")
