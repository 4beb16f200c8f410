"""Evidence of rates: fading, maturity, breakdowns against their totals, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from engine.arrays import Floats, Ints
from engine.delay import AGES, Maturity
from engine.errors import EngineError
from engine.rate_cells import UNKNOWN, Kinds, faded, gathered, matured, reconciled, together

KINDS = Kinds(campaigns=3, devices=2, placements=2)


def test_evidence_of_old_and_new_counts_by_how_much_there_is_of_it() -> None:
    """In a half-life half is left: 100 clicks at 8 % and then 50 new ones at 2 % make 5 %."""
    kinds, key = Kinds(campaigns=1, devices=1, placements=1), np.zeros((1, 5), dtype=np.int64)
    old = gathered(kinds, key, np.array([100.0]), np.array([8.0]))
    new = gathered(kinds, key, np.array([50.0]), np.array([1.0]))
    both = together(faded(old, np.array([720.0]), 720.0), new)
    assert both.exposure.tolist() == [100.0]
    assert both.conversions.tolist() == [5.0]
    # Fading twice is fading once for as long as both.
    twice = faded(faded(old, np.array([7.0])), np.array([11.0]))
    assert_allclose(twice.exposure, faded(old, np.array([18.0])).exposure)


def exponential(*means: float) -> Maturity:
    """Return how mature hours are where delays are exponential; clicks come all hour."""
    share = -np.expm1(-(np.array(AGES) + 0.5) / np.array(means)[:, None])
    return Maturity(logs=np.log(share / share[:, -1:]))


def test_young_clicks_count_by_the_share_of_their_conversions_that_is_there() -> None:
    share = exponential(24.0, 96.0)
    for age in AGES[:-1]:
        counted = matured(share, np.array([0, 1]), np.array([100.0, 10.0]), np.full(2, age * 1.0))
        known = -np.expm1(-(age + 0.5) / np.array([24.0, 96.0]))
        assert_allclose(counted, np.array([100.0, 10.0]) * known, rtol=2e-3)
    assert matured(share, np.array([0]), np.array([9.0]), np.array([-0.5])).tolist() == [0.0]


@pytest.mark.parametrize("mean", [6.0, 24.0, 96.0])
def test_between_the_ages_known_shares_bend_as_delays_do(mean: float) -> None:
    ages = np.linspace(0.0, 671.0, 2_000)
    ours = matured(exponential(mean), np.zeros(2_000, dtype=np.int64), np.ones(2_000), ages)
    assert_allclose(ours, -np.expm1(-(ages + 0.5) / mean), rtol=0.012)
    assert (np.diff(ours) >= -1e-12).all()


def test_where_conversions_are_withdrawn_shares_fall_from_age_to_age() -> None:
    logs = np.log(np.array([[0.2 + 0.1 * min(at, 9) - 0.02 * max(at - 9, 0) for at in range(17)]]))
    ages = np.linspace(0.0, 672.0, 500)
    logs = logs - logs[:, -1:]
    ours = matured(Maturity(logs=logs), np.zeros(500, dtype=np.int64), np.ones(500), ages)
    assert (np.diff(ours[ages <= AGES[9]]) >= -1e-12).all()
    assert (np.diff(ours[ages >= AGES[9]]) <= 1e-12).all()
    assert ours[-1] == pytest.approx(1.0)


def an_hour(clicks: float, sold: float, total: tuple[float, float]) -> tuple[Ints, Floats, bool]:
    """Return keys, counts and refusal of one hour with one row of ad set 3 on device 1."""
    keys = np.array([[0, 3, 1, 0, 7], [0, 9, 9, 9, 7]])
    found = reconciled(
        keys,
        np.array([0]),
        (np.array([clicks]), np.array([sold])),
        (np.array([total[0]]), np.array([total[1]])),
    )
    both = np.stack((found.clicks, found.conversions), axis=1)
    return found.keys, both, bool(found.refused[0])


def test_what_a_breakdown_leaves_of_its_total_is_of_unknown_kind() -> None:
    keys, both, refused = an_hour(6.0, 1.0, (10.0, 1.5))
    assert not refused
    assert keys.tolist() == [[0, 3, 1, 0, 7], [0, UNKNOWN, UNKNOWN, UNKNOWN, 7]]
    assert both.tolist() == [[6.0, 1.0], [4.0, 0.5]]


@pytest.mark.parametrize("total", [(5.0, 1.5), (10.0, 0.5)])
def test_a_breakdown_beyond_its_total_is_refused_and_the_total_counts(
    total: tuple[float, float],
) -> None:
    keys, both, refused = an_hour(6.0, 1.0, total)
    assert refused
    assert keys.tolist() == [[0, UNKNOWN, UNKNOWN, UNKNOWN, 7]]
    assert both.tolist() == [list(total)]


@pytest.mark.parametrize(
    ("key", "clicks", "sold", "said"),
    [
        ([3, 0, 0, 0, 0], 1.0, 0.0, "campaign must lie in"),
        ([0, 0, 2, 0, 0], 1.0, 0.0, "device must lie in"),
        ([0, 0, 0, 0, 24], 1.0, 0.0, "hour of the day must lie in"),
        ([0, 0, 0, 0, 0], -1.0, 0.0, "exposure must be finite"),
        ([0, 0, 0, 0, 0], 1.0, np.nan, "conversions must be finite"),
    ],
)
def test_what_cannot_be_is_refused_with_its_row(
    key: list[int], clicks: float, sold: float, said: str
) -> None:
    with pytest.raises(EngineError, match=f"row 0: {said}"):
        gathered(KINDS, np.array([key]), np.array([clicks]), np.array([sold]))
