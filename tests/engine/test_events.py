"""Calendar events: their lifts count where they are, for as long as they are, and end with them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import events
from engine.arrays import Floats, Ints
from engine.coming_events import MOST_AFTER, after_effect, day_lifts, with_aftermath
from engine.decide import decide
from engine.events import Events, disjoint, hour_lifts, touched
from engine.holds import NONE
from engine.situation import Situation
from engine.weeks import WeekWeights
from tests.engine.situations import MONDAY, One

quick = settings(max_examples=80, deadline=None)
HOUR = 3_600
DAY = 86_400
stretches = st.lists(
    st.tuples(st.integers(-50, 400), st.integers(1, 200), st.floats(0.2, 5.0)),
    max_size=4,
)


def told(stretch: list[tuple[int, int, float]], unit: int = HOUR) -> Events:
    """Return one campaign's events, given as first unit after Monday, how many, and factor."""
    starts = np.array([MONDAY + unit * first for first, _, _ in stretch], dtype=np.int64)
    ends = starts + unit * np.array([many for _, many, _ in stretch], dtype=np.int64)
    parts = disjoint(starts, ends, np.log([factor for *_, factor in stretch]))
    owners = np.zeros(len(parts[0]), dtype=np.int64)
    return Events(owners=owners, starts=parts[0], ends=parts[1], lift=parts[2])


def factor_at(stretch: list[tuple[int, int, float]], unit: int) -> float:
    """Return by what a unit of time is multiplied: all events that it lies in."""
    factor = 1.0
    for first, many, times in stretch:
        factor *= times if first <= unit < first + many else 1.0
    return factor


@given(stretches)
@quick
def test_pieces_do_not_overlap_and_multiply_what_overlaps(
    stretch: list[tuple[int, int, float]],
) -> None:
    pieces = told(stretch)
    assert (pieces.ends[:-1] <= pieces.starts[1:]).all()
    assert (pieces.starts < pieces.ends).all()
    hours = np.arange(-60, 620)
    lifts = hour_lifts(pieces, (MONDAY + HOUR * hours)[None])
    wanted = [factor_at(stretch, hour) for hour in hours.tolist()]
    np.testing.assert_allclose(np.exp(lifts[0]), wanted, rtol=1e-9)


@given(stretches)
@quick
def test_an_hour_has_an_events_factor_for_the_minutes_that_it_lies_in_it(
    stretch: list[tuple[int, int, float]],
) -> None:
    lifts = hour_lifts(told(stretch, 60), MONDAY + HOUR * np.arange(-1, 11)[None])
    for hour, lift in zip(range(-1, 11), lifts[0], strict=True):
        minutes = [factor_at(stretch, 60 * hour + minute) for minute in range(60)]
        assert np.exp(lift) == pytest.approx(sum(minutes) / 60, rel=1e-9)


def planned(period: int, newest: int, stretch: list[tuple[int, int, float]]) -> Situation:
    one = One(
        campaign={"newest": MONDAY + HOUR * newest},
        plan={"period": period, "amount": 70_000_000},
        weights=tuple(1.0 + (hour % 24) / 24 for hour in range(168)),
    )
    return replace(one.situation(), events=told(stretch))


