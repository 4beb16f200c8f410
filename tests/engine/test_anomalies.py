"""What is wrong is noticed, soon, in what it is about, and seldom for nothing."""

from __future__ import annotations

from math import exp, lgamma, log

import numpy as np
import pytest

from engine import anomalies, change_tests, thresholds
from engine.arrays import Floats, Rows
from engine.discoveries import discoveries
from engine.errors import EngineError

LIMITS = thresholds.nominal((6, 5), 0.05)
USUAL = (20_000.0, 200.0, 160.0, 10.0, 400.0)
CONVERSIONS, TRACKING = 3, 5


def an_hour(counts: Floats, *, usable: bool = True) -> anomalies.Hour:
    ones = np.ones(len(counts))
    return anomalies.hour(counts, ones, ones, np.full(len(counts), usable))


def drawn(seed: int, times: tuple[float, ...] = (1.0,) * 5) -> Floats:
    """Return an hour (1, 5) of a campaign, each count that many times what is usual."""
    return np.random.default_rng(seed).poisson(np.array([USUAL]) * times).astype(np.float64)


@pytest.fixture(scope="module")
def known() -> Rows:
    """Return a campaign that was watched for five weeks."""
    rows = anomalies.unpack([b""])
    for number in range(5 * 168):
        rows = anomalies.watch(rows, an_hour(drawn(number)))
    return rows


def alarms_after(rows: Rows, hours: int, times: tuple[float, ...]) -> set[tuple[str, str]]:
    for number in range(hours):
        rows = anomalies.watch(rows, an_hour(drawn(9_000 + number, times)))
    found = np.argwhere(anomalies.alarms(rows, LIMITS)[0])
    return {(anomalies.SIGNALS[signal], anomalies.CHANGES[change]) for signal, change in found}


def of_negative_binomial(count: int, mean: float, size: float) -> float:
    """Return the log of its probability, as the textbook has it."""
    ways = lgamma(count + size) - lgamma(size) - lgamma(count + 1)
    return ways + size * log(size / (size + mean)) + count * log(mean / (size + mean))


@pytest.mark.parametrize("size", [0.5, 4.0, 1e6])
@pytest.mark.parametrize("factor", [0.1, 3.0])
def test_the_ratio_is_that_of_the_two_probabilities(size: float, factor: float) -> None:
    for count in (0, 3, 40):
        ratio = change_tests.log_ratio(*map(np.array, (float(count), 5.0, 1 / size, factor)))
        changed = of_negative_binomial(count, factor * 5.0, size)
        assert ratio == pytest.approx(changed - of_negative_binomial(count, 5.0, size), rel=1e-5)


def test_evidence_is_the_largest_sum_of_newest_ratios() -> None:
    ratios = np.random.default_rng(2).normal(-0.2, 1.0, 200)
    evidence = np.zeros(())
    for at, ratio in enumerate(ratios, start=1):
        evidence = change_tests.accumulate(evidence, ratio)
        sums = [ratios[first:at].sum() for first in range(at + 1)]
        assert evidence == pytest.approx(max(sums))


def test_evidence_of_what_did_not_happen_is_no_likelier_than_its_chance() -> None:
    counts = np.random.default_rng(5).poisson(4.0, (400, 5_000)).astype(np.float64)
    evidence = np.zeros(5_000)
    for hour in counts:
        ratio = change_tests.log_ratio(hour, *map(np.array, (4.0, 0.0, 0.6)))
        evidence = change_tests.accumulate(evidence, ratio)
    for least in (2.0, 4.0):
        assert (evidence >= least).mean() <= exp(-least)


def test_false_alarms_a_week_are_no_more_than_asked_for() -> None:
    limit = thresholds.threshold(0.05)
    counts = np.random.default_rng(6).poisson(4.0, (168, 20_000)).astype(np.float64)
    evidence, alarmed = np.zeros(20_000), np.zeros(20_000, dtype=np.bool_)
    for hour in counts:
        ratio = change_tests.log_ratio(hour, *map(np.array, (4.0, 0.0, 0.6)))
        evidence = change_tests.accumulate(evidence, ratio)
        alarmed |= evidence >= limit
    assert alarmed.mean() <= 0.05


@pytest.mark.parametrize(("rate", "tests"), [(0.0, 1), (1.0, 1), (0.05, 0)])
def test_a_rate_that_is_none_is_refused(rate: float, tests: int) -> None:
    with pytest.raises(EngineError, match="false alarms"):
        thresholds.threshold(rate, tests)


def test_thresholds_that_clean_weeks_set_hold_in_other_weeks() -> None:
    chance = np.random.default_rng(8)
    some, others = (6.0 * chance.exponential(size=(4_000, 6, 5)) for _ in range(2))
    limits = thresholds.calibrated(some, 0.05)

    reached = [(weeks >= limits.evidence).any(axis=(1, 2)).mean() for weeks in (some, others)]
    assert reached[0] <= 0.05
    assert reached[1] == pytest.approx(0.05, abs=0.02)
    assert (limits.evidence >= limits.nominal).all()
    assert limits.chance(limits.evidence) == pytest.approx(exp(-limits.nominal))


