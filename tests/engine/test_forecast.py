"""What a forecast of a horizon's end promises: in order, within reach, as often right as said."""

from __future__ import annotations

from dataclasses import fields, replace
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import pacer, response
from engine.arrays import Floats
from engine.day_shapes import DayShapes, no_days, pooled
from engine.forecast import EXHAUSTED, NEVER, Forecast, forecast
from engine.multiplier import Spending
from engine.pacer import Pacing
from engine.response import CURVATURE, ELASTICITY, LEVEL, SHAPE, Observed, Response
from engine.standing import Standing

TUESDAY = 24
NINETIETH = NormalDist().inv_cdf(0.9)


def shapes_for(count: int) -> DayShapes:
    """Return what is assumed where nobody has taught anything."""
    return pooled(no_days()).of(np.zeros(count, dtype=np.int64))


def learned(count: int, hours: int = 12, unit: float = 1.0, sharpness: float = 1.0) -> Pacing:
    """Return campaigns that have lived Monday and ``hours`` of Tuesday around 100 an hour.

    ``sharpness`` is a factor on the standard deviations of all that is learned.
    """
    chance = np.random.default_rng(7)
    pacing = pacer.start(shapes_for(count), np.full(count, 100.0 * unit), np.zeros(count))
    for cell in range(TUESDAY + hours):
        log_multiplier = chance.normal(0.0, 0.3)
        spend = 100.0 * unit * np.exp(1.2 * log_multiplier + chance.normal(0.0, 0.1))
        pacing = pacer.learn_hour(
            pacing, shapes_for(count), seen(cell, np.full(count, spend), log_multiplier)
        )
    covariance = sharpness**2 * pacing.response.covariance
    return replace(pacing, response=replace(pacing.response, covariance=covariance))


def seen(cell: int, spend: Floats, log_multiplier: Floats | float) -> Observed:
    """Return an hour without a cap, in which all campaigns won plenty."""
    count = len(spend)
    return Observed(
        cells=np.full(count, cell),
        log_multiplier=np.broadcast_to(log_multiplier, count),
        spend=spend,
        impressions=np.full(count, 1e9),
        capped=np.zeros(count, dtype=np.bool_),
        usable=np.ones(count, dtype=np.bool_),
    )


def standing_at(
    hour: int, budget: Floats, spent: Floats, in_flight: float = 0.0, *, late: int = 0
) -> Standing:
    """Return where campaigns stand before an hour of Tuesday."""
    count = len(budget)
    return Standing(
        budget=budget,
        spent=spent,
        in_flight=np.full(count, in_flight),
        unreported=np.full(count, late),
        price=np.zeros(count),
        lived=np.tile(np.arange(TUESDAY, TUESDAY + hour), (count, 1)),
        ahead=np.tile(np.arange(TUESDAY + hour, TUESDAY + 24), (count, 1)),
    )


def decided(pacing: Pacing, standing: Standing, in_force: Floats | float = 0.0) -> Spending:
    """Decide the hours ahead."""
    count = len(standing.budget)
    left = np.maximum(standing.budget - standing.spent - standing.in_flight, 0.0)
    now = (np.broadcast_to(in_force, count), standing.unreported)
    return pacer.decide(pacing, shapes_for(count), standing.ahead, left, now)


def forecast_of(pacing: Pacing, standing: Standing) -> Forecast:
    """Decide, and forecast what comes of it."""
    shapes = shapes_for(len(standing.budget))
    return forecast(pacing, shapes, standing, decided(pacing, standing))


def one(budget: float, spent: float, hour: int = 12, **more: float) -> Forecast:
    """Forecast the Tuesday of one campaign from an hour on."""
    pacing = learned(1, hour, sharpness=more.pop("sharpness", 1.0))
    in_flight = more.pop("in_flight", 0.0)
    return forecast_of(pacing, standing_at(hour, np.array([budget]), np.array([spent]), in_flight))


def width(ends: Forecast) -> float:
    """Return how far apart a campaign's percentiles are."""
    return float(ends.p90[0] - ends.p10[0])


def test_one_hour_ahead_it_is_the_log_normal_hour_that_the_filter_predicts() -> None:
    """The hour as the filter steps to it; more is left than it can spend."""
    pacing = learned(1, 23)
    standing = standing_at(23, np.array([2_500.0]), np.array([2_000.0]))
    choice = decided(pacing, standing)
    begins = np.zeros(1, dtype=np.bool_)
    then = response.hour_passed(pacing.response, begins, np.zeros((1, 24)))
    hours = np.array([23])
    deviation = response.uncertainty(then, hours, choice.log_multiplier)[0]
    median = response.expected(then, hours, choice.log_multiplier)[0]

    ends = forecast(pacing, shapes_for(1), standing, choice)

    wanted = median + NINETIETH * deviation * np.array([-1.0, 0.0, 1.0])
    coming = np.concatenate((ends.p10, ends.p50, ends.p90)) - 2_000.0
    assert np.log(coming) == pytest.approx(wanted, abs=0.003)


