"""Closed days are judged by each step of the funnel, whatever our bids and budgets make of them."""

from __future__ import annotations

from dataclasses import replace
from math import lgamma, log
from typing import Any

import numpy as np
import pytest

from engine import funnel_alarms, funnel_state, funnel_watch
from engine.anomalies import CHANGES
from engine.arrays import Floats, Rows
from engine.discoveries import discoveries
from engine.funnel import ANSWERS, DAYS_DIFFER, HOURS, SIGNALS, ClosedDays, held
from engine.funnel_expected import SETTLED

IMPRESSIONS, CLICKS, SPEND, CONVERSIONS, REVENUE = range(5)
LEARNED = 14
ANSWER, DEARER = 1.4, 0.8
"""Log of clicks and of prices to that of bids, in the world of these tests."""


def a_day(number: int, campaigns: int = 3, **fields: Any) -> ClosedDays:  # noqa: ANN401 -- fields of a day
    """Return a day of campaigns of 30 clicks and 3 conversions an hour, whose bids move."""
    chance = np.random.default_rng(number)
    size = campaigns, HOURS
    bids = chance.normal(fields.pop("shift", 0.0), 0.3, size)
    clicks = chance.poisson(30.0 * np.exp(ANSWER * bids))
    sold = chance.poisson(clicks / 10.0)
    price = chance.gamma(400.0, 1 / 400.0, size) * np.exp(DEARER * bids)
    revenue = chance.poisson(np.maximum(sold * 20.0, 0.0))
    counts = np.stack(
        [chance.poisson(40.0 * clicks), clicks, clicks * price, sold, revenue], axis=2
    )
    hours = np.arange(HOURS)
    given: dict[str, Any] = {
        "counts": counts.astype(np.float64),
        "log_multiplier": bids,
        "steered": np.ones(size, dtype=np.bool_),
        "of_day": np.tile(hours % 24, (campaigns, 1)),
        "weekday": np.full(campaigns, number % 7),
        "starts": np.tile((number * 24 + hours) * 3_600, (campaigns, 1)),
        "told": np.tile(hours < 24, (campaigns, 1)),
        "capped": np.zeros(size, dtype=np.bool_),
        "allowed": np.full(size, np.inf),
        "prompt": np.ones(campaigns, dtype=np.bool_),
    }
    return ClosedDays(**(given | fields))


def times(days: ClosedDays, signal: int, factor: float, first: int = 0) -> ClosedDays:
    counts = days.counts.copy()
    counts[:, first:, signal] *= factor
    return replace(days, counts=counts)


@pytest.fixture(scope="module")
def known() -> Rows:
    """Return campaigns that were watched for two weeks."""
    rows = funnel_state.unpack([b""] * 3)
    for number in range(LEARNED):
        rows, _ = funnel_watch.watch(rows, a_day(number))
    return rows


def of_negative_binomial(count: float, mean: float, spread: float) -> float:
    """Return the log of its probability, as the textbook has it."""
    size = 1.0 / spread
    ways = lgamma(count + size) - lgamma(size) - lgamma(count + 1)
    return ways + size * log(size / (size + mean)) + count * log(mean / (size + mean))


def a_plain_row(spread: float, behind: float) -> Rows:
    """Return a campaign of ten clicks for a thousand impressions, and nothing else known of it."""
    rows = funnel_state.unpack([b""])
    rows["hours"] = 1_000.0
    rows["count"][:, :, CLICKS] = behind
    rows["exposure"][:, :, CLICKS] = 100.0 * behind
    rows["square"][:, CLICKS] = 1e12
    rows["excess"][:, CLICKS] = spread * 1e12
    return rows


