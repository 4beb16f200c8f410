"""How coverage counts a day: forecasts that are right come to what is meant, lump or not."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from benchmarks.pacing.coverage import Made, inside


def right(lump: float, days: int = 20_000) -> Made:
    """Return days drawn from what is forecast of them: exhausted with the probability ``lump``.

    Else they end below the budget, the less likely the farther.
    """
    ranks = (np.arange(days) + 0.5) / days
    end = np.where(ranks > 1.0 - lump, 1.0, 0.9 + 0.09 * ranks)
    p10, p90 = (1.0 if at > 1.0 - lump else 0.9 + 0.09 * at for at in (0.1, 0.9))
    return of(end, p10, p90, lump)


def of(end: np.ndarray, p10: float, p90: float, exhaustion: float) -> Made:
    """Return one and the same forecast of several days."""
    return Made(
        hour=np.zeros(len(end), dtype=np.int64),
        kind=np.zeros(len(end), dtype=np.int64),
        known=np.zeros(len(end)),
        p10=np.full(len(end), p10),
        p90=np.full(len(end), p90),
        exhaustion=np.full(len(end), exhaustion),
        end=end,
    )


@pytest.mark.parametrize("lump", [0.0, 0.05, 0.3, 0.6, 0.95, 1.0])
def test_forecasts_that_are_right_come_to_four_fifths(lump: float) -> None:
    assert inside(right(lump)).mean() == pytest.approx(0.8, abs=0.001)


def test_a_lump_that_is_never_met_or_never_foreseen_is_no_success() -> None:
    ends = np.array([0.95, 1.0])
    sure_of_the_budget = inside(of(ends, 1.0, 1.0, 1.0))
    sure_of_a_rest = inside(of(ends, 0.94, 0.96, 0.0))

    assert sure_of_the_budget == pytest.approx([0.0, 0.8])
    assert sure_of_a_rest == pytest.approx([1.0, 0.0])


def test_a_wider_interval_holds_more_days() -> None:
    chance = np.random.default_rng(1)
    ends = 0.9 + 0.01 * chance.normal(size=5_000)
    within = [
        inside(of(ends, 0.9 - 0.01 * far, 0.9 + 0.01 * far, 0.0)).mean() for far in (0.5, 1.0, 2.0)
    ]

    normal = NormalDist()
    wanted = [2.0 * normal.cdf(far) - 1.0 for far in (0.5, 1.0, 2.0)]
    assert within == pytest.approx(wanted, abs=0.02)
