"""Laws of intervals that hold at all times, against simulation and numerical integration."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.confidence_sequences import Mixture, half_width, log_evidence, sequence
from engine.errors import EngineError

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, int]], Floats]

MANY = 20_000


def _counts(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    mine, theirs = (rng.poisson(3.0, shape) + 0.5 for _ in range(2))
    return np.asarray(np.log(mine / theirs))


NOISE: dict[str, Draw] = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "heavy tails": lambda rng, shape: rng.standard_t(4.0, shape),
    "small counts": _counts,
    "growing": lambda rng, shape: rng.standard_normal(shape) * np.linspace(0.7, 1.4, shape[1]),
}


@pytest.mark.parametrize("days", [30, 60, 180])
@pytest.mark.parametrize("noise", NOISE)
def test_the_interval_holds_the_truth_at_all_times_together(noise: str, days: int) -> None:
    draws = NOISE[noise](np.random.default_rng(5), (MANY, days)) + 0.4
    known = sequence(draws, Mixture(tuned=days / 2))
    outside = np.abs(known.estimate - 0.4) > known.half_width
    missed = (outside & known.told).any(axis=1).mean()

    assert missed <= 0.05
    # And it is no wider for it than it has to be.
    assert missed >= 0.01


@pytest.mark.parametrize("alpha", [0.005, 0.01, 0.05, 0.2])
def test_looking_every_day_calls_no_difference_one_at_most_as_often_as_allowed(
    alpha: float,
) -> None:
    draws = np.random.default_rng(6).standard_normal((MANY, 60))
    known = sequence(draws, Mixture(alpha=alpha))

    assert (known.p_value[:, -1] <= alpha).mean() <= alpha


def test_the_evidence_is_the_likelihood_ratio_integrated_over_the_mixture() -> None:
    rng, mixture = np.random.default_rng(7), Mixture(alpha=0.1, tuned=20.0)
    grid = np.linspace(-12.0, 12.0, 400_001)
    for count in (20, 45, 70):
        seen = rng.normal(0.4, 1.7, count)
        deviation = seen.std(ddof=1)
        spread = deviation * np.sqrt(mixture.ratio)
        prior = np.exp(-0.5 * (grid / spread) ** 2) / (spread * np.sqrt(2.0 * np.pi))
        ratio = np.exp((seen.sum() * grid - 0.5 * count * grid**2) / deviation**2)
        evidence = float((prior * ratio).sum() * (grid[1] - grid[0]))

        assert sequence(seen[None], mixture).log_evidence[0, -1] == pytest.approx(np.log(evidence))


@given(
    count=st.integers(1, 5_000),
    deviation=st.floats(1e-3, 1e3),
    alpha=st.floats(1e-4, 0.9),
    tuned=st.floats(0.5, 1e4),
)
def test_evidence_reaches_its_bound_where_the_interval_leaves_zero(
    count: int, deviation: float, alpha: float, tuned: float
) -> None:
    mixture, counts = Mixture(alpha=alpha, tuned=tuned), np.array([count])
    edge = half_width(np.array([deviation]), counts, mixture)

    reached = log_evidence(edge, np.array([deviation]), counts, mixture)
    assert reached == pytest.approx(np.log(1.0 / alpha), rel=1e-6, abs=1e-9)


def test_the_interval_is_narrowest_for_its_number_where_it_was_tuned() -> None:
    one, at = np.ones(1), np.array([40])
    widths = [
        float(half_width(one, at, Mixture(tuned=tuned))[0]) for tuned in np.arange(4.0, 400.0)
    ]

    assert np.arange(4.0, 400.0)[int(np.argmin(widths))] == pytest.approx(40.0, rel=0.15)


def test_nothing_is_said_before_the_burn_in_and_the_p_value_never_rises() -> None:
    known = sequence(np.random.default_rng(8).standard_normal((50, 40)), Mixture())
    first = Mixture().burn_in - 1

    assert not (known.told | known.differs)[:, :first].any()
    assert known.told[:, first:].all()
    assert (known.p_value[:, :first] == 1.0).all()
    assert (np.diff(known.p_value, axis=1) <= 0.0).all()
    assert (known.p_value > 0.0).all()


def test_what_is_missing_changes_nothing_and_no_series_another() -> None:
    rng, mixture = np.random.default_rng(9), Mixture()
    whole = rng.normal(1e6, 1.0, (3, 30))
    holes = np.insert(whole, [0, 4, 30], np.nan, axis=1)
    known, again = sequence(whole, mixture), sequence(holes, mixture)
    alone = sequence(whole[1:2], mixture)

    for name in ("count", "estimate", "deviation", "half_width", "log_evidence"):
        assert (getattr(known, name)[:, -1] == getattr(again, name)[:, -1]).all()
        assert (getattr(known, name)[1] == getattr(alone, name)[0]).all()
    assert known.deviation[:, -1] == pytest.approx(whole.std(axis=1, ddof=1))
    assert sequence(np.full((1, 3), np.nan), mixture).estimate.tolist() == [[0.0, 0.0, 0.0]]


def test_observations_that_do_not_differ_prove_nothing() -> None:
    assert sequence(np.ones((1, 40)), Mixture()).p_value[0, -1] == 1.0


@pytest.mark.parametrize(
    "wrong", [{"alpha": 0.0}, {"alpha": 1.0}, {"tuned": 0.0}, {"tuned": np.inf}]
)
def test_what_is_no_level_or_number_of_observations_is_refused(wrong: dict[str, float]) -> None:
    (name,) = wrong
    with pytest.raises(EngineError, match=name):
        Mixture(**wrong)
