"""What a forecast of a horizon's end promises: in order, within reach, as often right as said."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.forecast import NEVER, Forecast, forecast
from engine.response import CURVATURE, ELASTICITY
from tests.engine.forecasts import (
    decided,
    forecast_of,
    learned,
    shapes_for,
    standing_at,
)


def one(budget: float, spent: float, hour: int = 12, sharpness: float = 1.0) -> Forecast:
    """Forecast the Tuesday of one campaign from an hour on."""
    standing = standing_at(hour, np.array([budget]), np.array([spent]))
    return forecast_of(learned(1, hour, sharpness=sharpness), standing)


def width(ends: Forecast) -> float:
    """Return how far apart a campaign's percentiles are."""
    return float(ends.p90[0] - ends.p10[0])


amounts = st.integers(0, 10**7).map(float)
hours_of_day = st.integers(0, 23)


@settings(deadline=None, max_examples=60)
@given(amounts, amounts, st.integers(0, 10**4).map(float), hours_of_day, st.integers(0, 3))
def test_percentiles_are_in_order_and_never_above_what_may_be_spent(
    budget: float, spent: float, in_flight: float, hour: int, late: int
) -> None:
    pacing = learned(1, hour - min(late, hour))
    standing = replace(
        standing_at(hour, np.array([budget]), np.array([spent])),
        in_flight=np.array([in_flight]),
        unreported=np.array([late]),
    )
    choice = decided(pacing, standing)
    ends = forecast(pacing, shapes_for(1), standing, choice)

    most = max(budget, spent)
    if hour == 23:
        most = min(most, spent + in_flight + choice.cap[0])
    assert spent <= ends.p10[0] <= ends.p50[0] <= ends.p90[0] <= most + 1e-9 * most
    assert 0.0 <= ends.exhaustion[0] <= 1.0
    assert ends.pace[0] >= 0.0
    assert NEVER <= ends.exhausts_in[0] < 24 - hour


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("elasticity", [0.15, 9.0])
@pytest.mark.parametrize("curvature", [0.05, 8.0])
@pytest.mark.parametrize("budget", [0.0, 1e-3, 1e12])
def test_the_oddest_market_has_a_forecast(
    elasticity: float, curvature: float, budget: float
) -> None:
    pacing = learned(1)
    mean = pacing.response.mean.copy()
    mean[:, ELASTICITY], mean[:, CURVATURE] = elasticity, curvature
    known = replace(pacing, response=replace(pacing.response, mean=mean))
    ends = forecast_of(known, standing_at(12, np.array([budget]), np.zeros(1)))

    assert all(np.isfinite(getattr(ends, field.name)).all() for field in fields(ends))
    assert 0.0 <= ends.p10[0] <= ends.p90[0] <= budget


@pytest.mark.parametrize("hour", [0, 9, 23])
@pytest.mark.parametrize("budget", [2_400.0, 6_000.0])
def test_the_unit_of_money_changes_nothing_but_money(hour: int, budget: float) -> None:
    spent = 0.3 * budget * hour / 23
    small, big = (
        forecast_of(
            learned(1, hour, unit),
            standing_at(hour, np.array([budget * unit]), np.array([spent * unit])),
        )
        for unit in (1.0, 1_000.0)
    )

    for part in ("p10", "p50", "p90"):
        assert getattr(big, part) == pytest.approx(1_000.0 * getattr(small, part), rel=1e-6)
    assert big.exhaustion == pytest.approx(small.exhaustion, abs=1e-6)
    assert big.pace == pytest.approx(small.pace)
    assert np.array_equal(big.exhausts_in, small.exhausts_in)


def test_what_a_campaign_is_told_does_not_depend_on_its_batch() -> None:
    count = 2_500
    budgets = np.linspace(1_000.0, 5_000.0, count)
    spent = 0.4 * budgets
    pacing = learned(count)
    among = forecast_of(pacing, standing_at(12, budgets, spent))
    for row in (0, 1_300, 2_499):
        alone = forecast_of(learned(1), standing_at(12, budgets[[row]], spent[[row]]))
        for field in fields(alone):
            told = getattr(among, field.name)[row]
            assert told == pytest.approx(getattr(alone, field.name)[0], rel=1e-12)


