"""What closed days of others teach of the shape of a day."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.day_shapes import add_days, add_weeks, no_days, pooled


def days(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw log spends of campaign-days with a known shape and spread, and their weekdays."""
    chance = np.random.default_rng(11)
    shape = np.cos(2 * np.pi * (np.arange(24) - 19) / 24)
    swing = chance.normal(0.8, 0.2, (count, 1))
    size = chance.normal(5.0, 2.0, (count, 1))
    return size + swing * shape + chance.normal(0.0, 0.1, (count, 24)), np.arange(count) % 7


def test_where_nobody_has_taught_anything_the_day_is_flat_and_little_is_sure() -> None:
    shapes = pooled(no_days())

    assert np.array_equal(shapes.mean, np.zeros((1, 7, 24)))
    assert np.diag(shapes.covariance[0]) == pytest.approx(np.full(24, 0.36))


def test_many_days_teach_their_mean_and_covariance() -> None:
    logs, weekdays = days(20_000)
    once = add_days(no_days(), logs, weekdays)
    # As many again, twenty times over, teach the same.
    often = replace(once, days=20 * once.days, total=20 * once.total, products=20 * once.products)
    shapes = pooled(often)
    centred = logs - logs.mean(axis=1, keepdims=True)

    assert shapes.mean[0, 3] == pytest.approx(centred.mean(axis=0), abs=0.02)
    assert shapes.covariance[0] == pytest.approx(np.cov(centred.T), abs=0.005)


def test_days_add_up_in_any_parts() -> None:
    logs, weekdays = days(70)
    at_once = add_days(no_days(), logs, weekdays)
    in_parts = add_days(add_days(no_days(), logs[:13], weekdays[:13]), logs[13:], weekdays[13:])

    assert in_parts.days == pytest.approx(at_once.days)
    assert in_parts.total == pytest.approx(at_once.total)
    assert in_parts.products == pytest.approx(at_once.products)


@pytest.mark.parametrize("count", [1, 5, 200])
def test_a_covariance_is_one_however_few_the_days(count: int) -> None:
    logs, weekdays = days(count)
    covariance = pooled(add_days(no_days(), logs, weekdays)).covariance[0]

    assert covariance == pytest.approx(covariance.T)
    assert np.linalg.eigvalsh(covariance).min() > 0.0


def test_how_big_a_campaign_is_teaches_nothing() -> None:
    logs, weekdays = days(50)
    small, big = (pooled(add_days(no_days(), logs + plus, weekdays)) for plus in (0.0, 9.0))

    assert small.mean == pytest.approx(big.mean)
    assert small.covariance == pytest.approx(big.covariance)


def test_a_day_that_lies_hours_later_is_no_surprise_where_few_have_taught() -> None:
    logs, weekdays = days(280)
    shapes = pooled(add_days(no_days(), logs, weekdays))
    usual = (logs - logs.mean(axis=1, keepdims=True)).mean(axis=0)
    apart = np.roll(usual, 5) - usual
    # The sum of squares of 24 standard normal numbers has the mean 24 and the deviation 7.
    assert apart @ np.linalg.solve(shapes.covariance[0], apart) < 24.0
    assert apart @ np.linalg.solve(np.cov(logs.T), apart) > 100.0


def test_whole_weeks_teach_how_big_each_weekday_is() -> None:
    """The mean of a two-way layout: campaigns of any size, and weekdays that all of them share."""
    chance = np.random.default_rng(12)
    weekday = np.array([0.1, 0.2, 0.0, 0.0, 0.0, -0.1, -0.2])
    shape = np.cos(2 * np.pi * (np.arange(24) - 19) / 24)
    sizes = chance.normal(5.0, 2.0, (500, 1, 1))
    logs = sizes + weekday[:, None] + shape + chance.normal(0.0, 0.2, (500, 7, 24))
    weeks = add_weeks(no_days(), logs)

    assert pooled(weeks).mean[0] == pytest.approx(weekday[:, None] + shape, abs=0.05)
    assert pooled(weeks).mean[0].mean(axis=1) == pytest.approx(weekday, abs=0.01)
    as_days = add_days(no_days(), logs.reshape(-1, 24), np.arange(3_500) % 7)
    assert pooled(weeks).covariance == pytest.approx(pooled(as_days).covariance)
    again = add_weeks(add_weeks(no_days(), logs[:200]), logs[200:])
    assert pooled(again).mean == pytest.approx(pooled(weeks).mean)


def test_one_week_teaches_little_of_how_big_a_weekday_is() -> None:
    logs = np.zeros((1, 7, 24))
    logs[0, 3] = 1.0
    learned = pooled(add_weeks(no_days(), logs)).mean[0].mean(axis=1)

    assert learned[3] == pytest.approx((1.0 - 1.0 / 7.0) / (1.0 + 3.0))
