"""The lines of the pace chart, against sums made by hand."""

from dataclasses import replace
from decimal import Decimal
from itertools import accumulate

import numpy as np
import pytest

from schemas import BudgetPeriod, Recommendation
from tests.workers.report.told import DAY, HOUR, KEY, MONDAY, advice, an_hour
from workers.report.decisions import Decided
from workers.report.delivered import Delivered
from workers.report.over_delivery import worst_case
from workers.report.pace import Line, Pace, Story, pace_of, pieces_of
from workers.report.periods import Terms
from workers.report.totals import Stretch

TERMS = Terms(currency="EUR", budget=240.0)
SPEND = [n % 7 for n in range(30)]
"""Of each hour: a day, and six hours of the next."""


def chart(*advices: Recommendation, terms: Terms = TERMS) -> Pace:
    delivered = Delivered()
    delivered.add(an_hour(n, str(spend)) for n, spend in enumerate(SPEND))
    decided = Decided(in_detail={KEY})
    decided.add(advices)
    story = Story(
        key=KEY,
        terms=terms,
        hours=delivered.hours(KEY),
        foreseen=decided.foreseen(KEY),
        decisions=decided.decisions.get(KEY, {}),
    )
    return pace_of(story, Stretch(start=MONDAY, end=MONDAY + len(SPEND) * HOUR))


def points(line: Line) -> dict[float, float]:
    """Return amounts by hours since the start; where two pieces meet, the later one's."""
    hours = (line.times / 1_000 - MONDAY) / HOUR
    known = ~np.isnan(line.amounts)
    return dict(zip(hours[known].tolist(), line.amounts[known].tolist(), strict=True))


def test_the_spend_adds_up_from_the_beginning_of_each_day() -> None:
    first, second = pieces_of(chart().actual)

    assert first.amounts.tolist() == [0, *accumulate(SPEND[:24])]
    assert second.amounts.tolist() == [0, *accumulate(SPEND[24:])]
    assert second.times[0] == 1_000.0 * (MONDAY + DAY)


def test_the_plan_is_what_the_first_decision_of_a_day_laid_out_upon_the_spend() -> None:
    plan = points(chart(advice(3), advice(4, hour_plan=(Decimal(99),))).plan)

    spent = sum(SPEND[:3])
    assert plan == {float(3 + n): spent + 10.0 * n for n in range(22)}


def test_the_target_is_the_spend_divided_by_its_pace_and_ends_at_the_budget() -> None:
    target = points(
        chart(
            advice(2, spend_to_date=Decimal(30), pacing_index=1.5),
            advice(3, spend_to_date=Decimal(40), pacing_index=0.8),
        ).target
    )

    assert target == pytest.approx({2.0: 20.0, 3.0: 50.0, 24.0: 240.0})


def test_the_target_of_a_day_that_still_runs_ends_at_what_is_known_of_it() -> None:
    target = points(chart(advice(26, spend_to_date=Decimal(12), pacing_index=1.2)).target)

    assert target == pytest.approx({26.0: 10.0})


def test_the_band_stands_where_it_was_foreseen_and_not_before_anything_was_known() -> None:
    found = chart(advice(0, pacing_index=None), advice(1), advice(25))

    assert points(found.low) == {1.0: 230.0, 25.0: 230.0}
    assert points(found.middle) == {1.0: 240.0, 25.0: 240.0}
    assert points(found.high) == {1.0: 250.0, 25.0: 250.0}
    assert len(pieces_of(found.low)) == 2


def test_the_budget_is_the_last_word_on_it_and_the_worst_case_the_platform_rule() -> None:
    found = chart(advice(1), advice(2, period_budget=Decimal(300)))

    monday, tuesday = pieces_of(found.budget)
    assert set(monday.amounts) == {300.0}
    assert set(tuesday.amounts) == {240.0}
    assert [set(piece.amounts) for piece in pieces_of(found.worst)] == [{600.0}, {480.0}]


@pytest.mark.parametrize(
    ("platform", "period", "factor"),
    [
        ("google", BudgetPeriod.DAY, 2.0),
        ("meta", BudgetPeriod.DAY, 1.75),
        ("linkedin", BudgetPeriod.DAY, 1.5),
        ("amazon", BudgetPeriod.DAY, 1.25),
        ("pinterest", BudgetPeriod.DAY, 1.0),
        ("meta", BudgetPeriod.WEEK, 1.0),
        ("linkedin", BudgetPeriod.WEEK, 1.5),
        ("google", BudgetPeriod.MONTH, 30.4 / 31),  # of a month of 31 days, no more than 30.4
    ],
)
def test_the_worst_case_is_that_of_the_platform_over_the_whole_period(
    platform: str, period: BudgetPeriod, factor: float
) -> None:
    delivered = Delivered()
    delivered.add([an_hour(0, platform=platform)])
    key = KEY._replace(platform=platform)
    story = Story(
        key=key,
        terms=replace(TERMS, period=period, budget=310.0),
        hours=delivered.hours(key),
        foreseen=[],
        decisions={},
    )
    worst = pace_of(story, Stretch(start=MONDAY, end=MONDAY + HOUR)).worst

    assert worst.amounts == pytest.approx([310.0 * factor] * 2)


@pytest.mark.parametrize(
    ("platform", "days", "factor"),
    [("meta", 5, 7.0), ("meta", 9, 7.0 + 3.5), ("google", 20, 30.4), ("pinterest", 9, 9.0)],
)
def test_some_days_cost_no_more_than_the_whole_span_that_the_platform_keeps_to(
    platform: str, days: int, factor: float
) -> None:
    assert worst_case(platform, 10.0, days) == pytest.approx(10.0 * factor)


def test_a_decision_stands_on_the_spend_line_in_its_own_unit_and_says_which_way_it_went() -> None:
    found = chart(
        advice(2, current_value=None),
        advice(
            3,
            field="bid_multiplier",
            unit="multiplier",
            recommended_value=Decimal("1.07"),
            current_value=Decimal("1.10"),
        ),
        advice(27),
    )

    assert [marker.amount for marker in found.markers] == [
        sum(SPEND[:2]),
        sum(SPEND[:3]),
        sum(SPEND[24:27]),
    ]
    assert [marker.decision.direction for marker in found.markers] == [0, -1, 1]
    assert found.markers[1].decision.unit == "multiplier"
    assert points(found.plan)[3.0] == pytest.approx(sum(SPEND[:2]) + 10.0)


def test_times_are_those_of_the_account() -> None:
    found = chart(advice(3), terms=replace(TERMS, timezone="Asia/Kolkata"))

    assert found.markers[0].time == 1_000.0 * (MONDAY + 3 * HOUR + 5.5 * HOUR)


def test_pieces_of_a_line_are_cut_at_its_gaps() -> None:
    line = Line(np.arange(6.0), np.array([1.0, 2.0, np.nan, 3.0, np.nan, 4.0]))

    assert [piece.amounts.tolist() for piece in pieces_of(line)] == [[1.0, 2.0], [3.0], [4.0]]
    assert [piece.times.tolist() for piece in pieces_of(line)] == [[0.0, 1.0], [3.0], [5.0]]
