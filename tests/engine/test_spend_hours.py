"""Hours of closed days, taken back to one multiplier."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.arrays import Floats
from engine.spend_hours import LEAST_HOURS, LEAST_IMPRESSIONS, LEAST_SPEND, SpendHours, log_days

MARKET = 1_000.0 * np.exp(np.cos(2 * np.pi * (np.arange(24) - 19) / 24))


def a_day(**given: Any) -> SpendHours:  # noqa: ANN401 -- fields of the hours
    fields = {
        "owner": np.zeros(24, dtype=np.int64),
        "hour": np.arange(24),
        "spend": MARKET,
        "impressions": np.full(24, 500.0),
        "log_multiplier": np.zeros(24),
        "usable": np.ones(24, dtype=np.bool_),
    }
    return SpendHours(**(fields | given))


@pytest.mark.parametrize("elasticity", [0.5, 1.5, 5.0])
def test_a_day_whose_multiplier_moved_says_what_the_market_would_have_given(
    elasticity: float,
) -> None:
    moved = np.linspace(-0.4, 0.4, 24)
    spent = a_day(spend=MARKET * np.exp(elasticity * moved), log_multiplier=moved)

    assert log_days(spent, np.array([elasticity])).log_spend[0] == pytest.approx(np.log(MARKET))


def test_a_day_at_another_multiplier_says_how_big_the_day_was_and_not_what_was_bid() -> None:
    """A poor Sunday is paced with a higher multiplier: what it spends hides that it is poor."""
    raised = a_day(spend=MARKET * np.exp(1.5 * 0.3), log_multiplier=np.full(24, 0.3))

    assert log_days(raised, np.array([1.5])).log_spend[0] == pytest.approx(np.log(MARKET))


def changed(hours: list[int], value: float, normal: Floats) -> Floats:
    values = normal.copy()
    values[hours] = value
    return values


@pytest.mark.parametrize(
    "given",
    [
        {"usable": changed([4, 7], 0.0, np.ones(24)) > 0.0},
        {"spend": changed([4, 7], 0.0, MARKET)},
        {"spend": changed([4, 7], LEAST_SPEND - 1, MARKET)},
        {"impressions": changed([4, 7], LEAST_IMPRESSIONS - 1, np.full(24, 500.0))},
        {"log_multiplier": changed([4, 7], np.log(5.0), np.zeros(24))},
    ],
    ids=["not usable", "silent", "rounded", "chance", "search"],
)
def test_an_hour_that_tells_nothing_of_the_shape_counts_as_not_seen(given: dict[str, Any]) -> None:
    days = log_days(a_day(**given), np.array([1.5]))

    assert np.flatnonzero(~days.seen[0]).tolist() == [4, 7]
    still = np.delete(np.arange(24), [4, 7])
    assert days.log_spend[0, still] == pytest.approx(np.log(MARKET[still]))


def test_an_hour_that_the_clock_repeats_is_the_mean_of_both_and_one_it_skips_is_not_seen() -> None:
    twice = np.array([0, 1, 2, 2, *range(3, 24)])
    long = a_day(
        owner=np.zeros(25, dtype=np.int64),
        hour=twice,
        spend=np.insert(MARKET, 3, 4.0 * MARKET[2]),
        impressions=np.full(25, 500.0),
        log_multiplier=np.zeros(25),
        usable=np.ones(25, dtype=np.bool_),
    )
    skipped = np.delete(np.arange(24), 2)
    short = SpendHours(
        **{name: getattr(a_day(), name)[skipped] for name in SpendHours.__dataclass_fields__}
    )

    in_long = log_days(long, np.array([1.5]))
    assert in_long.log_spend[0, 2] == pytest.approx(np.log(2.0 * MARKET[2]))
    assert in_long.seen.all()
    assert np.flatnonzero(~log_days(short, np.array([1.5])).seen[0]).tolist() == [2]


def test_each_day_has_its_own_hours_and_elasticity_and_one_without_hours_is_not_seen() -> None:
    both = SpendHours(
        **{
            name: np.tile(getattr(a_day(log_multiplier=np.full(24, 0.2)), name), 2)
            for name in SpendHours.__dataclass_fields__
        }
    )
    days = log_days(replace(both, owner=np.repeat([0, 2], 24)), np.array([1.0, 1.0, 2.0]))

    assert days.log_spend[0] - days.log_spend[2] == pytest.approx(np.full(24, 0.2))
    assert not days.seen[1].any()
    assert days.enough().tolist() == [True, False, True]


def test_half_a_day_is_enough() -> None:
    for hours in (LEAST_HOURS, LEAST_HOURS - 1):
        days = log_days(a_day(usable=np.arange(24) < hours), np.array([1.5]))
        assert days.enough().tolist() == [hours == LEAST_HOURS]
