"""Pace, projection, exhaustion and the cap on surprise."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import e, erf, floor, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.feasibility import Minimums
from engine.horizon import Horizon, clock_of
from engine.plans import UNLIMITED
from engine.risk import NO_TIME, Outlook, hourly_cap, outlook
from tests.engine.situations import MONDAY, One

quick = settings(max_examples=60, deadline=None)
HOUR = 3_600
CLOCK = clock_of(One().situation())
"""Of a campaign whose day began an hour ago."""

money = st.integers(0, 10**12)
weights = st.floats(0.0, 1_000.0).map(lambda weight: weight if weight > 1e-3 else 0.0)


def a_horizon(**given_: Any) -> Horizon:  # noqa: ANN401 -- fields of a horizon
    """Return the horizon of a day of 240.00 of which an hour of 24 is over, and 10.00 spent."""
    fields: dict[str, Any] = {
        "allowance": 24_000,
        "spent": 1_000,
        "in_flight": 0,
        "elapsed": 1.0,
        "rest": 23.0,
        "rest_today": 23.0,
        "end": MONDAY + 24 * HOUR,
        "started": MONDAY,
        **given_,
    }
    left = fields["allowance"] - fields["spent"] - fields["in_flight"]
    day = {"today": max(left, 0), "day_left": max(left, 0), "day_floor": 0}
    day["day_spent"] = fields["spent"] + fields["in_flight"]
    fields = {"left": left, "hard_cap": max(left, 0)} | day | fields
    nothing = np.zeros(1, dtype=np.int64)
    columns: dict[str, Any] = {name: np.array([value]) for name, value in fields.items()}
    least = Minimums(needed=nothing, available=nothing, ahead=nothing)
    return Horizon(**columns, minimums=least, short=nothing > 0)


def seen(**given_: Any) -> Outlook:  # noqa: ANN401 -- fields of a horizon
    return outlook(CLOCK, a_horizon(**given_))


horizons = st.fixed_dictionaries(
    {
        "allowance": st.integers(-(10**12), 10**12),
        "spent": st.integers(-(10**6), 10**12),
        "in_flight": money,
        "elapsed": weights,
        "rest": weights,
        "end": st.integers(0, 24 * 60).map(lambda hours: MONDAY + HOUR * (2 + hours)),
        "started": st.integers(0, 24 * 60).map(lambda hours: MONDAY - HOUR * hours),
    }
)


@given(horizons)
@quick
def test_the_percentiles_are_in_order_and_the_risk_is_a_probability(given_: dict[str, Any]) -> None:
    made, base = seen(**given_), given_["spent"] + given_["in_flight"]
    assert base <= made.p10[0] <= made.p50[0] <= made.p90[0]
    assert 0.0 <= made.exhaustion[0] <= 1.0
    assert np.isnan(made.index[0]) or (np.isfinite(made.index[0]) and made.index[0] >= 0.0)


@given(horizons)
@quick
def test_an_allowance_runs_out_after_now_and_before_its_period_ends_or_not_at_all(
    given_: dict[str, Any],
) -> None:
    made = seen(**given_)
    left = given_["allowance"] - given_["spent"] - given_["in_flight"]
    coming = int(made.p50[0]) - given_["spent"] - given_["in_flight"]
    if made.exhausts_at[0] == NO_TIME:
        assert coming <= max(left, 0)
    else:
        assert CLOCK.target[0] <= made.exhausts_at[0] <= given_["end"]
        assert coming >= left


@given(horizons, money)
@quick
def test_who_has_spent_more_is_never_likelier_to_last(given_: dict[str, Any], more: int) -> None:
    richer = seen(**given_)
    poorer = seen(**{**given_, "spent": given_["spent"] + more})
    if richer.exhaustion[0] >= 0.5:
        assert poorer.exhaustion[0] >= 0.5
    assert poorer.p50[0] >= richer.p50[0]
    if not np.isnan(richer.index[0]):
        assert poorer.index[0] >= richer.index[0]


@pytest.mark.parametrize(
    ("given_", "index"),
    [
        # An hour of 24 is over.
        ({"spent": 1_000}, 1.0),
        ({"spent": 2_000}, 2.0),
        ({"spent": 0}, 0.0),
        ({"spent": -5}, 0.0),
        # Of a period whose weights are uneven: 3 of 8.
        ({"spent": 9_000, "elapsed": 3.0, "rest": 5.0}, 1.0),
        # All is over, and half is spent.
        ({"spent": 12_000, "elapsed": 3.0, "rest": 0.0}, 0.5),
    ],
)
def test_who_has_spent_the_share_that_was_expected_has_a_pace_of_1(
    given_: dict[str, Any], index: float
) -> None:
    assert seen(**given_).index[0] == pytest.approx(index)


@pytest.mark.parametrize("given_", [{"elapsed": 0.0}, {"allowance": 0}, {"allowance": -9}])
def test_without_an_expectation_or_an_allowance_there_is_no_pace(given_: dict[str, Any]) -> None:
    assert np.isnan(seen(**given_).index[0])


def test_the_projection_goes_on_as_it_has_and_is_as_unsure_as_its_hours_are_few() -> None:
    # 20.00 in one hour, 23 to come: 460.00 more, give or take 0.5 * sqrt(1 + 1/23) of it.
    made = seen(spent=2_000)
    deviation = 46_000 * 0.5 * sqrt(1 + 1 / 23)
    assert made.p50.tolist() == [48_000]
    assert made.p90.tolist() == [2_000 + floor(46_000 + 1.2815515655446004 * deviation)]
    assert made.p10.tolist() == [2_000 + floor(46_000 - 1.2815515655446004 * deviation)]
    # What is left, 220.00, is gone after 220/460 of the rest of the day.
    seconds = floor(Fraction(220, 460) * 23 * HOUR)
    assert made.exhausts_at.tolist() == [MONDAY + HOUR + seconds]


@given(st.integers(0, 24_000), st.integers(0, 30 * 24))
@quick
def test_the_risk_is_that_of_a_normal_distribution_within_a_hundredth(spent: int, ago: int) -> None:
    made = seen(spent=spent, started=MONDAY - ago * HOUR)
    coming = 23 * spent
    deviation = coming * 0.5 * sqrt(1 / (ago + 1) + 1 / 23)
    excess = coming - (24_000 - spent)
    exact = (1 + erf(excess / deviation / sqrt(2))) / 2 if deviation else float(excess > 0)
    assert made.exhaustion[0] == pytest.approx(exact, abs=0.0096)


def test_an_absurd_burn_stays_within_whole_numbers_and_in_order() -> None:
    made = seen(spent=10**14, elapsed=1e-3, rest=6e8)
    assert 10**14 < made.p10[0] <= made.p50[0] <= made.p90[0]
    assert made.exhaustion[0] > 0.5


@given(money, money, st.just(UNLIMITED) | money)
@quick
def test_an_hours_cap_lets_no_surprise_through_and_nothing_beyond_the_limits(
    amount: int, hard_cap: int, limit: int
) -> None:
    horizon = replace(a_horizon(), hard_cap=np.array([hard_cap]))
    cap = int(hourly_cap(np.array([amount]), horizon, np.array([limit]))[0])
    assert cap <= min(hard_cap, limit)
    if amount <= min(hard_cap, limit):
        assert amount <= cap
    # Two standard deviations of a half above the plan, on a logarithmic scale.
    assert cap <= amount * e + 1
    assert cap == min(hard_cap, limit) or cap >= amount * e - 1
