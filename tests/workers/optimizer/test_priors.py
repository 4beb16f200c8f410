"""What a campaign begins with: its account's week, else its platform's, else that of all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.confidence import POOL_HALF
from engine.patterns import FLAT_STRENGTH
from schemas import Prior, PriorLevel, encode
from tests.workers.optimizer.world import START
from workers.optimizer.priors import PriorBook

ACCOUNT = ("google", "7")
EVER = 1e12
"""Campaign-days beyond which nothing is left to a wider level."""


def peak(hour: int) -> tuple[float, ...]:
    week = [0.5] * 168
    week[hour] = 168 - 0.5 * 167
    return tuple(week)


def a_prior(level: PriorLevel, hour: int, evidence: float, concentration: float = 50.0) -> Prior:
    return Prior(
        version=hour,
        level=level,
        platform=None if level is PriorLevel.ALL else "google",
        account_id="7" if level is PriorLevel.ACCOUNT else None,
        weights=peak(hour),
        evidence=evidence,
        concentration=concentration,
        campaigns=3,
        computed_at=START,
    )


def book(*priors: Prior) -> dict[bytes, bytes]:
    return {prior.key: encode(prior) for prior in priors}


@pytest.mark.parametrize(
    ("levels", "account", "hour"),
    [
        ((PriorLevel.ALL,), ACCOUNT, 1),
        ((PriorLevel.ALL, PriorLevel.PLATFORM), ACCOUNT, 2),
        ((PriorLevel.ALL, PriorLevel.PLATFORM, PriorLevel.ACCOUNT), ACCOUNT, 3),
        # Another account has its platform's, another platform's account that of all.
        ((PriorLevel.ALL, PriorLevel.PLATFORM, PriorLevel.ACCOUNT), ("google", "8"), 2),
        ((PriorLevel.ALL, PriorLevel.PLATFORM, PriorLevel.ACCOUNT), ("meta", "7"), 1),
    ],
)
def test_the_narrowest_level_that_is_well_known_counts(
    levels: tuple[PriorLevel, ...], account: tuple[str, str], hour: int
) -> None:
    known = book(*(a_prior(level, number + 1, EVER) for number, level in enumerate(levels)))
    prior, unreadable = PriorBook().priors(known, [account])
    np.testing.assert_allclose(prior.shape[0], peak(hour), rtol=1e-6)
    assert prior.strength[0] == pytest.approx(50.0)
    assert prior.evidence.tolist() == [EVER]
    assert unreadable == 0


def test_where_nothing_was_pooled_all_hours_are_alike() -> None:
    prior, _ = PriorBook().priors({}, [ACCOUNT])
    assert (prior.shape == 1.0).all()
    assert (prior.strength[0], prior.evidence[0], prior.version[0]) == (FLAT_STRENGTH, 0.0, 0)


def test_a_level_counts_by_its_evidence_and_leaves_the_rest_to_the_wider_one() -> None:
    # Each level is half known: an eighth is flat, an eighth of all, a quarter of the platform.
    levels = (PriorLevel.ALL, PriorLevel.PLATFORM, PriorLevel.ACCOUNT)
    known = book(*(a_prior(level, at + 1, POOL_HALF, 36.0) for at, level in enumerate(levels)))
    prior, _ = PriorBook().priors(known, [ACCOUNT])
    parts = (1 / 8, np.ones(168)), (1 / 8, peak(1)), (1 / 4, peak(2)), (1 / 2, peak(3))
    np.testing.assert_allclose(prior.shape[0], sum(w * np.array(week) for w, week in parts))
    assert prior.strength[0] == pytest.approx(FLAT_STRENGTH / 8 + 36.0 * 7 / 8)
    assert prior.version.tolist() == [1 + 2 + 3]


@given(st.lists(st.floats(0.0, 1e6), min_size=3, max_size=3), st.floats(0.0, 2_000.0))
@settings(max_examples=25, deadline=None)
def test_a_blend_has_mean_1_and_is_never_weaker_than_flat(
    evidence: list[float], concentration: float
) -> None:
    levels = (PriorLevel.ALL, PriorLevel.PLATFORM, PriorLevel.ACCOUNT)
    known = book(*map(a_prior, levels, (1, 2, 3), evidence, [concentration] * 3))
    prior, _ = PriorBook().priors(known, [ACCOUNT])
    assert prior.shape.mean() == pytest.approx(1.0)
    assert prior.strength[0] >= FLAT_STRENGTH * (1 - 1e-12)
    assert prior.evidence.tolist() == [max(evidence)]


def test_a_record_that_cannot_be_read_is_left_out_and_counted() -> None:
    known = {**book(a_prior(PriorLevel.ALL, 1, EVER)), b"google": b"no prior"}
    prior, unreadable = PriorBook().priors(known, [ACCOUNT, ("meta", "7")])
    np.testing.assert_allclose(prior.shape, [peak(1), peak(1)], rtol=1e-6)
    assert unreadable == 1
