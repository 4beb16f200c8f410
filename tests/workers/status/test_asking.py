"""Questions about one campaign: answers agree with what was published, and with the truth."""

from __future__ import annotations

import io
from decimal import Decimal
from functools import cache

import numpy as np
import pytest
from rich.console import Console

from engine import patterns
from engine.questions import which_days
from schemas import Budget, BudgetPeriod, CampaignKey, Recommendation, decode, topics
from tests.workers.explain.histories import Kept
from tests.workers.optimizer.world import KEY, NAMES, a_plan, an_event, hour
from tests.workers.report.told import an_entry
from tests.workers.status.books import a_book, only
from workers.status.answering import answers_of
from workers.status.answers import Answers
from workers.status.asking import Asked, ask
from workers.status.page import print_campaign

EVENING = range(18, 22)
DAYS = 8


def spend_of(number: int) -> Decimal:
    """Return what an hour spends: three times as much in the evening."""
    return Decimal(24 if number % 24 in EVENING else 8)


def a_budget(period: str) -> Budget:
    """Return 240 euros a day, or as much in a longer period."""
    days = {"day": 1, "week": 7, "month": 31}[period]
    return Budget(amount=Decimal(240 * days), period=BudgetPeriod(period))


@cache
def a_life(strategy: str, period: str = "day") -> Kept:
    """Live days whose evenings convert three times as well as other hours do."""
    world = Kept()
    world.plan(strategy=strategy, budget=a_budget(period))
    for number in range(24 * DAYS + 9):
        world.wall += 3_600_000
        won = Decimal(9 if number % 24 in EVENING else 3)
        world.metrics(an_event(number, spend=spend_of(number), conversions=won))
    return world


def advised(world: Kept) -> Recommendation:
    """Return what was published last."""
    return world.history().published[-1].advice


@cache
def asked_of(strategy: str, period: str = "day") -> Asked:
    world = a_life(strategy, period)
    history = world.history()
    found = ask(world.policy, history, len(history.published) - 1)
    assert found is not None
    return found


def answers(strategy: str, period: str = "day") -> Answers:
    """Return all answers, from the same records."""
    world = a_life(strategy, period)
    name = world.policy.topic(topics.METRICS)
    events = [decode(entry.record.value or b"", type(an_event(0))) for entry in world.log[name]]
    told = [each.advice for each in world.history().published]
    book = a_book(
        events,
        plans=[a_plan(strategy=strategy, budget=a_budget(period))],
        recommendations=told,
        audit=[an_entry(300)],
    )
    return answers_of(book, CampaignKey(**NAMES), only(book), asked_of(strategy, period))


@pytest.mark.parametrize("strategy", ["even", "dayparting", "adaptive"])
def test_the_split_of_today_is_what_the_optimizer_published(strategy: str) -> None:
    today, advice = asked_of(strategy).today, advised(a_life(strategy))
    amounts = today.split[0, : today.hours] / 10**today.exponent
    assert len(amounts) == len(advice.hour_plan) == 15
    assert amounts.sum() == pytest.approx(float(sum(advice.hour_plan)))
    assert amounts == pytest.approx(np.array(advice.hour_plan, dtype=float), abs=0.02)


def test_the_chance_that_a_daily_budget_is_used_up_is_what_was_published() -> None:
    found, advice = answers("adaptive"), advised(a_life("adaptive"))
    assert found.forecast is not None
    assert found.forecast.chance == found.status.ahead.exhaustion == advice.exhaustion_risk


def test_who_keeps_the_helping_cap_every_hour_spends_the_day_as_it_was_laid_out() -> None:
    found, advice = answers("adaptive"), advised(a_life("adaptive"))
    assert found.forecast is not None
    assert advice.hourly_cap is not None
    assert found.forecast.helping_cap == pytest.approx(float(advice.hour_plan[0]), abs=0.02)
    assert found.forecast.helping_cap <= float(advice.hourly_cap)


def test_of_hourly_budgets_the_helping_cap_is_the_next_hours_part_of_the_day() -> None:
    found, advice = answers("dayparting"), advised(a_life("dayparting"))
    assert found.forecast is not None
    assert found.forecast.helping_cap == pytest.approx(float(advice.hour_plan[0]), abs=0.02)
    assert found.forecast.chance == advice.exhaustion_risk
    monthly = answers("even", "month").forecast
    assert monthly is not None
    assert monthly.chance is None


