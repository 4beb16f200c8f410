"""Laws of what-if: what the log tells is learned, what it does not tell is said or refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from schemas import AuditEntry, AuditStatus, Budget, MetricsEvent, Mode
from schemas.fields import BudgetPeriod
from tests.workers.optimizer.world import NAMES, a_plan
from tests.workers.whatif.reports import START, Market, of_events
from workers.errors import UsageError, WorkerError
from workers.whatif.asking import Answer, Way, answered, other_way, present_way
from workers.whatif.evidence import cut_off
from workers.whatif.fitting import fitted
from workers.whatif.gathering import Gathered
from workers.whatif.page import basis_lines

NO_WISH = Way(strategy="", daily_budget=None)


def ask(given: Gathered, days: int = 7, **wish: object) -> Answer:
    way = other_way(present_way(given), replace(NO_WISH, **wish))  # type: ignore[arg-type]
    return answered(given, fitted(given), way, days=days, seed=1)


@pytest.mark.parametrize("elasticity", [0.8, 1.5, 2.5])
def test_the_answer_to_bids_is_learned_where_they_varied(elasticity: float) -> None:
    basis = fitted(of_events(Market(elasticity=elasticity).events())).basis
    assert basis.varied
    assert basis.elasticity == pytest.approx(elasticity, abs=0.25)


def test_where_bids_never_varied_it_is_said_that_their_answer_is_assumed() -> None:
    given = of_events(Market(vary=0.0).events())
    found = ask(given, daily_budget=300.0)
    assert not found.basis.varied
    assert any("assumed and not learned" in line for line in basis_lines(found.basis, found))


def test_half_the_money_buys_half_at_the_price_of_now_and_a_plan_is_known_by_its_period() -> None:
    plan = a_plan(budget=Budget(amount=Decimal("1680.00"), period=BudgetPeriod.WEEK))
    found = ask(of_events(Market(vary=0.0).events(), plan), daily_budget=120.0)
    assert found.present.way.daily_budget == pytest.approx(240.0)
    assert found.present.spend.p50 == pytest.approx(1_680.0)
    assert found.other.spend.p50 == pytest.approx(840.0)
    assert found.present.conversions.mean == pytest.approx(1_680.0 / 8.0, rel=0.06)
    assert found.other.conversions.mean == pytest.approx(
        found.present.conversions.mean / 2, rel=1e-3
    )


def test_hours_that_spent_next_to_nothing_tell_no_price() -> None:
    events = [structs.replace(each, spend=Decimal("1e-18")) for each in Market(days=10).events()]
    with pytest.raises(WorkerError, match="has 0 hours with spend"):
        fitted(of_events(events))


def test_without_plan_and_budget_it_goes_on_as_it_has() -> None:
    found = ask(of_events(Market().events()), daily_budget=100.0)
    assert found.present.way.daily_budget is None
    assert found.present.spend.p10 < 7 * 24 * 20.0 < found.present.spend.p90
    told = of_events(Market().events(daily_budget=Decimal(700)))
    assert present_way(told).daily_budget == 700.0


@pytest.mark.parametrize("strategy", ["even", "dayparting", "adaptive"])
def test_more_budget_never_gives_less_value(strategy: str) -> None:
    given = of_events(Market(revenue=25.0).events())
    known = fitted(given)
    values = []
    for budget in (10.0, 100.0, 300.0, 480.0, 700.0, 2_000.0, 9_000.0):
        way = Way(strategy=strategy, daily_budget=budget)
        values.append(answered(given, known, way, days=5, seed=1).other.value)
    for name in ("mean", "p10", "p50", "p90"):
        row = [getattr(value, name) for value in values]
        assert (np.diff(row) >= -1e-9 * np.array(row[1:])).all()


def test_the_truth_lies_within_as_often_as_said_over_many_campaigns() -> None:
    inside, seeds = 0, 16
    for seed in range(seeds):
        market = Market(seed=seed, days=17)
        events = market.events()
        past, come = events[: 24 * 14], events[24 * 14 :]
        spent = float(sum(event.spend for event in come))
        counts = float(sum(event.conversions for event in come))
        found = ask(of_events(past), days=3, strategy="adaptive", daily_budget=spent / 3)
        # Bids that scatter around the best one lose a little to it: some 4 % by this market.
        low, high = (found.other.conversions.p10, found.other.conversions.p90)
        inside += low <= counts <= high
    assert inside >= 0.7 * seeds


def test_conversions_that_come_late_are_not_taken_for_missing() -> None:
    def reports(share: float) -> list[MetricsEvent]:
        """Tell half of an hour's conversions at once, and all of them two days later."""
        first = Market(vary=0.0, days=14).events()
        later = []
        for event in first:
            at = event.window_start + timedelta(hours=49)
            later.append(structs.replace(event, emitted_at=at))
        early = [
            structs.replace(each, conversions=Decimal(int(float(each.conversions) * share)))
            for each in first
        ]
        end = first[-1].window_start + timedelta(hours=2)
        known = [each for each in later if each.emitted_at and each.emitted_at <= end]
        return sorted([*early, *known], key=lambda each: each.emitted_at or end)

    late, prompt = (ask(of_events(reports(share)), daily_budget=240.0) for share in (0.4, 1.0))
    assert late.basis.restated
    assert not prompt.basis.restated
    assert late.basis.conversions < 0.97 * prompt.basis.conversions
    assert late.basis.expected == pytest.approx(prompt.basis.conversions, rel=0.03)
    assert prompt.basis.expected == prompt.basis.conversions
    (said, *_), (plain, *_) = (basis_lines(each.basis, each) for each in (late, prompt))
    assert f"{late.basis.expected:,.0f} conversions ({late.basis.conversions:,.0f} told" in said
    assert "told" not in plain
    assert late.other.conversions.mean == pytest.approx(prompt.other.conversions.mean, rel=0.06)