def test_evidence_of_a_day_is_the_largest_sum_of_newest_log_ratios_of_two_probabilities() -> None:
    spread, behind, factor = 0.05, 4_000.0, 0.6
    clicks = np.random.default_rng(3).poisson(6.5, HOURS).astype(np.float64)
    counts = np.zeros((1, HOURS, 5))
    counts[0, :, IMPRESSIONS], counts[0, :, CLICKS] = 1_000.0, clicks
    still = np.zeros((1, HOURS))
    days = replace(a_day(0, 1), counts=counts, log_multiplier=still)
    _, judged = funnel_watch.watch(a_plain_row(spread, behind), days)

    unsure = spread + 1.0 / (behind + 1.0 / (1.0 / behind + 1.0 / SETTLED))
    # What days may differ by is not odd yet: a drop is told from there.
    least = 10.0 * (1.0 - DAYS_DIFFER[CLICKS])
    ratios = [
        of_negative_binomial(each, factor * 10.0, unsure)
        - of_negative_binomial(each, least, unsure)
        for each in clicks[:24]
    ]
    sums = [max(sum(ratios[first:at]) for first in range(at + 1)) for at in range(1, 25)]
    drop = CHANGES.index("drop")
    assert judged.now[0, CLICKS, drop] == pytest.approx(sums[-1], rel=1e-4)
    rising = [one for one, ratio in zip(sums, ratios, strict=True) if ratio > 0.0]
    assert judged.peak[0, CLICKS, drop] == pytest.approx(max(rising), rel=1e-4)


def test_what_a_peak_rests_on_is_named_with_what_came_and_what_was_expected(known: Rows) -> None:
    day = times(a_day(LEARNED), CLICKS, 0.2, first=7)
    _, judged = funnel_watch.watch(known, day)
    outage = judged.since[:, CLICKS, 0], judged.until[:, CLICKS, 0]

    assert (outage[0] == day.starts[:, 7]).all()
    assert (outage[1] <= day.starts[:, 24]).all()
    ends = (outage[1] - day.starts[:, 0]) // 3_600
    for i, end in enumerate(ends.tolist()):
        came, seen = (day.counts[i, 7:end, at].sum() for at in (CLICKS, IMPRESSIONS))
        assert judged.counted[i, CLICKS, 0] == pytest.approx(came, rel=1e-5)
        # One click in forty impressions, in the world of these tests.
        assert judged.expected[i, CLICKS, 0] == pytest.approx(seen / 40.0, rel=0.05)


def test_answers_to_bids_are_learned_and_begin_with_what_is_assumed(known: Rows) -> None:
    fresh = funnel_state.answers(funnel_state.unpack([b""]))
    learned = funnel_state.answers(known)

    assert (fresh == ANSWERS).all()
    assert learned[:, IMPRESSIONS] == pytest.approx(-DEARER, abs=0.08)
    assert learned[:, SPEND] == pytest.approx(ANSWER + DEARER, abs=0.12)
    for ratio in (CLICKS, CONVERSIONS, REVENUE):
        assert learned[:, ratio] == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize("bids", [-1.0, 1.0])
def test_bids_that_move_for_a_week_are_nothing_odd(known: Rows, bids: float) -> None:
    rows = known
    for number in range(LEARNED, LEARNED + 7):
        rows, judged = funnel_watch.watch(rows, a_day(number, shift=bids))
        assert judged.peak.max() < funnel_alarms.SUSPECTED


def test_half_the_demand_is_nothing_odd_of_any_ratio(known: Rows) -> None:
    day = a_day(LEARNED)
    _, judged = funnel_watch.watch(known, replace(day, counts=day.counts / 2.0))

    ratios = [at for at, name in enumerate(SIGNALS) if name != "spend"]
    assert judged.peak[:, ratios].max() < funnel_alarms.SUSPECTED


@pytest.mark.parametrize("signal", [IMPRESSIONS, CLICKS, CONVERSIONS, REVENUE])
@pytest.mark.parametrize(("factor", "change"), [(0.05, "outage"), (0.4, "drop"), (4.0, "spike")])
def test_a_count_that_is_wrong_is_found_within_its_day(
    known: Rows, signal: int, factor: float, change: str
) -> None:
    _, judged = funnel_watch.watch(known, times(a_day(LEARNED), signal, factor))

    assert (judged.peak[:, signal, CHANGES.index(change)] >= funnel_alarms.SUSPECTED).all()


