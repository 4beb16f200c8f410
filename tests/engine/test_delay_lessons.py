"""A new campaign's first days are judged by the delay of its account, and closer to the truth."""

from __future__ import annotations

import numpy as np
import pytest

from engine import delay, delay_pool
from engine.arrays import Floats
from engine.delay import STEPS, Delays, Restated, Taught

RATE = 2.0
"""Conversions an hour."""
TEACHERS, DAYS = 6, 14
HOURS = 48
CAMPAIGNS = 40
FIXED = delay.taught_by(delay.no_delays(1))


def share(ages: Floats, means: Floats) -> Floats:
    """Return the share (B, N) reported at an age in hours; clicks come evenly in an hour."""
    since = ages[:, None] + (np.arange(60) + 0.5) / 60
    there: Floats = (1.0 - np.exp(-since / means[:, None, None])).mean(axis=2)
    return there


def day_by_day(means: Floats, hours: int, chance: np.random.Generator) -> list[Delays]:
    """Return what each day of life adds to the sums of campaigns whose hours are told hourly."""
    share_at = share(np.arange(float(hours)), means)
    arrive = np.diff(share_at, axis=1, prepend=0.0)[:, None, :]
    counts = chance.poisson(RATE * np.repeat(arrive, hours, axis=1)).cumsum(axis=2).astype(float)
    days = []
    for first in range(0, hours, 24):
        sums = delay.no_delays(len(means))
        for now in range(max(first, 1), first + 24):
            told = np.arange(now)
            later = (now - told).astype(np.float64)
            before, after = (counts[:, told, now - told - back] for back in (1, 0))
            restated = Restated(before=before, after=after, earlier=later - 1.0, later=later)
            sums = delay.add_restatements(sums, restated)
        days.append(sums)
    return days


def lessons(means: Floats, chance: np.random.Generator) -> Taught:
    """Return what an account teaches, its days in whole thousandths as records carry them."""
    pool = delay_pool.unpack(b"")
    for at, sums in enumerate(day_by_day(means, 24 * DAYS, chance)):
        for row in range(len(means)):
            growth, level = (
                np.round(1_000 * each[row]).astype(np.int64) for each in (sums.growth, sums.level)
            )
            pool = delay_pool.add_day(pool, 28 * 700 + at, growth, level)
    account = delay_pool.pooled(pool)
    return delay_pool.lessons([account, account, account])


def bias(mean: float, spread: float, seed: int) -> tuple[Floats, Floats]:
    """Return how far off the mature part of two days' even cost is, (B,): fixed, and pooled."""
    chance = np.random.default_rng([seed, int(mean)])
    means = mean * np.exp(spread * chance.normal(size=TEACHERS + CAMPAIGNS))
    taught, own = lessons(means[:TEACHERS], chance), means[TEACHERS:]
    days = day_by_day(own, HOURS, chance)
    known = Delays(growth=sum(d.growth for d in days), level=sum(d.level for d in days))  # type: ignore[arg-type]
    ages = np.arange(float(HOURS))
    truth = share(ages, own).sum(axis=1)
    fixed, pooled = (delay.mature(known, each).at(ages).sum(axis=1) for each in (FIXED, taught))
    return fixed / truth - 1.0, pooled / truth - 1.0


@pytest.mark.parametrize("mean", [12.0, 48.0])
def test_where_campaigns_agree_little_of_the_error_is_left(mean: float) -> None:
    errors = [bias(mean, 0.0, seed) for seed in range(3)]
    fixed, pooled = (np.concatenate(each) for each in zip(*errors, strict=True))

    assert abs(fixed.mean()) > 0.2
    assert abs(pooled.mean()) < 0.03
    assert np.abs(pooled).mean() < 0.2 * np.abs(fixed).mean()


@pytest.mark.parametrize("mean", [12.0, 24.0, 48.0])
def test_where_campaigns_differ_the_error_is_no_greater(mean: float) -> None:
    """Mean delays differ by a factor of two; what is fixed is once right in their middle."""
    errors = [bias(mean, 0.7, seed) for seed in range(4)]
    fixed, pooled = (np.concatenate(each) for each in zip(*errors, strict=True))

    assert np.abs(pooled).mean() < np.abs(fixed).mean()


def test_what_is_taught_has_one_row_of_steps_whatever_was_pooled() -> None:
    taught = delay_pool.lessons([delay_pool.no_sums()] * 3)

    assert taught.steps.shape == (1, STEPS)
    assert taught.strength.tolist() == [[delay_pool.OWN]]