def test_of_a_longer_budget_the_rest_of_today_is_asked_about_as_well() -> None:
    found, advice = answers("adaptive", "month"), advised(a_life("adaptive", "month"))
    assert found.forecast is not None
    assert found.forecast.chance is not None
    assert 0.0 <= found.forecast.chance <= 1.0
    assert found.forecast.helping_cap == pytest.approx(float(advice.hour_plan[0]), abs=0.02)
    assert found.status.period is BudgetPeriod.MONTH
    assert found.status.day.budget == pytest.approx(
        sum(float(spend_of(n)) for n in range(9)) + float(sum(advice.hour_plan))
    )


def test_no_multiplier_is_told_where_no_bids_are_set() -> None:
    assert asked_of("dayparting").bids is None
    lever = answers("dayparting").lever
    assert lever is not None
    assert (lever.field, lever.follows_from) == ("hourly_budget", None)


def test_the_strongest_hours_are_those_that_convert_best() -> None:
    learned = answers("dayparting").learned
    assert learned is not None
    assert {int(each.name[-5:-3]) for each in learned.hours} <= set(EVENING)
    counted = 9 / ((20 * 3 + 4 * 9) / 24)
    for each in learned.hours:  # drawn towards the mean as long as little is known
        assert 1.1 < each.times <= counted + 0.1
        assert 0.0 < each.trust < 1.0
    assert len({each.name for each in learned.days}) == 7


def test_the_strongest_weekday_is_the_one_whose_clicks_convert_best() -> None:
    rows = patterns.unpack([b""]).copy()
    rows["hours"], rows["clicks"], rows["conversions"] = 4, 400, 20_000_000
    rows["conversions"][0, 5 * 24 : 6 * 24] = 60_000_000  # Saturday
    found = which_days(patterns.estimate(rows, patterns.flat_prior(1)))
    assert found.best[0, 0] == 5
    assert 1.3 < found.times[0, 0] <= 3 / (9 / 7)
    assert sorted(found.best[0].tolist()) == list(range(7))
    assert found.times[0].mean() == pytest.approx(1.0, abs=0.01)


def test_the_hours_of_today_are_what_was_spent_and_then_what_is_planned() -> None:
    found, advice = answers("even"), advised(a_life("even"))
    assert [each.spent for each in found.hours[:9]] == [float(spend_of(n)) for n in range(9)]
    assert [each.planned for each in found.hours[9:]] == [*map(float, advice.hour_plan)]
    assert found.hours[0].start == hour(24 * DAYS)


def test_a_daily_budget_is_safe_if_the_worst_day_of_its_platform_keeps_the_plan() -> None:
    assert answers("even").safe_daily_budget == pytest.approx(240.0 / 2)  # Google: twice a day


def test_a_months_money_is_safe_at_its_part_of_each_day_that_is_left() -> None:
    found = answers("adaptive", "month")
    left = 31 * 240 - found.status.month.spent
    # Google holds the rest of a month, from a change on, to the new budget times its days: 22.
    assert found.safe_daily_budget == pytest.approx(left / 22, abs=0.01)


@pytest.mark.parametrize("strategy", ["even", "adaptive"])
@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_a_page_fits_the_terminal_and_answers_all_questions(strategy: str, width: int) -> None:
    file = io.StringIO()
    print_campaign(Console(file=file, width=width), answers(strategy))
    lines = file.getvalue().splitlines()
    assert max(map(len, lines)) <= min(width, 110)
    for heading in (
        "How it stands",
        "Today, hour by hour",
        "Is it at risk",
        "The next hours",
        "What was learned",
        "What is held",
        "What changed last",
    ):
        assert any(line.startswith(heading) for line in lines), heading
    assert any("Strongest hours" in line for line in lines)
    assert any("simulated" in line for line in lines)


def test_a_page_without_a_decision_says_so() -> None:
    book, file = a_book([an_event(0)], plans=[a_plan()]), io.StringIO()
    found = answers_of(book, CampaignKey(**NAMES), only(book), None)
    print_campaign(Console(file=file, width=80), found)
    for words in (
        "No decision about its present period",
        "Nothing is set for them",
        "Nothing: the audit trail",
    ):
        assert words in file.getvalue()
    assert KEY.decode() in file.getvalue()
