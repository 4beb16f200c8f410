"""The worlds that curves are learned in have the truth that they tell."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.response.world import DAYS, STRATA, world

FEW = 3_000


def test_a_day_of_usual_spend_brings_the_level_that_is_told() -> None:
    drawn = world(4, FEW)
    days = drawn.days

    expected = drawn.level[:, None] * (days.spend / drawn.usual[:, None]) ** drawn.exponent[:, None]

    # Days have shocks in common: 480 pool-days of 8 %.
    assert days.value.sum() / expected.sum() == pytest.approx(1.0, abs=0.02)


def test_spend_varies_by_what_the_stratum_says_or_by_jitter_and_demand() -> None:
    free, led = world(5, FEW), world(5, FEW, follows=0.5, jitter=0.1)

    varied = np.log(free.days.spend).std(axis=1)
    for stratum, deviation in enumerate(STRATA):
        assert varied[free.stratum == stratum].mean() == pytest.approx(deviation, rel=0.05)
    assert led.days.jitter is not None
    assert led.days.jitter.shape == (FEW, DAYS)
    assert led.days.jitter.std() == pytest.approx(0.1, rel=0.02)
