"""Hours in blocks: against all splits there are, and what a split keeps to."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from engine.arrays import Floats, Ints
from engine.hour_blocks import blocks

CHANCE = np.random.default_rng(1)
VALUES, WEIGHTS = CHANCE.normal(size=(3, 24)), CHANCE.random((3, 24))
WEIGHTS[0, :8] = 0.0


def misfit(values: Floats, weights: Floats, block: Ints) -> float:
    total = 0.0
    for number in set(block.tolist()):
        mine = block == number
        if weights[mine].sum() > 0.0:
            middle = float(np.average(values[mine], weights=weights[mine]))
            total += float((weights[mine] * (values[mine] - middle) ** 2).sum())
    return total


@pytest.mark.parametrize("most", [1, 2, 3, 4])
def test_no_other_split_fits_better(most: int) -> None:
    found = blocks(VALUES, WEIGHTS, most)
    for values, weights, block in zip(VALUES, WEIGHTS, found, strict=True):
        best = min(
            misfit(values, weights, np.searchsorted(cuts, np.arange(24), side="right"))
            for cuts in combinations(range(1, 24), most - 1)
        )
        assert misfit(values, weights, block) == pytest.approx(best, abs=1e-9)


def test_blocks_are_stretches_from_midnight_and_not_more_than_are_taken() -> None:
    for most in (1, 6, 7, 24):
        found = blocks(VALUES, WEIGHTS, most)
        assert (found[:, 0] == 0).all()
        assert set(np.diff(found, axis=1).ravel().tolist()) <= {0, 1}
        assert (found.max(axis=1) < most).all()


def test_a_day_of_three_kinds_of_hours_is_three_blocks() -> None:
    day = np.array([[1.0] * 8 + [2.0] * 10 + [1.5] * 6])
    assert blocks(day, np.zeros((1, 24)), 6)[0].tolist() == [0] * 8 + [1] * 10 + [2] * 6


def test_each_day_is_split_by_itself() -> None:
    alone = blocks(VALUES[1:2], WEIGHTS[1:2], 6)
    assert (blocks(VALUES, WEIGHTS, 6)[1] == alone[0]).all()
