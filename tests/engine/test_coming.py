"""A month is decided as a day is: over all the hours that are left of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import coming, pacer, passing, response
from engine.anchors import anchored, restarted
from engine.arrays import Floats, Ints
from engine.coming import Coming
from engine.day_shapes import DayShapes, add_days, no_days, pooled
from engine.multiplier import Spending
from engine.pacer import Pacing
from engine.response import Observed, Response

quick = settings(deadline=None, max_examples=25)
MONTH = 28


def shapes_for(count: int, *, alike: bool = False) -> DayShapes:
    """Return what others teach: every weekday its own shape, or all of them flat."""
    chance = np.random.default_rng(11)
    days = chance.normal(0.0, 0.5, (70, 24))
    sums = no_days() if alike else add_days(no_days(), days, np.arange(70) % 7)
    one = pooled(sums)
    return DayShapes(
        mean=np.repeat(one.mean, count, axis=0), covariance=np.repeat(one.covariance, count, axis=0)
    )


def hour(cell: int, spend: Floats) -> Observed:
    """Return an hour at the first multiplier in which all campaigns won plenty."""
    count = len(spend)
    return Observed(
        cells=np.full(count, cell % 168),
        log_multiplier=np.zeros(count),
        spend=spend,
        impressions=np.full(count, 1_000.0),
        capped=np.zeros(count, dtype=np.bool_),
        usable=np.ones(count, dtype=np.bool_),
    )


def lived(logs: Floats, shapes: DayShapes) -> Pacing:
    """Return campaigns after hours from Monday midnight on, whose log spend is (hours, B)."""
    count = logs.shape[1]
    pacing = pacer.start(shapes, np.full(count, 100.0), np.zeros(count))
    for cell, spend in enumerate(np.exp(logs)):
        pacing = pacer.learn_hour(pacing, shapes, hour(cell, spend))
    return pacing


def noisy(hours: int, count: int = 3, seed: int = 0) -> Floats:
    """Return log spend around 100."""
    return np.random.default_rng(seed).normal(4.6, 0.4, (hours, count))


def whole_days(first: int, count: int, days: int) -> Coming:
    """Return the rest of the day of hour ``first``, and whole days after it."""
    rest = np.arange(first, first - first % 24 + 24)
    return Coming(
        cells=np.tile(rest % 168, (count, 1)),
        lift=np.zeros((count, len(rest))),
        weekdays=np.tile((first // 24 + 1 + np.arange(days)) % 7, (count, 1)),
        day_lift=np.zeros((count, days)),
    )


def all_hours(first: int, count: int, days: int) -> Ints:
    """Return the same hours, one by one."""
    return np.tile(np.arange(first, first - first % 24 + 24 + 24 * days) % 168, (count, 1))


def decided(
    pacing: Pacing, shapes: DayShapes, ahead: Coming, left: Floats | float, unreported: int = 0
) -> Spending:
    """Decide the next hour at the first multiplier."""
    count = len(pacing.cells)
    now = np.zeros(count), np.full(count, unreported)
    return pacer.decide_ahead(pacing, shapes, ahead, np.broadcast_to(left, count), now)


@quick
@given(st.integers(0, 60), st.integers(0, 2), st.integers(0, MONTH), st.integers(0, 9))
def test_a_month_by_whole_days_is_the_sum_of_its_hours(
    known: int, unreported: int, days: int, seed: int
) -> None:
    shapes = shapes_for(3)
    pacing, first = lived(noisy(known, seed=seed), shapes), known + unreported
    left = np.array([1e3, 1e4, 1e5])
    by_day = decided(pacing, shapes, whole_days(first, 3, days), left, unreported)
    one_by_one = coming.hours_only(all_hours(first, 3, days))
    by_hour = decided(pacing, shapes, one_by_one, left, unreported)

    assert by_day.log_multiplier == pytest.approx(by_hour.log_multiplier, abs=1e-9)
    assert by_day.cap == pytest.approx(by_hour.cap, rel=1e-9)
    rest = 24 - first % 24
    assert by_day.hours[:, :rest] == pytest.approx(by_hour.hours[:, :rest], rel=1e-9)
    sums = by_hour.hours[:, rest:].reshape(3, days, 24).sum(axis=2)
    assert by_day.hours[:, rest:] == pytest.approx(sums, rel=1e-9)


@quick
@given(st.integers(0, 60), st.integers(0, MONTH))
def test_a_row_that_ends_sooner_is_decided_as_if_it_were_alone(known: int, days: int) -> None:
    shapes = shapes_for(1)
    pacing = lived(noisy(known, 1), shapes)
    alone = decided(pacing, shapes, whole_days(known, 1, days), 5_000.0)
    longer = whole_days(known, 1, MONTH)
    longer.weekdays[:, days:] = -1
    among = decided(pacing, shapes, longer, 5_000.0)

    assert among.log_multiplier == pytest.approx(alone.log_multiplier, abs=1e-12)
    assert among.cap == pytest.approx(alone.cap, rel=1e-12)
    assert not among.hours[:, alone.hours.shape[1] :].any()


@quick
@given(st.integers(0, 60), st.integers(0, MONTH), st.integers(0, 9))
def test_more_money_for_a_month_never_means_a_lower_multiplier(
    known: int, days: int, seed: int
) -> None:
    shapes = shapes_for(40)
    pacing = lived(np.repeat(noisy(known, 1, seed), 40, axis=1), shapes)
    left = np.geomspace(1.0, 1e7, 40)
    spending = decided(pacing, shapes, whole_days(known, 40, days), left)

    assert (np.diff(spending.log_multiplier) >= 0.0).all()
    assert np.ptp(spending.log_multiplier) > 0.5


@pytest.mark.parametrize("known", [24 * 14, 24 * 14 + 9])
def test_an_even_budget_over_days_alike_is_paced_as_each_day_is(known: int) -> None:
    """Days of 24 hours that each spend 100 at the first multiplier."""
    shapes = shapes_for(1, alike=True)
    pacing = lived(np.full((known, 1), np.log(100.0)), shapes)
    share = (24 - known % 24) / 24
    for budget in (1_200.0, 2_400.0, 3_600.0):
        day = decided(pacing, shapes, whole_days(known, 1, 0), share * budget)
        month = decided(pacing, shapes, whole_days(known, 1, MONTH - 1), (share + 27) * budget)
        assert month.log_multiplier == pytest.approx(day.log_multiplier, abs=0.02)


def test_twice_the_traffic_told_of_all_hours_is_half_the_money() -> None:
    shapes = shapes_for(2)
    pacing = lived(noisy(30, 2), shapes)
    plain = whole_days(30, 2, 20)
    told = Coming(
        cells=plain.cells,
        lift=plain.lift + np.log(2.0),
        weekdays=plain.weekdays,
        day_lift=plain.day_lift + np.log(2.0),
    )
    twice = decided(pacing, shapes, told, 50_000.0)
    half = decided(pacing, shapes, plain, 25_000.0)

    assert twice.log_multiplier == pytest.approx(half.log_multiplier, abs=1e-12)
    assert twice.hours == pytest.approx(2.0 * half.hours, rel=1e-9)


def test_hours_in_flight_have_spent_what_was_told_of_them() -> None:
    shapes = shapes_for(2)
    pacing = lived(noisy(30, 2), shapes)
    hours = np.tile([30, 31], (2, 1)), np.zeros((2, 2))
    plain = [
        pacer.in_flight(pacing, shapes, (hours[0][:, :count], hours[1][:, :count]))
        for count in (1, 2)
    ]
    told = pacer.in_flight(pacing, shapes, hours, np.log([[1.0, 2.0]] * 2))

    assert told == pytest.approx(plain[0] + 2.0 * (plain[1] - plain[0]), rel=1e-12)


def test_what_is_told_of_one_day_is_kept_for_it() -> None:
    shapes = shapes_for(1)
    pacing = lived(noisy(30, 1), shapes)
    plain, told = whole_days(30, 1, 20), whole_days(30, 1, 20)
    told.day_lift[:, 6] = np.log(2.0)
    before = decided(pacing, shapes, plain, 50_000.0)
    after = decided(pacing, shapes, told, 50_000.0)

    assert after.log_multiplier[0] < before.log_multiplier[0]
    share = (after.hours / before.hours)[0]
    assert share[18 + 6] == pytest.approx(2.0 * share[0], rel=1e-9)
    assert np.delete(share, 18 + 6) == pytest.approx(share[0], rel=1e-9)


def test_a_day_of_twice_the_traffic_says_less_of_a_day_the_later_it_comes() -> None:
    shapes = shapes_for(1, alike=True)
    logs = np.full((24 * 15, 1), np.log(100.0))
    logs[-24:] += np.log(2.0)
    pacing = lived(logs, shapes)
    ahead = whole_days(24 * 15, 1, 10)
    spend, _ = coming.at_anchor(
        pacing.response, shapes, ahead, (pacing.cells, np.zeros(1, dtype=np.int64))
    )
    days = spend[0, 24:] / 2_400.0

    assert (np.diff(days) < 0.0).all()
    assert days[0] < 1.6
    assert 0.95 < days[-1] < 1.4


def test_a_level_that_lasts_is_the_usual_one_within_two_weeks() -> None:
    shapes = shapes_for(1, alike=True)
    logs = np.full((24 * 29, 1), np.log(100.0))
    logs[24 * 15 :] += np.log(2.0)
    pacing = lived(logs, shapes)
    ahead = whole_days(24 * 29, 1, 10)
    spend, _ = coming.at_anchor(
        pacing.response, shapes, ahead, (pacing.cells, np.zeros(1, dtype=np.int64))
    )

    assert spend[0, 24:] / 2_400.0 == pytest.approx(2.0, rel=0.2)


def test_after_an_odd_day_the_next_is_less_sure() -> None:
    shapes = shapes_for(1, alike=True)
    logs = np.full((24 * 15, 1), np.log(100.0))
    doubled = logs.copy()
    doubled[-24:] += np.log(2.0)
    plain, odd = (
        response.uncertainty(
            passing.hour_passed(lived(each, shapes).response, np.array([True]), np.zeros((1, 24))),
            np.zeros(1, dtype=np.int64),
            np.zeros(1),
        )[0]
        for each in (logs, doubled)
    )

    assert odd > 1.2 * plain


def test_days_are_learned_as_conditioning_a_gaussian_learns_them() -> None:
    """The filter over three days, against linear algebra on all that is random in them.

    Each quantity is a row of weights on independent standard normals.
    """
    hours, width = 72, 400
    chance = iter(np.eye(width))
    root = np.linalg.cholesky(shapes_for(1, alike=True).covariance[0])
    shape = root @ np.array([next(chance) for _ in range(24)])
    usual = 2.0 * next(chance)
    level, deviation, rows = usual, np.zeros(width), []
    for number in range(hours):
        if number % 24 == 0:
            level = 0.5 * (level + response.KEPT * deviation) + 0.5 * usual
            level = level + response.LEVEL_STEP * next(chance)
            usual = usual + response.USUAL_STEP * next(chance)
            start = response.DEVIATION_STEP / np.sqrt(1.0 - response.FADING**2)
            deviation = start * next(chance)
        else:
            deviation = response.FADING * deviation + response.DEVIATION_STEP * next(chance)
        rows.append(level + deviation + shape[number % 24])
    seen = np.array(rows)
    noise = np.eye(hours) * (response.NOISE**2 + 2.0 / 1_000.0)
    logs = np.log(100.0) + np.random.default_rng(3).normal(0.0, 0.08, (hours, 1))
    weights = np.linalg.solve(seen @ seen.T + noise, logs[:, 0] - np.log(100.0))

    known = lived(logs, shapes_for(1, alike=True)).response

    for part, truth in ((response.LEVEL, level), (response.USUAL, usual)):
        wanted = np.log(100.0) + truth @ seen.T @ weights
        assert known.mean[0, part] == pytest.approx(wanted, abs=1e-6)
        left = truth @ truth - (truth @ seen.T) @ np.linalg.solve(
            seen @ seen.T + noise, seen @ truth
        )
        assert known.covariance[0, part, part] == pytest.approx(left, rel=1e-6)


def forecast(known: Response, cell: int, hours: Ints) -> Floats:
    """Return the expected spend (R,) at the anchor of hours of the week after ``cell``."""
    now = np.array([cell]), np.zeros(1, dtype=np.int64)
    ahead = coming.hours_only(hours[None])
    spend, _ = coming.at_anchor(known, shapes_for(1, alike=True), ahead, now)
    return np.asarray(spend[0])


@pytest.mark.parametrize("known", [24 * 3, 24 * 3 + 7, 24 * 3 + 23])
def test_what_is_expected_is_what_the_passing_of_the_hours_would_leave(known: int) -> None:
    """The mean of a log-normal lies above its median by half of what is random in it by then."""
    now = lived(noisy(known, 1), shapes_for(1, alike=True)).response
    wanted, cells = [], np.arange(known, known + 24 * 5)
    left, shift = now, np.zeros((1, 24))
    for cell in cells:
        left = passing.hour_passed(left, np.array([cell % 24 == 0]), shift)
        median = response.expected(left, np.array([cell % 24]), left.anchor)[0]
        noise = response.NOISE**2 + response.DEVIATION_STEP**2
        if cell // 24 > (known - 1) // 24:
            fading, stays = response.FADING**2, response.STAYS**2
            noise = response.NOISE**2 + response.DEVIATION_STEP**2 / (1.0 - fading)
            noise += response.LEVEL_STEP**2 / (1.0 - stays)
        wanted.append(np.exp(median + 0.5 * noise))

    assert forecast(now, known - 1, cells % 168) == pytest.approx(np.array(wanted), rel=1e-9)


def test_hours_that_are_left_out_change_nothing_of_those_that_are_not() -> None:
    """A campaign that runs on Mondays only, seen against one that runs all week."""
    now = lived(noisy(10, 1), shapes_for(1, alike=True)).response
    hours = np.arange(10, 24 * 15)
    mondays = hours[hours // 24 % 7 == 0]

    all_week = forecast(now, 9, hours % 168)
    assert forecast(now, 9, mondays % 168) == pytest.approx(all_week[mondays - 10], rel=1e-12)


def test_moving_the_anchor_changes_nothing_that_is_expected_of_later_days() -> None:
    now = lived(noisy(30, 1), shapes_for(1, alike=True)).response
    there = now.anchor + 0.3
    moved = anchored(now, there, np.array([True]))
    hours = np.arange(30, 168)

    factor = np.exp(response.answer(now, there - now.anchor))
    expected = factor * forecast(now, 29, hours)
    assert forecast(moved, 29, hours) == pytest.approx(expected, rel=1e-9)
    sizes = [np.linalg.slogdet(each.covariance[0])[1] for each in (now, moved)]
    assert sizes[0] == pytest.approx(sizes[1], abs=1e-6)


def test_what_is_usual_is_forgotten_with_a_multiplier_that_wins_nothing() -> None:
    known = lived(noisy(24 * 9, 1), shapes_for(1, alike=True))
    fresh = restarted(known.response, np.array([2.0]), np.array([True]))
    assert fresh.covariance == pytest.approx(np.swapaxes(fresh.covariance, 1, 2))
    seen = hour(24 * 9, np.array([7.0]))
    found = response.learn(fresh, replace(seen, log_multiplier=np.array([2.0])))

    midnights = np.arange(24 * 10, 24 * 17, 24)
    assert forecast(found, 24 * 9 % 168, midnights % 168) == pytest.approx(7.0, rel=0.1)