def test_discoveries_are_those_of_the_procedure_as_it_was_published() -> None:
    chance = np.random.default_rng(4)
    for _ in range(50):
        chances = chance.random(40) ** chance.integers(1, 6)
        ordered = sorted(chances)
        passing = [k for k in range(1, 41) if ordered[k - 1] <= k / 40 * 0.1]
        limit = ordered[passing[-1] - 1] if passing else -1.0
        assert (discoveries(chances, 0.1) == (chances <= limit)).all()


def test_a_campaign_alone_may_be_alarmed_by_what_is_chance_among_a_million() -> None:
    rows = anomalies.unpack([b""] * 1_000).copy()
    rows["evidence"][0, CONVERSIONS, 0] = LIMITS.evidence[CONVERSIONS, 0]

    assert anomalies.alarms(rows[:1], LIMITS).any()
    assert not anomalies.alarms(rows, LIMITS).any()


def test_where_tracking_is_lost_conversions_are_wrong_and_nothing_else(known: Rows) -> None:
    found = alarms_after(known, 3, (1.0, 1.0, 1.0, 0.0, 0.0))

    assert {("conversions", "outage"), ("tracking", "outage")} <= found
    assert {signal for signal, _ in found} == {"conversions", "tracking"}


def test_where_a_campaign_is_dead_its_tracking_is_not_suspect(known: Rows) -> None:
    found = alarms_after(known, 3, (0.0,) * 5)

    assert {signal for signal, _ in found} == {"impressions", "clicks", "spend", "conversions"}


def test_orders_without_their_value_are_wrong_in_revenue_alone(known: Rows) -> None:
    assert {signal for signal, _ in alarms_after(known, 3, (1.0,) * 4 + (0.0,))} == {"revenue"}


def test_a_price_three_times_as_high_is_wrong_in_spend_alone(known: Rows) -> None:
    found = alarms_after(known, 3, (1.0, 1.0, 3.0, 1.0, 1.0))

    assert ("spend", "spike") in found
    assert {signal for signal, _ in found} == {"spend"}


def test_a_drop_is_found_within_a_day_and_half_of_a_slow_fall_within_a_fortnight(
    known: Rows,
) -> None:
    assert ("conversions", "drop") in alarms_after(known, 24, (0.6,) * 5)
    rows, found = known, False
    for number in range(14 * 24):
        falls = (1.0 - number / (28 * 24),) * 5
        rows = anomalies.watch(rows, an_hour(drawn(9_000 + number, falls)))
        found |= bool(anomalies.alarms(rows, LIMITS)[0, :, [1, 3]].any())
    assert found


def test_two_days_without_conversions_teach_little_of_what_is_usual(known: Rows) -> None:
    rows = known
    for number in range(48):
        rows = anomalies.watch(rows, an_hour(drawn(number, (1.0, 1.0, 1.0, 0.0, 0.0))))
    for number in range(48):
        rows = anomalies.watch(rows, an_hour(drawn(number)))

    assert not anomalies.alarms(rows, LIMITS).any()
    level = rows["count"][0, 0, CONVERSIONS] / rows["exposure"][0, 0, CONVERSIONS]
    assert level > 0.7 * USUAL[3]


def test_a_mad_hour_moves_the_level_no_more_than_an_odd_one(known: Rows) -> None:
    odd, mad = (
        anomalies.watch(known, an_hour(np.array([USUAL]) * times)) for times in (50.0, 5_000.0)
    )

    before, after = odd["count"][0, 0, :2], mad["count"][0, 0, :2]
    assert before == pytest.approx(after)


def test_what_was_not_told_is_neither_judged_nor_learned(known: Rows) -> None:
    after = anomalies.watch(known, an_hour(np.zeros((1, 5)), usable=False))

    assert after.tobytes() == known.tobytes()


def test_without_a_click_there_is_no_evidence_about_tracking(known: Rows) -> None:
    after = anomalies.watch(known, an_hour(np.zeros((1, 5))))

    assert (after["evidence"][:, TRACKING] == known["evidence"][:, TRACKING]).all()


def test_what_becomes_of_a_campaign_does_not_depend_on_its_batch(known: Rows) -> None:
    both = np.concatenate([known, anomalies.unpack([b""])])
    counts = np.concatenate([drawn(1), drawn(2, (0.1,) * 5)])
    together = anomalies.watch(both, an_hour(counts))

    for i in range(2):
        alone = anomalies.watch(both[i : i + 1], an_hour(counts[i : i + 1]))
        assert alone.tobytes() == together[i : i + 1].tobytes()


def test_the_state_does_not_grow_and_is_read_as_it_was_written(known: Rows) -> None:
    assert len(known.tobytes()) == 577
    assert anomalies.unpack([known.tobytes()]).tobytes() == known.tobytes()


def test_silence_all_over_an_account_speaks_and_one_dead_campaign_does_not() -> None:
    total, moved, members = np.array([40.0, 30.0]), np.array([20, 1]), np.array([20, 20])
    all_over, one = change_tests.pooled(total, moved, members)

    assert all_over == pytest.approx(20 * (2.0 - 1.0 - log(2.0)))
    assert all_over > 2.0 * total[0] / members[0]
    assert one == 0.0


def test_pooled_evidence_of_nothing_is_no_likelier_than_its_chance() -> None:
    total = np.random.default_rng(3).exponential(size=(20_000, 8)).sum(axis=1)
    all_moved = np.full(20_000, 8)
    found = change_tests.pooled(total, all_moved, all_moved)

    for least in (1.0, 2.0, 4.0):
        assert (found >= least).mean() <= exp(-least)
