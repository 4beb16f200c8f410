"""Lifetime value: what is foreseen of days of clicks, by themselves and by their neighbours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.arrays import Floats, Ints
from engine.chain_ladder import Triangle
from engine.cohorts import Foreseen, Lessons, foresee, learn, teach, total, worth
from engine.intervals import Interval
from engine.value_growth import AGES, MOST_TAIL
from engine.value_lasting import Stays, lasting
from engine.value_spread import Cohorts
from tests.engine.cohort_lives import ALL_AGES, days, grown


def foreseen(cohorts: Cohorts, horizon: float, lessons: Lessons | None = None) -> Foreseen:
    return foresee(cohorts, learn(cohorts, lessons or teach(cohorts)), horizon)


def noisy(seed: int = 0, campaigns: int = 3, count: int = 120, size: float = 2_000.0) -> Cohorts:
    """Return days of orders of 10 each that come by chance, and come again within weeks."""
    chance = np.random.default_rng(seed)
    clicks = chance.poisson(size, (campaigns, count)).astype(np.float64)
    steps = np.diff(grown(0.6, 25.0), prepend=0.0)
    counts = chance.poisson(0.03 * clicks[..., None] * steps)
    return days(10.0 * np.cumsum(counts.astype(np.float64), axis=2), clicks)


def part(cohorts: Cohorts, rows: slice, columns: Ints | slice = slice(None)) -> Cohorts:
    at = (rows, columns)
    triangle = Triangle(value=cohorts.triangle.value[at], known=cohorts.triangle.known[at])
    names = ("now", "age", "clicks", "conversions")
    return Cohorts(triangle=triangle, **{name: getattr(cohorts, name)[at] for name in names})


def whole(found: Foreseen) -> Interval:
    return total(found, np.ones(found.value.shape, dtype=np.bool_))


def numbers(found: Foreseen) -> Floats:
    among = whole(found)
    sums = np.stack((among.low, among.middle, among.high), axis=1)
    return np.concatenate((found.value, found.low, found.high, sums), axis=1)


def test_value_that_grows_alike_in_all_days_is_foretold_from_the_first_day_on() -> None:
    clicks = np.full((1, 150), 1e5)
    cohorts = days(clicks[..., None] * grown(0.5, 20.0), clicks)
    found = foreseen(cohorts, 90.0)

    # Between two ages growth is taken for even, so that a day between them may be a little off.
    assert found.value[0, -1] == pytest.approx(1e5 * grown(0.5, 20.0)[AGES.index(90)], rel=2e-3)
    at_ages = np.isin(cohorts.age[0], AGES)
    assert found.value[0, at_ages] == pytest.approx(1e5 * (1.0 + 0.5 * (1.0 - np.exp(-4.5))), 2e-3)


def test_a_day_past_the_horizon_has_what_it_had_come_to_there_and_no_doubt() -> None:
    cohorts = noisy()
    found = foreseen(cohorts, 30.0)
    past = cohorts.age >= 30.0

    assert past.sum() > 100
    told = cohorts.triangle.value[..., AGES.index(30)]
    assert (found.value[past] == told[past]).all()
    assert (found.low[past] == told[past]).all()
    assert (found.high[past] == told[past]).all()
    assert (found.high[~past] > found.low[~past]).all()


def test_one_campaigns_value_does_not_depend_on_its_batch() -> None:
    cohorts = noisy(campaigns=5)
    lessons = teach(cohorts)
    together = numbers(foreseen(cohorts, 60.0, lessons))

    for i in range(5):
        alone = numbers(foreseen(part(cohorts, slice(i, i + 1)), 60.0, lessons))
        assert alone.tobytes() == together[i : i + 1].tobytes()


def test_the_order_of_days_does_not_matter() -> None:
    cohorts = noisy()
    mixed = np.random.default_rng(1).permutation(cohorts.now.shape[1])
    one, other = foreseen(cohorts, 90.0), foreseen(part(cohorts, slice(None), mixed), 90.0)

    assert other.value == pytest.approx(one.value[:, mixed], rel=1e-9)
    assert whole(other).high == pytest.approx(whole(one).high, rel=1e-9)


def test_money_may_be_in_any_unit() -> None:
    cohorts = noisy(size=200.0)
    triangle = cohorts.triangle
    cents = replace(
        cohorts,
        triangle=Triangle(value=100.0 * triangle.value, known=triangle.known),
        now=100.0 * cohorts.now,
    )

    assert numbers(foreseen(cents, 90.0)) == pytest.approx(100.0 * numbers(foreseen(cohorts, 90.0)))


def test_of_the_youngest_day_most_is_said_by_its_clicks_and_of_old_ones_by_its_own_value() -> None:
    """A day of twice the usual value: of small ones it is chance, of large ones its customers."""
    clicks = np.full((2, 120), 1.0)
    clicks[0], clicks[1] = 20.0, 20_000.0
    value = 0.1 * clicks[..., None] * grown(0.6, 25.0)
    value[:, -1] *= 2.0
    cohorts = days(value, clicks)
    nothing = np.zeros(1)
    lessons = replace(teach(cohorts), lasting=nothing)
    found = foreseen(cohorts, 90.0, lessons)
    usual = found.value[:, -2] - cohorts.now[:, -2]
    coming = found.value[:, -1] - cohorts.now[:, -1]

    assert coming[0] / usual[0] < 1.1
    assert coming[1] / usual[1] > 1.9


def test_a_campaign_of_which_little_is_known_grows_as_its_neighbours_and_a_big_one_as_itself() -> (
    None
):
    clicks = np.array([np.full(120, 1e5), np.full(120, 1e5), np.full(120, 3.0)])
    curves = np.stack([grown(1.0, 20.0), grown(0.5, 20.0), grown(0.0, 20.0)])
    cohorts = days(0.1 * clicks[..., None] * curves[:, None, :], clicks)
    growth = np.exp(-learn(cohorts, teach(cohorts)).development.logs[:, 0])

    assert growth[:2] == pytest.approx([2.0, 1.5], rel=0.01)
    assert 1.5 < growth[2] < 1.8


def test_what_nobody_has_lived_to_is_bounded_and_doubted_and_nothing_without_any_growth() -> None:
    clicks = np.full((1, 30), 1e4)
    slow = days(clicks[..., None] * (1.0 + 0.02 * ALL_AGES), clicks)
    still = days(np.repeat(clicks[..., None], len(AGES), axis=2), clicks)
    oldest = slow.now[0, 0]
    found = foreseen(slow, 730.0)

    assert found.value[0, 0] <= 1.001 * MOST_TAIL * oldest
    assert found.high[0, 0] - found.low[0, 0] > 0.2 * oldest
    assert foreseen(still, 730.0).value == pytest.approx(still.now, rel=1e-3)


def test_withdrawals_lower_what_is_foreseen() -> None:
    clicks = np.full((1, 120), 1e4)
    back = 1.0 - 0.2 * -np.expm1(-ALL_AGES / 10.0)
    cohorts = days(clicks[..., None] * back, clicks)
    found = foreseen(cohorts, 90.0)

    assert found.value[0, -1] == pytest.approx(1e4 * 0.8, rel=0.01)
    assert found.low[0, -1] < found.value[0, -1] < found.high[0, -1]


def test_limits_hold_about_four_of_five_and_what_is_foreseen_is_right_in_the_mean() -> None:
    held, ratio = [], []
    for seed in range(12):
        cohorts = noisy(seed, campaigns=10, count=180, size=300.0)
        # All of these are known at ninety days; eleven weeks before, the last were young.
        older = part(cohorts, slice(None), slice(0, 90))
        true = older.triangle.value[..., AGES.index(90)]
        ago = _earlier(older, 76.0)
        found = foreseen(ago, 90.0)
        young = (ago.age >= 7.0) & (ago.age <= 21.0)
        held.append(((found.low <= true) & (true <= found.high))[young].mean())
        ratio.append(found.value[young].sum() / true[young].sum())

    assert 0.75 <= np.mean(held) <= 0.85
    assert np.mean(ratio) == pytest.approx(1.0, abs=0.03)


def _earlier(cohorts: Cohorts, by: float) -> Cohorts:
    """Return what was known of cohorts so many days earlier."""
    age = cohorts.age - by
    known = cohorts.triangle.known & (age[..., None] >= ALL_AGES)
    value = cohorts.triangle.value
    now = np.array(
        [
            [np.interp(a, ALL_AGES, one) if a >= 0 else 0.0 for a, one in zip(*pair, strict=True)]
            for pair in zip(age, value, strict=True)
        ]
    )
    there = age >= 0.0
    return Cohorts(
        triangle=Triangle(value=np.where(known, value, 0.0), known=known),
        now=now,
        age=np.where(there, age, -1.0),
        clicks=np.where(there, cohorts.clicks, 0.0),
        conversions=np.where(there, now / 10.0, 0.0),
    )


def test_worth_is_value_by_click_and_nothing_without_clicks() -> None:
    cohorts = noisy()
    found = foreseen(cohorts, 90.0)
    each = worth(found, cohorts.clicks)
    true = 10.0 * 0.03 * grown(0.6, 25.0)[AGES.index(90)]

    assert each.middle == pytest.approx(true, rel=0.03)
    assert (each.low < each.middle).all()
    assert (each.middle < each.high).all()
    assert worth(found, np.zeros_like(cohorts.clicks)).high.tolist() == [0.0, 0.0, 0.0]


def test_chance_evens_out_over_days_and_what_they_share_does_not() -> None:
    found = foreseen(noisy(size=300.0), 90.0)
    spread, days_spread = (each.high - each.low for each in (whole(found), found))

    assert (spread < days_spread.sum(axis=1)).all()
    assert (spread > np.sqrt(np.square(days_spread).sum(axis=1))).all()
    assert whole(found).middle == pytest.approx(found.value.sum(axis=1))


def test_how_much_chance_stays_is_learned_from_days_and_half_without_any() -> None:
    """Orders that come by chance say nothing of later ones; customers who come again do."""
    chance = np.random.default_rng(3)
    clicks = np.full((10, 120), 300.0)
    customers = chance.poisson(0.03 * clicks)
    again = np.diff(grown(0.9, 25.0))
    later = chance.poisson(customers[..., None] * again)
    counts = np.concatenate((customers[..., None], later), axis=2)
    same = days(10.0 * np.cumsum(counts.astype(np.float64), axis=2), clicks)

    assert teach(same).lasting[0] > 0.6
    assert teach(noisy(campaigns=10, size=300.0)).lasting[0] < 0.25
    none = Stays(shared=np.zeros(1), cases=np.zeros(1))
    assert lasting(none).tolist() == [0.5]


@pytest.mark.parametrize("scale", [0.0, 1e-12, 1.0, -1.0, 1e14])
@pytest.mark.parametrize("told", [0.0, 0.3, 1.0])
def test_whatever_was_told_what_is_foreseen_is_finite_and_lies_within_its_limits(
    scale: float, told: float
) -> None:
    """Nothing told, all taken back, one day alone, ages by chance, clicks that are none."""
    for seed in range(6):
        chance = np.random.default_rng([seed, 7])
        size = (int(chance.integers(1, 4)), int(chance.integers(1, 30)))
        age = chance.integers(0, 800, size).astype(np.float64)
        grows = scale * chance.uniform(-0.2, 1.0, (*size, len(AGES))).cumsum(axis=2)
        known = (age[..., None] >= ALL_AGES) & (chance.random(grows.shape) < told)
        clicks = chance.integers(0, 3, size).astype(np.float64)
        odd = Cohorts(
            triangle=Triangle(value=np.where(known, grows, 0.0), known=known),
            now=grows[..., 0],
            age=age,
            clicks=clicks,
            conversions=np.minimum(clicks, 1.0),
        )
        for horizon in (0.0, 90.0, 730.0):
            found = foreseen(odd, horizon)
            among, each = whole(found), worth(found, clicks)

            assert np.isfinite(numbers(found)).all()
            assert np.isfinite([each.low, each.middle, each.high]).all()
            room = 1e-9 * np.abs(among.middle)
            assert (among.low <= among.middle + room).all()
            assert (among.middle <= among.high + room).all()
