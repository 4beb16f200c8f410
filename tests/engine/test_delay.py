"""How mature an hour is, is learned from restatements, whatever order and company they come in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import delay
from engine.arrays import Floats
from engine.delay import AGES, Delays, Restated

ALL_AGES = np.array(AGES, dtype=np.float64)


def expected_share(ages: Floats, mean: float, withdrawn: float = 0.0, kept: float = 1.0) -> Floats:
    """Return the share of final conversions reported by an age, reckoned by integration.

    Clicks come evenly over an hour; delays are exponential, and so is how long those conversions
    are kept that are withdrawn.
    """
    since = np.asarray(ages)[:, None] + (np.arange(200) + 0.5) / 200
    there = 1.0 - np.exp(-since / mean)
    # The distribution of the sum of two exponential times.
    left = 1.0 - (mean * np.exp(-since / mean) - kept * np.exp(-since / kept)) / (mean - kept)
    share: Floats = (there - withdrawn * left).mean(axis=1) / (1.0 - withdrawn)
    return share


def taught(counts: Floats, ages: Floats) -> Delays:
    """Return the sums over hours (B, N) that were reported at each of ``ages``, (B, N, A)."""
    delays = delay.no_delays(len(counts))
    for at in range(len(ages) - 1):
        delays = delay.add_restatements(delays, pair(counts, ages, at))
    return delays


def pair(counts: Floats, ages: Floats, at: int) -> Restated:
    """Return one report of all hours, and the next."""
    size = counts.shape[1]
    return Restated(
        before=counts[:, :, at],
        after=counts[:, :, at + 1],
        earlier=np.full(size, ages[at]),
        later=np.full(size, ages[at + 1]),
    )


def learned(delays: Delays, ages: Floats) -> Floats:
    return delay.maturity(delays, delay.together(delays)).at(ages)


@pytest.mark.parametrize(
    ("mean", "withdrawn", "kept"), [(12.0, 0.0, 1.0), (12.0, 0.08, 48.0), (60.0, 0.2, 30.0)]
)
def test_the_delay_that_there_is_is_found(mean: float, withdrawn: float, kept: float) -> None:
    ages = np.arange(673.0)
    counts = 1e5 * expected_share(ages, mean, withdrawn, kept)[None, None]

    found = learned(taught(counts, ages), ALL_AGES)

    assert found[0] == pytest.approx(expected_share(ALL_AGES, mean, withdrawn, kept), abs=0.004)


def test_hours_that_are_still_young_do_not_make_delays_look_short() -> None:
    """Of most hours, only half a day is known; a mean over delays seen would be biased."""
    ages = np.arange(673.0)
    share = 1e4 * expected_share(ages, 24.0)[None, None]
    old = taught(share, ages)
    young = taught(np.repeat(share[:, :, :13], 500, axis=1), ages[:13])
    both = Delays(growth=old.growth + young.growth, level=old.level + young.level)

    assert learned(both, ALL_AGES)[0] == pytest.approx(expected_share(ALL_AGES, 24.0), abs=0.004)


def test_where_nobody_has_taught_anything_a_day_is_assumed() -> None:
    share = learned(delay.no_delays(2), np.array([24.0, 48.0, 672.0]))

    assert share == pytest.approx(np.tile([0.640, 0.867, 1.0], (2, 1)), abs=0.002)


@pytest.mark.parametrize("mean", [4.0, 12.0, 48.0])
def test_ages_that_nobody_has_lived_to_are_as_the_younger_ones_foretell(mean: float) -> None:
    """Of no hour more than its first day is known."""
    ages = np.arange(25.0)
    delays = taught(1e5 * expected_share(ages, mean)[None, None], ages)

    share = learned(delays, np.array([6.0, 24.0, 72.0]))[0]

    assert share == pytest.approx(expected_share(np.array([6.0, 24, 72]), mean), abs=0.03)


def test_a_withdrawal_does_not_make_what_is_still_to_come_look_sooner() -> None:
    """Delays of two days; of what was reported by the third, a quarter is withdrawn on the fourth.

    Nobody has lived beyond, so what comes there is foretold: no less of it than without them.
    """
    ages = np.arange(97.0)
    whole = 1e5 * expected_share(ages, 48.0)
    less = np.where(ages > 72.0, 0.75 * whole[72], whole)
    foretold = [
        learned(taught(counts[None, None], ages), np.array([96.0]))[0, 0]
        for counts in (np.minimum(whole, whole[72]), less)
    ]

    assert foretold[0] - 0.02 <= foretold[1] <= foretold[0]


counts_of_hours = st.lists(
    st.lists(st.integers(0, 30), min_size=6, max_size=6), min_size=1, max_size=8
)


@given(arrivals=counts_of_hours)
def test_maturity_never_falls_with_age_where_nothing_is_withdrawn(
    arrivals: list[list[int]],
) -> None:
    counts = np.cumsum(np.array(arrivals, dtype=np.float64), axis=1)[None]
    delays = taught(counts, np.array([0.0, 1.0, 2.0, 5.0, 30.0, 200.0]))

    share = learned(delays, np.arange(-2.0, 700.0))

    assert (np.diff(share) >= -1e-12).all()
    assert share.min() == 0.0
    assert share.max() == 1.0


def test_an_hour_that_is_not_over_has_no_conversion_to_expect() -> None:
    assert learned(delay.no_delays(1), np.array([-1.0, 0.0]))[0, 0] == 0.0
    assert learned(delay.no_delays(1), np.array([-1.0, 0.0]))[0, 1] > 0.0


def test_before_withdrawals_an_hour_is_more_than_mature_and_its_final_count_is_still_found() -> (
    None
):
    ages = np.array([0.0, 48.0, 672.0])
    delays = taught(np.array([[[0.0, 1_000.0, 900.0]] * 100]), ages)

    share = learned(delays, np.array([48.0]))[0, 0]

    assert 1_000.0 / share == pytest.approx(900.0, rel=0.01)


@given(counts=counts_of_hours, seed=st.integers(0, 99))
@settings(max_examples=50)
def test_the_order_of_hours_and_of_reports_changes_no_sum(
    counts: list[list[int]], seed: int
) -> None:
    seen, ages = np.array(counts, dtype=np.float64)[None], np.array([0.0, 1, 4, 9, 30, 700])
    chance = np.random.default_rng(seed)
    moved = seen[:, chance.permutation(seen.shape[1])]
    delays = delay.no_delays(1)
    for at in chance.permutation(5):
        delays = delay.add_restatements(delays, pair(moved, ages, at))

    assert delays.growth == pytest.approx(taught(seen, ages).growth)
    assert delays.level == pytest.approx(taught(seen, ages).level)


@given(counts=counts_of_hours)
@settings(max_examples=50)
def test_sums_of_parts_add_up_to_the_sums_of_all(counts: list[list[int]]) -> None:
    seen, ages = np.array(counts, dtype=np.float64), np.array([0.0, 2, 6, 12, 24, 48])
    apart = taught(seen[:, None], ages)
    at_once = taught(seen[None], ages)

    assert delay.together(apart).growth == pytest.approx(at_once.growth)
    assert delay.together(apart).level == pytest.approx(at_once.level)


def test_growth_is_all_that_came_in_however_the_ages_lie() -> None:
    delays = taught(np.array([[[1.0, 7.0, 6.0, 20.0]]]), np.array([0.5, 5.0, 31.0, 600.0]))

    assert delays.growth.sum() == pytest.approx(19.0)


def test_a_report_of_the_same_age_teaches_nothing() -> None:
    delays = taught(np.array([[[4.0, 9.0]]]), np.array([5.0, 5.0]))

    assert not delays.growth.any()
    assert not delays.level.any()


def test_a_campaign_with_few_conversions_is_like_the_others_and_one_with_many_like_itself() -> None:
    ages = np.arange(673.0)
    slow, fast = (expected_share(ages, mean)[None] for mean in (72.0, 6.0))
    delays = taught(np.stack([2e4 * slow, 1e6 * fast, 5.0 * slow]), ages)

    share = learned(delays, np.array([24.0]))[:, 0]

    assert share[0] == pytest.approx(expected_share(np.array([24.0]), 72.0)[0], abs=0.02)
    assert share[2] == pytest.approx(share[1], abs=0.05)


def test_company_in_a_batch_changes_nothing() -> None:
    chance = np.random.default_rng(5)
    ages = np.array([0.0, 1.0, 3.0, 30.0])
    counts = np.cumsum(chance.poisson(3.0, (7, 20, 4)), axis=2).astype(np.float64)
    pool = delay.together(taught(counts, ages))

    together = delay.maturity(taught(counts, ages), pool).at(ALL_AGES)
    alone = [delay.maturity(taught(counts[[row]], ages), pool).at(ALL_AGES)[0] for row in range(7)]

    assert together == pytest.approx(np.array(alone), rel=1e-12)


def test_what_is_old_counts_for_less_and_says_the_same() -> None:
    ages = np.arange(673.0)
    delays = taught(1e7 * expected_share(ages, 24.0)[None, None], ages)
    older = delay.faded(delays, delay.MEMORY)

    assert older.level == pytest.approx(delays.level / np.e)
    assert learned(older, ALL_AGES) == pytest.approx(learned(delays, ALL_AGES), abs=1e-3)
