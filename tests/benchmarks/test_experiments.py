"""The world that experiments are measured in: no effect is none, and one is what it says."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.experiments.figures import rejected
from benchmarks.experiments.world import ACCOUNTS, DAYS, Design, halves, switchback

LARGE = ACCOUNTS[-1]


@pytest.mark.parametrize(("design", "observations"), [(halves, DAYS), (switchback, DAYS // 2)])
def test_observations_lie_around_the_effect_that_there_is(
    design: Design, observations: int
) -> None:
    for lift in (1.0, 1.1):
        seen = design(LARGE, lift, 3, 60)

        assert seen.shape == (60, observations)
        error = 4.0 * seen.std() / np.sqrt(seen.size)
        assert seen.mean() == pytest.approx(np.log(lift), abs=error)


def test_an_effect_is_found_that_is_larger_than_any_chance() -> None:
    assert rejected(halves(LARGE, 1.2, 3, 40)) == 1.0
    assert rejected(np.zeros((4, DAYS))) == 0.0