def test_hours_that_say_nothing_are_neither_judged_nor_learned(known: Rows) -> None:
    lost = times(a_day(LEARNED), CLICKS, 0.0)
    untold = replace(lost, told=np.zeros_like(lost.told))
    after, judged = funnel_watch.watch(known, untold)

    assert (judged.peak == 0.0).all()
    for name in ("hours", "evidence"):
        assert (after[name] == known[name]).all()
    capped = held(replace(lost, capped=np.ones_like(lost.told)), lost.told).usable
    late = held(replace(lost, prompt=np.zeros(3, dtype=np.bool_)), lost.told).usable
    assert capped[:, :24].all(axis=(0, 1)).tolist() == [True, True, False, True, True]
    assert late[:, :24].all(axis=(0, 1)).tolist() == [True, True, True, False, True]


def test_nothing_is_said_in_the_first_week() -> None:
    rows = funnel_state.unpack([b""] * 3)
    for number in range(7):
        rows, judged = funnel_watch.watch(
            rows, times(a_day(number), REVENUE, 100.0 ** (number % 2))
        )
        assert (judged.peak == 0.0).all()


def test_a_campaign_is_judged_alike_whoever_is_in_its_batch(known: Rows) -> None:
    day = times(a_day(LEARNED), CLICKS, 0.3)
    whole, together = funnel_watch.watch(known, day)
    for i in range(3):
        part = {name: getattr(day, name)[i : i + 1] for name in ClosedDays.__dataclass_fields__}
        alone, said = funnel_watch.watch(known[i : i + 1], ClosedDays(**part))
        assert alone.tobytes() == whole[i : i + 1].tobytes()
        assert (said.peak[0] == together.peak[i]).all()


def test_a_stored_row_is_read_as_it_was(known: Rows) -> None:
    again = funnel_state.unpack([known[i].tobytes() for i in range(3)])

    assert again.tobytes() == known.tobytes()
    assert known.dtype.itemsize == 2_338


@pytest.mark.parametrize(
    ("version", "size", "unknown"),
    [(1, 2_233, ("lived", "active", "steering")), (2, 2_337, ("steering",))],
)
def test_what_an_earlier_version_stored_is_read_with_nothing_known_of_the_rest(
    known: Rows, version: int, size: int, unknown: tuple[str, ...]
) -> None:
    """Their layouts are the beginning of the newest one."""
    stored = [bytes([version]) + known[i].tobytes()[1:size] for i in range(3)]
    again = funnel_state.unpack(stored)

    for name in known.dtype.names or ():
        assert name == "format" or (again[name] == (0 if name in unknown else known[name])).all()


def test_orders_of_one_price_tell_a_wrong_unit_sooner_than_orders_of_all_prices() -> None:
    evidence = []
    for scatter in (0.1, 3.0):
        rows = a_plain_row(0.05, 4_000.0)
        rows["count"][:, :, REVENUE], rows["exposure"][:, :, REVENUE] = 4e4, 1e3
        rows["scatter"] = np.array([scatter, 1.0]) * 1e6
        day = a_day(1, 1)
        _, judged = funnel_watch.watch(rows, replace(day, counts=day.counts * [1, 1, 1, 0.1, 0.1]))
        # Orders of 20 where 40 are usual.
        evidence.append(judged.now[0, REVENUE, CHANGES.index("drop")])
    assert evidence[0] > 3.0 * evidence[1] > 0.0


def test_discoveries_of_a_tally_are_those_of_all_chances_of_an_hour_when_evidence_is_whole() -> (
    None
):
    chance = np.random.default_rng(4)
    for _ in range(30):
        whole = np.floor(chance.exponential(chance.integers(1, 6), (40, 3, 5, 5))) + 1e-9
        tests = np.minimum(np.floor(whole), funnel_alarms.CELLS - 1)
        published = [discoveries(np.exp(-tests[:, hour]), 0.1) for hour in range(3)]
        tallied = funnel_alarms.tally(whole)
        least = funnel_alarms.least_evidence(tallied.sum(axis=0), 0.1)

        assert (tallied.sum(axis=2) == funnel_alarms.TESTS).all()
        for hour in range(3):
            assert ((tests[:, hour] >= least[hour]) == published[hour]).all()