def test_a_target_is_kept_by_the_strategy_that_moves_bids_and_refused_for_others() -> None:
    given = of_events(Market(revenue=25.0).events())
    found = ask(given, strategy="adaptive", daily_budget=5_000.0, target_cpa=7.0)
    assert found.other.spend.mean / found.other.conversions.mean == pytest.approx(7.0, rel=0.02)
    kept = ask(given, strategy="adaptive", daily_budget=5_000.0, target_roas=3.5).other
    assert kept.value is not None
    assert kept.value.mean / kept.spend.mean == pytest.approx(3.5, rel=0.02)
    with pytest.raises(UsageError, match="no target moves it"):
        ask(given, target_cpa=7.0)
    with pytest.raises(UsageError, match="no revenue"):
        ask(of_events(Market().events()), strategy="adaptive", daily_budget=9.0, target_roas=2.0)
    with pytest.raises(UsageError, match="spends a budget"):
        ask(given, strategy="adaptive")


def test_too_little_is_refused_with_what_there_is_and_what_it_takes() -> None:
    with pytest.raises(WorkerError, match=r"48 hours with spend.*too little.*72 hours"):
        fitted(of_events(Market(days=2).events()))
    with pytest.raises(WorkerError, match="0 conversions"):
        fitted(of_events(Market(cost=1e9).events()))


def test_hours_that_a_budget_cut_off_are_counted_and_said() -> None:
    given = of_events(Market(vary=0.0).events(daily_budget=Decimal(240)))
    found = ask(given, daily_budget=480.0)
    assert found.basis.cut_off == pytest.approx(0.5, abs=0.1)
    assert any("cut off by a budget" in line for line in basis_lines(found.basis, found))


def test_while_nobody_knows_which_budget_is_in_force_no_hour_counts_as_cut_off() -> None:
    """From the second day on it is 0.01, which cuts every hour off; later nobody knows."""

    def budget(day: int, status: str, after: str | None) -> AuditEntry:
        given: dict[str, Any] = {
            **NAMES,
            "at": START + timedelta(days=day),
            "status": AuditStatus(status),
            "mode": Mode.LIVE,
            "actor": "policy",
            "entity_id": "42",
            "field": "hourly_budget",
            "after": None if after is None else Decimal(after),
        }
        return AuditEntry(**given)

    told = [
        budget(1, "applied", "0.01"),
        budget(2, "unverified", None),
        budget(3, "confirmed", "0.01"),
        budget(4, "shadow", None),
        budget(5, "intent", None),
    ]
    given = of_events(Market(days=6).events(), audit=told)
    days = np.repeat(np.arange(6), 24)
    found = cut_off(given, np.ones(144), days).reshape(6, 24)
    assert found.any(axis=1).tolist() == [False, True, False, True, True, False]
    assert found.all(axis=1).tolist() == [False, True, False, True, True, False]