@given(st.integers(1, 2), st.integers(0, 166), stretches)
@quick
def test_todays_part_of_a_period_is_that_of_its_hours_each_times_its_factor(
    period: int, newest: int, stretch: list[tuple[int, int, float]]
) -> None:
    made = decide(planned(period, newest, stretch))
    first = newest + 1
    day = date(2026, 3, 2) + timedelta(hours=first)
    until = date(2026, 4, 1) if period == 2 else day + timedelta(days=7 - day.weekday())
    last = 24 * (until - date(2026, 3, 2)).days
    weigh = [(1.0 + (hour % 24) / 24) * factor_at(stretch, hour) for hour in range(first, last)]
    midnight = 24 * ((first // 24) + 1)
    today = sum(weigh[: midnight - first])
    left = int(made.horizon.left[0])
    assert made.hold.tolist() == [NONE]
    assert int(made.horizon.today[0]) == pytest.approx(left * today / sum(weigh), abs=2.0)
    # And within the day each hour has its own part.
    amounts = made.plan[0][: midnight - first]
    wanted = int(made.horizon.today[0]) * np.array(weigh[: midnight - first]) / today
    assert np.abs(amounts - wanted).max() <= 1.0


def test_a_lift_ends_with_its_event() -> None:
    stretch = [(10, 4, 3.0)]
    after = decide(planned(0, 14, stretch))
    without = decide(planned(0, 14, []))
    assert after.plan.tolist() == without.plan.tolist()


def test_a_plan_without_events_is_decided_as_one_with_events_that_are_over() -> None:
    usual = decide(One().situation())
    over = decide(replace(One().situation(), events=told([(-300, 100, 4.0)])))
    assert usual.plan.tolist() == over.plan.tolist()
    assert usual.horizon.elapsed.tolist() == over.horizon.elapsed.tolist()


@given(stretches, st.integers(1, 5))
@quick
def test_a_day_is_lifted_by_the_mean_of_its_hours_as_they_usually_are(
    stretch: list[tuple[int, int, float]], days: int
) -> None:
    usual = np.random.default_rng(3).lognormal(0.0, 0.5, (1, days, 24))
    starts = MONDAY + DAY * np.arange(days)[None]
    lifts = day_lifts(told(stretch), starts, usual)
    for day in range(days):
        brought = [usual[0, day, h] * factor_at(stretch, 24 * day + h) for h in range(24)]
        assert np.exp(lifts[0, day]) == pytest.approx(sum(brought) / usual[0, day].sum())


def test_what_follows_an_event_lasts_as_long_as_it_is_said_to_and_gives_way_to_the_next() -> None:
    sale = told([(0, 10, 2.0), (30, 5, 3.0)])
    hours = MONDAY + HOUR * np.arange(80)[None]
    lifts = np.exp(hour_lifts(with_aftermath(sale, np.log([0.8]), 24 * HOUR), hours))[0]
    wanted = [*[2.0] * 10, *[0.8] * 20, *[3.0] * 5, *[0.8] * 24, *[1.0] * 21]
    np.testing.assert_allclose(lifts, wanted)
    none = with_aftermath(sale, np.zeros(1), 24 * HOUR)
    assert hour_lifts(none, hours).tolist() == hour_lifts(sale, hours).tolist()


@given(
    st.lists(st.tuples(st.floats(1.0, 1e6), st.floats(1.0, 1e6)), min_size=1, max_size=9),
    st.integers(0, 5),
)
@quick
def test_an_after_effect_is_bounded_none_without_days_and_never_beyond_what_they_showed(
    days: list[tuple[float, float]], silent: int
) -> None:
    observed = np.array([[seen for seen, _ in days] + [0.0] * silent])
    expected = np.array([[meant for _, meant in days] + [5.0] * silent])
    effect = float(after_effect(observed, expected)[0])
    shown = float(np.mean([np.log(seen / meant) for seen, meant in days]))
    assert abs(effect) <= MOST_AFTER
    assert min(0.0, shown) - 1e-12 <= effect <= max(0.0, shown) + 1e-12
    assert after_effect(np.zeros((1, 3)), np.ones((1, 3))).tolist() == [0.0]
    # Many days alike are believed.
    many = np.repeat(observed[:, :1], 400, axis=1), np.repeat(expected[:, :1], 400, axis=1)
    limited = np.clip(np.log(days[0][0] / days[0][1]), -MOST_AFTER, MOST_AFTER)
    assert float(after_effect(*many)[0]) == pytest.approx(limited, abs=0.07)


@given(
    st.lists(st.tuples(st.integers(-50, 50), st.integers(0, 90)), max_size=3), st.integers(-60, 60)
)
@quick
def test_an_hour_is_touched_by_a_window_that_has_any_second_of_it(
    windows: list[tuple[int, int]], at: int
) -> None:
    start, minute = at * 600, 600
    each = [[first * minute, (first + many) * minute] for first, many in windows]
    seconds = set(range(start, start + HOUR))
    wanted = any(seconds & set(range(first, last)) for first, last in each)
    packed: Ints = np.array(each, dtype=np.int64).reshape(-1, 2)
    assert touched(packed, np.array([start])).tolist() == [wanted]


def test_more_weight_is_none_outside_the_span() -> None:
    weights: Floats = np.ones((1, 168))
    week = WeekWeights.of(weights)
    gaps = np.zeros((1, 0, 2), dtype=np.int64)
    span = (np.array([MONDAY]), np.array([MONDAY + DAY]))
    inside = events.more_weight(week, told([(20, 10, 3.0)]), gaps, span)
    assert inside.tolist() == pytest.approx([4 * 2.0])