class Truth:
    """Campaigns whose truth is drawn from what is known of them, and lives on as assumed."""

    def __init__(self, known: Response, seed: int) -> None:
        self._chance = np.random.default_rng(seed)
        root = np.linalg.cholesky(known.covariance[0] + 1e-12 * np.eye(response.SIZE))
        drawn = self._chance.normal(size=known.mean.shape) @ root.T
        self._numbers = known.mean + drawn
        for part in (ELASTICITY, CURVATURE):
            self._numbers[:, part] = np.maximum(self._numbers[:, part], 0.15)
        self._anchor = known.anchor

    def spend(self, of_day: int, log_multiplier: Floats) -> Floats:
        """Return what the next hour would spend without a cap."""
        numbers, u = self._numbers, log_multiplier - self._anchor
        steps = self._chance.normal(0.0, response.DEVIATION_STEP, len(u))
        numbers[:, response.DEVIATION] = response.FADING * numbers[:, response.DEVIATION] + steps
        log = numbers[:, LEVEL] + numbers[:, response.DEVIATION] + numbers[:, SHAPE][:, of_day]
        log = log + numbers[:, ELASTICITY] * u - 0.5 * numbers[:, CURVATURE] * u * u
        return np.asarray(np.exp(log + self._chance.normal(0.0, response.NOISE, len(u))))


@pytest.mark.parametrize(
    ("hour", "budget", "mostly"),
    [(12, 2_400.0, True), (20, 2_400.0, True), (12, 3_500.0, False), (18, 3_000.0, False)],
)
def test_days_that_go_as_the_filter_believes_end_within_as_often_as_is_said(
    hour: int, budget: float, *, mostly: bool
) -> None:
    """Days played out hour by hour by the pacer, 1,500 at once; some budgets cannot be spent."""
    count, half = 1_500, 1_200.0 * hour / 12
    pacing, shapes = learned(count, hour), shapes_for(count)
    money, spent = np.full(count, budget), np.full(count, half)
    ends = forecast_of(pacing, standing_at(hour, money, spent))
    truth, in_force = Truth(pacing.response, 5), np.zeros(count)
    for now in range(hour, 24):
        choice = decided(pacing, standing_at(now, money, spent), in_force)
        in_force = choice.log_multiplier
        asked = truth.spend(now, in_force)
        spend = np.minimum(asked, np.minimum(choice.cap, budget - spent))
        hourly = replace(seen(TUESDAY + now, spend, in_force), capped=asked > spend)
        pacing, spent = pacer.learn_hour(pacing, shapes, hourly), spent + spend

    exhausted = float((spent >= EXHAUSTED * budget).mean())
    assert (exhausted > 0.5) == mostly
    assert ends.exhaustion[0] == pytest.approx(exhausted, abs=0.1)
    assert (spent < ends.p10).mean() == pytest.approx(0.1, abs=0.05)


amounts = st.integers(0, 10**7).map(float)
hours_of_day = st.integers(0, 23)


@settings(deadline=None, max_examples=60)
@given(amounts, amounts, st.integers(0, 10**4).map(float), hours_of_day, st.integers(0, 3))
def test_percentiles_are_in_order_and_never_above_what_may_be_spent(
    budget: float, spent: float, in_flight: float, hour: int, late: int
) -> None:
    pacing = learned(1, hour - min(late, hour))
    standing = standing_at(hour, np.array([budget]), np.array([spent]), in_flight, late=late)
    choice = decided(pacing, standing)
    ends = forecast(pacing, shapes_for(1), standing, choice)

    most = max(budget, spent)
    if hour == 23:
        most = min(most, spent + in_flight + choice.cap[0])
    assert spent <= ends.p10[0] <= ends.p50[0] <= ends.p90[0] <= most + 1e-9 * most
    assert 0.0 <= ends.exhaustion[0] <= 1.0
    assert ends.pace[0] >= 0.0
    assert NEVER <= ends.exhausts_in[0] < 24 - hour


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
    standing = standing_at(21, np.array([2_400.0]), np.array([spent]), 5.0)
    planned = replace(decided(pacing, standing), hours=np.array([[10.0, 20.0, 30.0]]))

    assert forecast(pacing, shapes_for(1), standing, planned).exhausts_in[0] == hour


@pytest.mark.parametrize(("hour", "over"), [(6, 6 / 48), (12, 12 / 48), (18, 30 / 48)])
def test_pace_is_the_share_spent_over_the_share_that_usually_is(hour: int, over: float) -> None:
    """A day whose morning hours are worth 1 each and whose afternoon hours 3; two fifths spent."""
    pacing = learned(1, hour)
    mean = pacing.response.mean.copy()
    mean[:, SHAPE] = np.log(np.where(np.arange(24) < 12, 1.0, 3.0))
    known = replace(pacing, response=replace(pacing.response, mean=mean))
    ends = forecast_of(known, standing_at(hour, np.array([2_000.0]), np.array([800.0])))

    assert ends.pace[0] == pytest.approx(0.4 / over)


def test_before_its_first_hour_a_campaign_is_on_pace() -> None:
    assert one(2_400.0, 0.0, 0).pace[0] == 1.0
