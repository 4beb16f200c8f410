"""Days with gaps: what was seen stays, what was not is guessed from the rest of the day."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.arrays import Bools, Floats
from engine.day_gaps import NEAR, UNLIKE, whole_days
from engine.day_shapes import add_days, no_days, pooled

DAY = 6.0 + np.cos(2 * np.pi * (np.arange(24) - 19) / 24)


def without(*hours: int) -> Bools:
    return ~np.isin(np.arange(24), hours)


def conditional(day: Floats, seen: Bools) -> tuple[Floats, Floats]:
    """Return mean and covariance of the hours not seen, from the precision of all of them.

    A level of which nothing is known adds a constant to all hours: the precision then takes no
    notice of constants.
    """
    hours = np.arange(24)
    apart = np.abs(hours[:, None] - hours)
    covariance = UNLIKE**2 * np.exp(-np.minimum(apart, 24 - apart) / NEAR)
    precision = np.linalg.inv(covariance)
    ones = precision.sum(axis=1)
    precision -= np.outer(ones, ones) / ones.sum()
    within = np.linalg.inv(precision[np.ix_(~seen, ~seen)])
    return -within @ precision[np.ix_(~seen, seen)] @ day[seen], within


@pytest.mark.parametrize("missing", [(3,), (0, 23), (9, 10, 11, 12), tuple(range(1, 24, 2))])
def test_what_was_not_seen_is_the_conditional_mean_of_a_normal_day_of_any_size(
    missing: tuple[int, ...],
) -> None:
    seen = without(*missing)
    days = whole_days(np.where(seen, DAY, np.nan)[None], seen[None])
    mean, covariance = conditional(DAY, seen)

    assert days.log_spend[0, ~seen] == pytest.approx(mean, abs=2e-3)
    unsure = days.unsure[0][np.ix_(~seen, ~seen)]
    assert unsure == pytest.approx(covariance, abs=2e-3)
    assert np.count_nonzero(days.unsure) == unsure.size
    assert (days.log_spend[0, seen] == DAY[seen]).all()


def test_a_day_that_was_seen_whole_stays_as_it_is() -> None:
    days = whole_days(DAY[None], without()[None])

    assert (days.log_spend == DAY).all()
    assert not days.unsure.any()


@given(st.sets(st.integers(0, 23), max_size=20), st.floats(-20.0, 20.0))
@settings(max_examples=20, deadline=None)
def test_a_campaign_that_is_so_many_times_as_big_has_the_same_gaps(
    missing: set[int], plus: float
) -> None:
    seen = without(*missing)[None]
    small, big = whole_days(DAY[None], seen), whole_days(DAY[None] + plus, seen)

    assert big.log_spend - plus == pytest.approx(small.log_spend, abs=1e-9)
    assert (big.unsure == small.unsure).all()


def test_an_hour_that_nobody_ever_saw_stays_unsure_and_the_others_become_sure() -> None:
    """Else days that never show their evening would make their guess of it as good as sure."""
    chance = np.random.default_rng(2)
    days = DAY + chance.normal(0.0, 0.05, (300, 24))
    seen = np.tile(without(19, 20, 21), (300, 1))
    whole = whole_days(days, seen)
    spread = pooled(
        add_days(no_days(), whole.log_spend, np.arange(300) % 7, whole.unsure)
    ).covariance[0]
    # Without what is added for days that lie hours later, which no day has taught of.
    still = pooled(add_days(no_days(), whole.log_spend, np.arange(300) % 7)).covariance[0]

    gained = np.diag(spread - still)
    assert (gained[19:22] > 0.08).all()
    assert (gained[without(18, 19, 20, 21, 22)] < 0.01).all()


def test_days_with_gaps_here_and_there_teach_nearly_what_whole_days_do() -> None:
    chance = np.random.default_rng(3)
    days = DAY + chance.normal(0.0, 0.1, (2_000, 24))
    seen = chance.random((2_000, 24)) > 0.1
    whole = whole_days(days, seen)
    gaps = pooled(add_days(no_days(), whole.log_spend, np.arange(2_000) % 7, whole.unsure))
    all_seen = pooled(add_days(no_days(), days, np.arange(2_000) % 7))

    assert gaps.mean == pytest.approx(all_seen.mean, abs=0.03)