def test_an_alarm_is_rare_for_its_campaign_and_among_all_of_its_hour() -> None:
    evidence: Floats = np.zeros((2, 3, 5, 5))
    evidence[0, 1, CLICKS, 0] = funnel_alarms.SUSPECTED
    always = np.full((2, 5), 24.0)
    for hour, others, found in ((1, 0, True), (1, 1_000_000, False), (2, 1_000_000, True)):
        tallied = funnel_alarms.tally(evidence).sum(axis=0)
        tallied[hour, 0] += others
        least = funnel_alarms.least_evidence(tallied)
        assert funnel_alarms.alarms(evidence, least, always)[0, CLICKS, 0] == found
        assert funnel_alarms.alarms(evidence, least, always).sum() == int(found)
    evidence[0, 1, CLICKS, 0] = np.nextafter(funnel_alarms.SUSPECTED, 0.0)
    assert not funnel_alarms.alarms(evidence, np.zeros(3), always).any()


@pytest.mark.parametrize("rate", [0.05, 0.3, 2.0])
def test_false_alarms_are_as_rare_where_little_is_counted_though_less_evidence_is_asked(
    rate: float,
) -> None:
    """Poisson counts whose rate is known, against a loss of nine in ten."""
    least, hours, campaigns = 4.0, 24 * 40, 4_000
    counts = np.random.default_rng(9).poisson(rate, (hours, campaigns))
    begins = 24.0 * (counts > 0).mean()
    # As much less evidence as it begins less often.
    (suspected,) = funnel_alarms.suspected(np.array([begins])).tolist()
    asked = least + suspected - funnel_alarms.SUSPECTED
    evidence, above, alarms = np.zeros(campaigns), np.zeros(campaigns, dtype=np.bool_), 0
    for hour in counts:
        evidence = np.maximum(evidence + hour * log(0.1) + 0.9 * rate, 0.0)
        alarms += int(((evidence >= asked) & ~above).sum())
        above = evidence >= asked
    # Of what may begin in every hour there is one in exp(least) hours at most.
    assert alarms / counts.size <= np.exp(-least)


def test_evidence_may_begin_in_hours_with_a_count_and_in_each_where_nothing_is_known() -> None:
    rows = funnel_state.unpack([b""])
    assert funnel_state.beginnings(rows).tolist() == [[24.0] * 5]
    quiet = a_day(0, 1)
    quiet.counts[:, 6:, CONVERSIONS:] = 0.0
    for _ in range(200):
        rows, _ = funnel_watch.watch(rows, quiet)
    _, judged = funnel_watch.watch(rows, quiet)
    sold = (quiet.counts[0, :24, CONVERSIONS] > 0.0).sum()
    assert judged.beginnings[0, CONVERSIONS] == pytest.approx(sold, abs=2.0)
    assert judged.beginnings[0, CLICKS] == pytest.approx(24.0)


def test_revenue_is_watched_after_a_week_however_few_its_orders_are() -> None:
    rows = funnel_state.unpack([b""])
    day = a_day(0, 1)
    day.counts[:, 4:, CONVERSIONS:] = 0.0
    for _ in range(7):
        rows, _ = funnel_watch.watch(rows, day)
    _, judged = funnel_watch.watch(rows, times(day, REVENUE, 0.01))

    assert judged.peak[0, REVENUE].max() > 0.0


def test_one_huge_order_is_no_wrong_unit_and_two_hours_of_tripled_orders_are(known: Rows) -> None:
    """Orders of log-normal size bring one of ten times the usual in each campaign now and then."""
    huge, tripled = a_day(LEARNED), times(a_day(LEARNED), REVENUE, 3.0, 12)
    huge.counts[:, 12, REVENUE] *= 10.0
    tripled.counts[:, 14:, REVENUE] /= 3.0
    rises = [CHANGES.index("spike"), CHANGES.index("rising")]
    (one, two) = (funnel_watch.watch(known, day)[1] for day in (huge, tripled))

    assert (one.peak[:, REVENUE, rises] < funnel_alarms.SUSPECTED).all()
    assert (two.peak[:, REVENUE, rises].max(axis=1) >= funnel_alarms.SUSPECTED).all()