@pytest.mark.parametrize("hour", [2, 12, 20])
@pytest.mark.parametrize("demand", [0.8, 1.5, 3.0])
def test_who_knows_less_gets_a_wider_interval(hour: int, demand: float) -> None:
    """Budgets that are easy to spend, hard, and out of reach."""
    spent = 100.0 * hour
    budget = spent + demand * 100.0 * (24 - hour)
    widths = [width(one(budget, spent, hour, sharpness=times)) for times in (0.5, 1.0, 2.0)]

    assert widths == sorted(widths)
    assert widths[2] > widths[0]


@pytest.mark.parametrize("demand", [2.5, 3.0, 4.0])
def test_the_fewer_hours_are_ahead_the_less_is_open(demand: float) -> None:
    """Of budgets out of reach, where all that is known is the same."""
    pacing = learned(1, 1)
    widths = []
    for hour in (1, 6, 12, 18, 22):
        spent = 9_000.0 - demand * 100.0 * (24 - hour)
        standing = standing_at(hour, np.array([9_000.0]), np.array([spent]))
        widths.append(width(forecast_of(pacing, standing)))

    assert widths == sorted(widths, reverse=True)


def test_dearer_impressions_make_the_end_less_sure() -> None:
    """Fewer of them are bought, and chance has more of a say."""
    standing = standing_at(20, np.array([2_400.0]), np.array([2_000.0]))
    cheap, dear = (
        forecast_of(learned(1, 20), replace(standing, price=np.array([price])))
        for price in (0.1, 10.0)
    )

    assert width(dear) > 1.2 * width(cheap)


def test_where_nothing_is_ahead_the_spend_is_known() -> None:
    standing = standing_at(23, np.array([2_400.0]), np.array([1_900.0]))
    choice = decided(learned(1, 23), standing)
    over = replace(standing, ahead=np.full((1, 1), -1))
    none = replace(choice, hours=np.zeros((1, 1)))
    ends = forecast(learned(1, 24), shapes_for(1), over, none)

    assert (ends.p10[0], ends.p50[0], ends.p90[0]) == (1_900.0, 1_900.0, 1_900.0)
    assert ends.exhaustion[0] == 0.0
    assert ends.exhausts_in[0] == NEVER


def test_a_budget_that_is_used_up_stays_so() -> None:
    ends = one(2_400.0, 2_400.0)

    assert (ends.p10[0], ends.p90[0]) == (2_400.0, 2_400.0)
    assert ends.exhaustion[0] == 1.0
    assert ends.exhausts_in[0] == 0


def test_the_cap_of_the_last_hour_bounds_the_end() -> None:
    pacing = learned(1, 23)
    standing = standing_at(23, np.array([2_400.0]), np.array([2_300.0]))
    capped = replace(decided(pacing, standing), cap=np.array([30.0]))
    ends = forecast(pacing, shapes_for(1), standing, capped)

    assert ends.p90[0] == 2_330.0
    assert ends.exhaustion[0] == 0.0


@pytest.mark.parametrize(
    ("spent", "hour"), [(2_395.0, 0), (2_390.0, 0), (2_380.0, 1), (2_350.0, 2), (2_000.0, NEVER)]
)
def test_the_hour_in_which_it_runs_out_is_that_in_which_the_plan_reaches_the_budget(
    spent: float, hour: int
) -> None:
    """Hours of 10, 20 and 30 are planned; 5 are in flight; 0.2 % of the budget is no matter."""
    pacing = learned(1, 21)
    standing = standing_at(21, np.array([2_400.0]), np.array([spent]))
    standing = replace(standing, in_flight=np.array([5.0]))
    planned = replace(decided(pacing, standing), hours=np.array([[10.0, 20.0, 30.0]]))

    assert forecast(pacing, shapes_for(1), standing, planned).exhausts_in[0] == hour
