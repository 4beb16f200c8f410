"""The learned week: integer sums, and what is made of them with a prior."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import fields
from hashlib import sha256
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engine import dates, hours, patterns
from engine.arrays import Floats, Ints, Rows
from engine.errors import UnknownFormat
from engine.patterns import CONVERSIONS_STRENGTH, FLAT_STRENGTH, Estimate, Prior
from tests.engine.books import Fact, rows_of

quick = settings(max_examples=25, deadline=None)
WEEK = 168
MILLION = 10**6
facts = st.builds(
    Fact,
    start=st.integers(0, 400).map(lambda number: number * 3_600),
    impressions=st.just(500),
    clicks=st.integers(0, 1_000),
    conversions=st.integers(0, 10**9),
)
weeks = arrays.arrays(np.int64, WEEK, elements=st.integers(0, 10**6))
some_hours = arrays.arrays(np.int64, WEEK, elements=st.integers(0, 50))


def learned(clicks: Ints, conversions: Ints, hours: Ints) -> Rows:
    """Return one pattern; conversions in whole ones."""
    rows = patterns.unpack([b""]).copy()
    rows["clicks"], rows["conversions"], rows["hours"] = clicks, conversions * MILLION, hours
    return rows


def a_prior(shape: Floats, strength: float = FLAT_STRENGTH) -> Prior:
    return Prior(
        shape=shape[None, :] / shape.mean(),
        strength=np.array([strength]),
        evidence=np.array([9.0]),
        version=np.array([2]),
    )


FLAT = patterns.flat_prior(1)
NONE = np.zeros(WEEK, dtype=np.int64)
PEAKS = a_prior(1.0 + np.sin(np.arange(168.0) / 11.0) * 0.8)


def same(one: Estimate, other: Estimate) -> bool:
    names = ("clicks", "conversions", "confidence", "trust")
    return all(getattr(one, n).tobytes() == getattr(other, n).tobytes() for n in names)


@given(
    st.lists(st.tuples(facts, st.integers(0, 2), st.integers(0, 167)), max_size=30),
    st.randoms(use_true_random=False),
)
@quick
def test_patterns_are_the_same_bits_in_any_order_and_split(
    told: list[tuple[Fact, int, int]], chance: Random
) -> None:
    def add(rows: Rows, part: list[tuple[Fact, int, int]], sign: int = 1) -> Rows:
        at = np.array([[owner, cell] for _, owner, cell in part], dtype=np.int64).reshape(-1, 2)
        days = np.array([fact.start // 86_400 for fact, _, _ in part], dtype=np.int64)
        flagged = rows_of([fact for fact, _, _ in part])
        suspect = flagged["clicks"] > flagged["impressions"]
        flagged["flags"][suspect] = hours.SUSPECT
        return patterns.add_hours(rows, flagged, (at[:, 0], at[:, 1], days), sign=sign)

    blank = patterns.unpack([b""] * 3)
    whole = add(blank, told)
    shuffled = chance.sample(told, len(told))
    cut = chance.randrange(len(told) + 1)
    assert add(add(blank, shuffled[:cut]), shuffled[cut:]).tobytes() == whole.tobytes()
    assert add(whole, told, sign=-1).tobytes() == blank.tobytes()
    for owner in range(3):
        for cell in {cell for _, _, cell in told}:
            own = [f for f, o, c in told if (o, c) == (owner, cell) and f.clicks <= f.impressions]
            assert whole["hours"][owner, cell] == len(own)
            assert whole["clicks"][owner, cell] == sum(fact.clicks for fact in own)
            assert whole["conversions"][owner, cell] == sum(fact.conversions for fact in own)


@given(facts, facts, st.integers(0, 167))
@quick
def test_a_correction_leaves_what_there_is_had_it_never_been_wrong(
    wrong: Fact, right: Fact, cell: int
) -> None:
    def add(rows: Rows, fact: Fact, sign: int) -> Rows:
        at = np.array([0]), np.array([cell]), np.array([fact.start // 86_400])
        return patterns.add_hours(rows, rows_of([fact]), at, sign=sign)

    blank = patterns.unpack([b""])
    corrected = add(add(add(blank, wrong, 1), wrong, -1), right, 1)
    assert corrected.tobytes() == add(blank, right, 1).tobytes()


def test_a_row_that_stands_for_no_hour_teaches_nothing() -> None:
    blank, nothing = patterns.unpack([b""]), np.zeros(1, dtype=hours.HOUR)
    at = np.array([0]), np.array([5]), np.array([20_514])
    assert patterns.add_hours(blank, nothing, at, sign=1).tobytes() == blank.tobytes()


@given(weeks, weeks, some_hours, st.sampled_from([FLAT, PEAKS]))
@quick
def test_an_estimate_is_positive_and_its_shares_lie_in_0_to_1(
    clicks: Ints, conversions: Ints, hours: Ints, prior: Prior
) -> None:
    made = patterns.estimate(learned(clicks, conversions, hours), prior)
    for week in (made.clicks, made.conversions):
        assert np.isfinite(week).all()
        assert (week > 0.0).all()
    for share in (made.confidence, made.trust):
        assert ((share >= 0.0) & (share <= 1.0)).all()


@pytest.mark.parametrize("prior", [FLAT, PEAKS])
def test_without_data_the_estimate_is_the_prior_and_nothing_of_it_is_own(prior: Prior) -> None:
    made = patterns.estimate(patterns.unpack([b""]), prior)
    np.testing.assert_allclose(made.clicks, prior.shape, rtol=1e-12)
    np.testing.assert_allclose(made.conversions, prior.shape, rtol=1e-12)
    assert made.clicks.mean() == pytest.approx(1.0)
    assert not made.confidence.any()
    assert not made.trust.any()


@given(
    arrays.arrays(np.float64, WEEK, elements=st.floats(0.1, 5.0)), st.sampled_from([FLAT, PEAKS])
)
@quick
def test_with_very_many_data_the_estimate_is_the_campaigns_own_shape(
    shape: Floats, prior: Prior
) -> None:
    # 1e7 clicks in an hour of the week against a prior worth 4, drawn towards at most tenfold:
    # the rest of the prior is below 4 * 10 / 1e6.
    own = shape / shape.mean()
    clicks = (own * 1e7).astype(np.int64)
    hours = np.full(WEEK, 100)
    made = patterns.estimate(learned(clicks, clicks[::-1], hours), prior)
    np.testing.assert_allclose(made.clicks[0], own, rtol=1e-3)
    np.testing.assert_allclose(made.conversions[0], own[::-1], rtol=1e-2)
    assert made.clicks.mean() == pytest.approx(1.0, rel=1e-4)
    assert made.trust > 0.999


@given(weeks, some_hours, st.integers(1, 10), st.sampled_from([FLAT, PEAKS]))
@quick
def test_clicks_and_the_priors_strength_may_be_counted_in_another_unit(
    clicks: Ints, hours: Ints, doublings: int, prior: Prior
) -> None:
    unit = 2**doublings
    other = Prior(
        shape=prior.shape,
        strength=prior.strength * unit,
        evidence=prior.evidence,
        version=prior.version,
    )
    small = patterns.estimate(learned(clicks, NONE, hours), prior)
    large = patterns.estimate(learned(clicks * unit, NONE, hours), other)
    assert same(small, large)


@given(weeks, weeks, some_hours, st.integers(0, 167), st.integers(1, 10**6))
@quick
def test_more_clicks_or_conversions_never_lower_how_sure_a_week_is(
    clicks: Ints, conversions: Ints, hours: Ints, cell: int, more: int
) -> None:
    extra = NONE.copy()
    extra[cell] = more
    before = patterns.estimate(learned(clicks, conversions, hours), FLAT)
    clicked = patterns.estimate(learned(clicks + extra, conversions, hours), FLAT)
    converted = patterns.estimate(learned(clicks, conversions + extra, hours), FLAT)
    assert clicked.trust >= before.trust
    assert converted.trust >= before.trust
    assert (converted.confidence >= before.confidence).all()


@given(weeks, weeks, some_hours, st.integers(2, 9))
@quick
def test_more_weeks_of_the_same_make_every_hour_surer(
    clicks: Ints, conversions: Ints, hours: Ints, times: int
) -> None:
    clicks, conversions = clicks * (hours > 0), conversions * (hours > 0)
    once = patterns.estimate(learned(clicks, conversions, hours), PEAKS)
    often = patterns.estimate(learned(clicks * times, conversions * times, hours * times), PEAKS)
    assert (often.confidence >= once.confidence).all()
    assert often.trust >= once.trust


@given(st.lists(st.tuples(weeks, some_hours), min_size=1, max_size=3), st.integers(200, 600))
@settings(max_examples=10, deadline=None)
def test_a_campaign_is_estimated_to_the_same_bits_alone_and_in_any_batch(
    several: list[tuple[Ints, Ints]], count: int
) -> None:
    rows = np.concatenate([learned(clicks, clicks // 9, hours) for clicks, hours in several])
    many = np.resize(rows, count)
    together = patterns.estimate(many, patterns.flat_prior(count))
    for i in (0, count // 2, count - 1):
        at = np.array([i])
        row = {each.name: getattr(together, each.name)[at] for each in fields(Estimate)}
        assert same(patterns.estimate(many[at], FLAT), Estimate(**row))


@pytest.mark.parametrize(
    ("clicks", "conversions", "trust"),
    [
        (0, 0, 0.0),
        # As many of its own as the prior counts for: 4 clicks, 20 conversions in each hour.
        (168 * 4, 0, 0.5),
        (0, 168 * 20, 0.5),
        # Each leaves half to the next, and to the prior a quarter.
        (168 * 4, 168 * 20, 0.75),
        (168 * 4 * 3, 168 * 20 * 4, 0.95),
    ],
)
def test_a_week_is_trusted_by_its_clicks_and_by_its_conversions(
    clicks: int, conversions: int, trust: float
) -> None:
    assert (FLAT_STRENGTH, CONVERSIONS_STRENGTH) == (4.0, 20.0)
    rows = learned(NONE, NONE, NONE + 1)
    rows["clicks"][0, 7], rows["conversions"][0, 9] = clicks, conversions * MILLION
    assert patterns.estimate(rows, FLAT).trust[0] == pytest.approx(trust)


def test_a_campaign_whose_clicks_are_not_reported_learns_from_its_conversions() -> None:
    busy = NONE + 1_000
    busy[40] = 9_000
    made = patterns.estimate(learned(NONE, busy, NONE + 4), FLAT)
    assert made.trust > 0.9
    assert made.conversions[0, 40] > 5 * made.conversions[0, 41]
    assert (made.confidence > 0.9).all()


def test_a_cell_is_the_mean_of_prior_and_data_by_their_weight() -> None:
    # Every hour once, 4 clicks in each: half of each cell is own, half is the prior of 4 clicks.
    # The hour of the day and the level agree with it, so only the odd cell moves.
    clicks = NONE + 4
    clicks[10], clicks[34] = 8, 0
    made = patterns.estimate(learned(clicks, NONE, NONE + 1), FLAT)
    assert made.confidence[0].tolist() == [0.5] * WEEK
    assert made.clicks[0, [9, 10, 34]].tolist() == [1.0, 1.5, 0.5]


def test_an_hour_not_seen_yet_takes_the_day_that_other_weekdays_have_taught() -> None:
    # Monday at 8 had 28 clicks and its other 23 hours 4 each, so the level is 5. Of hour 8
    # were expected 5: (28 + 4) / (5 + 4) of the flat week; of another hour (4 + 4) / (5 + 4).
    clicks, hours = NONE.copy(), NONE.copy()
    clicks[:24], hours[:24] = 4, 1
    clicks[8] = 28
    made = patterns.estimate(learned(clicks, NONE, hours), FLAT)
    assert made.clicks[0, 24 + 8] == pytest.approx(32 / 9)
    assert made.clicks[0, 24 + 9] == pytest.approx(8 / 9)
    assert made.confidence[0, 24:].tolist() == [0.0] * 144


def test_counts_below_zero_stand_for_zero() -> None:
    clicks = NONE + 5
    below, none = clicks.copy(), clicks.copy()
    below[3], none[3] = -7, 0
    one = patterns.estimate(learned(below, below, NONE + 1), FLAT)
    assert same(one, patterns.estimate(learned(none, none, NONE + 1), FLAT))


def test_a_flat_prior_is_a_weak_week_of_equal_hours_with_nothing_behind_it() -> None:
    prior = patterns.flat_prior(2)
    assert (prior.shape == 1.0).all()
    assert prior.shape.shape == (2, WEEK)
    assert prior.strength.tolist() == [4.0, 4.0]
    assert not prior.evidence.any()
    assert not prior.version.any()


def test_a_pattern_that_another_version_wrote_is_refused_by_number() -> None:
    rows = patterns.unpack([b"", b""]).copy()
    rows["format"][0] = 3
    with pytest.raises(UnknownFormat, match="a stored pattern has format 3, this version reads 2"):
        patterns.unpack([rows.tobytes()])
    with pytest.raises(UnknownFormat, match="has format 3, this version reads 2"):
        patterns.unpack([rows.tobytes()[:500]])


def in_format(number: int, *sums: Sequence[int]) -> bytes:
    """Return what a release stored: whole numbers of eight bytes, low byte first."""
    cells = [cell for each in sums for cell in each]
    return struct.pack(f"<{1 + len(cells)}q", number, *cells)


HOURS, CLICKS, CONVERSIONS = range(168), range(500, 668), range(10**7, 10**7 + 168)
FIRST_FORMAT = in_format(1, HOURS, CLICKS, CONVERSIONS)


def test_a_pattern_of_the_first_format_is_read_as_hours_without_dates() -> None:
    digest = "6a20408a89bda9bf291183e02fe3e0b282d3dc851e63f217ff3942026e6d8d59"
    assert (len(FIRST_FORMAT), sha256(FIRST_FORMAT).hexdigest()) == (4_040, digest)
    rows = patterns.unpack([FIRST_FORMAT, b"", FIRST_FORMAT])
    assert rows["format"].tolist() == [2, 2, 2]
    for i in (0, 2):
        assert rows["hours"][i].tolist() == list(HOURS)
        assert rows["clicks"][i].tolist() == list(CLICKS)
        assert rows["conversions"][i].tolist() == list(CONVERSIONS)
    assert rows["dated_from"].tolist() == [dates.UNDATED, 0, dates.UNDATED]
    assert not rows["date_conversions"].any()
    assert not rows["date_hours"].any()
    assert rows[1].tobytes() == patterns.unpack([b""])[0].tobytes()


def test_a_pattern_is_stored_as_it_was_by_the_release_that_began_its_format() -> None:
    # 30 and 31 March 2026 are a Monday and a Tuesday, the first of April a Wednesday.
    told = [Fact(start=day * 86_400, conversions=7 * day) for day in (20_542, 20_543, 20_544)]
    at = np.zeros(3, dtype=np.int64), np.array([0, 24, 48]), np.array([20_542, 20_543, 20_544])
    row = patterns.add_hours(patterns.unpack([b""]), rows_of(told), at, sign=1)[0]
    by_date, hours, by_month = [0] * 43, [0] * 43 * 7, [0] * 31 * 12
    for fact, date, month, weekday in zip(told, (29, 30, 0), (2, 2, 3), (0, 1, 2), strict=True):
        for cell in (date, 31 + month):
            by_date[cell] += fact.conversions
            hours[7 * cell + weekday] += 1
        by_month[12 * date + month] += 1
    week = [row[name].tolist() for name in ("hours", "clicks", "conversions")]
    wanted = in_format(2, *week, [0], by_date)
    wanted += struct.pack(f"<{len(hours + by_month)}h", *hours, *by_month)
    assert row.tobytes() == wanted
    assert len(wanted) == 5_738
