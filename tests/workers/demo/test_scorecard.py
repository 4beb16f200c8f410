from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from schemas import CampaignKey
from workers.demo.scorecard import Scorecard
from workers.simulator.clearing import AGES, Outcome
from workers.simulator.population import Campaign

WEDNESDAY = 1_794_960_000 // 3600
"""2026-11-18, a Wednesday, at midnight UTC."""


def campaign(number: int, timezone: str, budget: str, account: str = "7") -> Campaign:
    return Campaign(
        key=CampaignKey("meta", account, f"c{number}"),
        currency="EUR",
        timezone=timezone,
        day_budget=Decimal(budget),
    )


def outcome(spends: list[int], conversions: list[int]) -> Outcome:
    """Return an hour's outcome: spend in ten-thousandths; conversions that all came late."""
    by_age = np.zeros((len(spends), len(AGES)), np.int64)
    by_age[:, -1] = conversions
    zeros = np.zeros(len(spends), np.int64)
    return Outcome(
        impressions=zeros,
        clicks=zeros,
        spend=np.array(spends, np.int64),
        conversions=by_age,
        revenue=by_age,
    )


def test_a_day_that_ended_is_held_against_its_budget() -> None:
    score = Scorecard([campaign(1, "UTC", "24")], WEDNESDAY)
    for hour in range(24):
        score.add(WEDNESDAY + hour, outcome([9_000], [2]), outcome([12_000], [1]))
    (row,) = score.rows()
    assert (row.days, row.budget) == (1, Decimal(24))
    assert (row.spend, row.spend_even) == (Decimal("21.6"), Decimal("28.8"))
    assert row.pacing_error == pytest.approx(0.1)
    assert row.pacing_error_even == pytest.approx(0.2)
    assert (row.conversions, row.conversions_even) == (48, 24)


def test_a_day_that_has_not_ended_is_not_judged() -> None:
    score = Scorecard([campaign(1, "UTC", "24")], WEDNESDAY)
    for hour in range(23):
        score.add(WEDNESDAY + hour, outcome([9_000], [1]), outcome([9_000], [1]))
    (row,) = score.rows()
    assert (row.days, row.budget, row.spend) == (0, Decimal(0), Decimal(0))
    assert row.conversions == 23


def test_days_end_by_the_accounts_clock_and_history_counts_towards_them() -> None:
    """In Tokyo, nine hours ahead, Wednesday begins on Tuesday at 15:00 UTC."""
    score = Scorecard([campaign(1, "Asia/Tokyo", "24")], WEDNESDAY)
    for hour in range(-9, 15):
        score.add(WEDNESDAY + hour, outcome([10_000], [1]), outcome([10_000], [1]))
    (row,) = score.rows()
    assert (row.days, row.spend) == (1, Decimal(24))
    assert row.conversions == 15


def test_days_of_history_and_days_that_began_before_it_are_left_out() -> None:
    score = Scorecard([campaign(1, "UTC", "24")], WEDNESDAY)
    for hour in range(-40, 24):
        score.add(WEDNESDAY + hour, outcome([10_000], [1]), outcome([10_000], [1]))
    (row,) = score.rows()
    assert row.days == 1
    begun = Scorecard([campaign(1, "UTC", "24")], WEDNESDAY)
    for hour in range(5, 24):
        begun.add(WEDNESDAY + hour, outcome([10_000], [1]), outcome([10_000], [1]))
    assert begun.rows()[0].days == 0


def test_errors_of_days_do_not_cancel_each_other() -> None:
    campaigns = [campaign(1, "UTC", "10"), campaign(2, "UTC", "10")]
    score = Scorecard(campaigns, WEDNESDAY)
    for hour in range(24):
        spends = [50_000, 150_000] if hour == 0 else [0, 0]
        score.add(WEDNESDAY + hour, outcome(spends, [0, 0]), outcome(spends, [0, 0]))
    (row,) = score.rows()
    assert (row.spend, row.budget) == (Decimal(20), Decimal(20))
    assert row.pacing_error == pytest.approx(0.5)


def test_accounts_are_apart() -> None:
    campaigns = [campaign(1, "UTC", "10", "a"), campaign(2, "UTC", "10", "b")]
    score = Scorecard(campaigns, WEDNESDAY)
    score.add(WEDNESDAY, outcome([1, 2], [3, 4]), outcome([0, 0], [5, 6]))
    assert [(row.account_id, row.conversions, row.conversions_even) for row in score.rows()] == [
        ("a", 3, 5),
        ("b", 4, 6),
    ]
    assert [score.spent_today(row) for row in (0, 1)] == [Decimal("0.0001"), Decimal("0.0002")]
