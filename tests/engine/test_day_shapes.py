"""What closed days of others teach of the shape of a day."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine import day_shapes
from engine.day_shapes import (
    ShapeSums,
    add_days,
    add_levels,
    add_weeks,
    no_days,
    of_campaigns,
    pooled,
)
from engine.shape_rows import pack


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


def test_the_order_of_days_and_weeks_is_irrelevant_to_the_last_bit() -> None:
    logs, weekdays = days(200)
    mixed = np.random.default_rng(1).permutation(200)
    one, other = no_days(), no_days()
    for at in range(200):
        one = add_days(one, logs[[at]], weekdays[[at]])
        one = add_levels(one, logs[[at], :7])
        other = add_days(other, logs[mixed[[at]]], weekdays[mixed[[at]]])
        other = add_levels(other, logs[mixed[[at]], :7])

    assert (
        pack(one)
        == pack(other)
        == pack(add_levels(add_days(no_days(), logs, weekdays), logs[:, :7]))
    )


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


def shifted(count: int, hours: int) -> ShapeSums:
    """Return the sums of days whose shape lies some hours later."""
    logs, weekdays = days(count)
    return add_days(no_days(), np.roll(logs, hours, axis=1), weekdays)


@pytest.mark.parametrize("count", [0, 1, 3, 30, 3_000])
def test_an_account_with_few_days_leans_on_its_platform(count: int) -> None:
    """A mean of n days with a prior of k: n / (n + k) of the way, all of one weekday or of all."""
    platform = shifted(20_000, 0)
    logs = np.tile(np.roll(days(20_000)[0], 6, axis=1).mean(axis=0), (count, 1))
    account = add_days(no_days(), logs, np.full(count, 2)) if count else no_days()
    wide, narrow = pooled(platform).mean[0], pooled(account, [platform]).mean[0]
    own = logs[0] - logs[0].mean() if count else np.zeros(24)
    # Wednesday leans on the account's mean day, and this on the platform's.
    apart = count / (count + 3.0)
    wednesday = (count + 3.0 * apart) / (count + 3.0) if count else 0.0

    assert narrow[2] == pytest.approx(wide[2] + wednesday * (own - wide[2]), abs=1e-3)
    assert narrow[5] == pytest.approx(wide[5] + apart * (own - wide[2]), abs=1e-3)


def test_the_spread_of_few_days_leans_on_the_platforms() -> None:
    platform, account = shifted(2_000, 0), shifted(3, 0)
    wide, narrow = (pooled(*each).covariance[0] for each in ((platform,), (account, [platform])))
    alone = pooled(account).covariance[0]

    assert np.abs(narrow - wide).max() < 0.1 * np.abs(alone - wide).max()


def test_a_scope_that_nobody_has_taught_is_its_wider_one() -> None:
    platform = add_weeks(no_days(), days(70)[0].reshape(10, 7, 24))
    for wider in ([platform], [platform, no_days()], [no_days(), platform]):
        shapes = pooled(no_days(), wider)
        assert shapes.mean == pytest.approx(pooled(platform).mean, abs=1e-12)
        assert shapes.covariance == pytest.approx(pooled(platform).covariance, abs=1e-12)


def test_an_account_leans_on_how_big_weekdays_are_elsewhere() -> None:
    levels = np.array([0.3, 0.0, 0.0, 0.0, 0.0, 0.0, -0.3])
    platform = add_levels(no_days(), np.tile(levels, (10_000, 1)))
    account = add_levels(no_days(), np.tile(-levels, (3, 1)))

    learned = pooled(account, [platform]).mean[0].mean(axis=1)
    # Three weeks of its own against three that the platform counts for.
    assert learned == pytest.approx(np.zeros(7), abs=1e-3)


def test_many_accounts_are_pooled_at_once_as_one_by_one() -> None:
    platform, accounts = shifted(500, 0), [shifted(20, 3), no_days(), shifted(700, 1)]
    together = ShapeSums(
        **{
            name: np.stack([getattr(account, name) for account in accounts])
            for name in ShapeSums.__slots__
        }
    )
    at_once = pooled(together, [platform])
    for at, account in enumerate(accounts):
        alone = pooled(account, [platform])
        assert at_once.mean[at] == pytest.approx(alone.mean[0])
        assert at_once.covariance[at] == pytest.approx(alone.covariance[0])


def test_days_of_few_campaigns_count_for_a_week_of_each() -> None:
    sums = add_weeks(no_days(), days(700)[0].reshape(100, 7, 24))

    assert of_campaigns(sums, 3).days.sum() == pytest.approx(21.0)
    assert of_campaigns(sums, 100).days.sum() == of_campaigns(sums, 10**6).days.sum() == 700.0
    # They say the same, with less weight.
    few = of_campaigns(sums, 3)
    assert few.total / few.days[:, None] == pytest.approx(sums.total / sums.days[:, None])
    assert few.weeks == sums.weeks
    assert of_campaigns(no_days(), 0).days.sum() == 0.0


def test_old_days_are_halved_so_that_new_ones_go_on_counting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(day_shapes, "MOST_DAYS", 100.0)
    sums = no_days()
    for _ in range(50):
        sums = add_days(sums, *days(10))
    logs, weekdays = days(10)
    for _ in range(50):
        sums = add_days(sums, np.roll(logs, 12, axis=1), weekdays)

    assert sums.days.sum() <= 100.0
    late = np.roll(logs - logs.mean(axis=1, keepdims=True), 12, axis=1).mean(axis=0)
    assert sums.total.sum(axis=0) / sums.days.sum() == pytest.approx(late, abs=0.02)
