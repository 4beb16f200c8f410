"""Conversions that vanish while clicks go on are noticed, and so is their return."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine import tracking
from engine.arrays import Floats
from engine.change_tests import accumulate, log_ratio
from engine.tracking import RETURNED, SUSPECTED, Clicked, outages

HOURS = 14 * 24


def clicked(rate: float = 0.05, *, clicks: float = 200.0, seed: int = 1) -> Clicked:
    """Return two weeks of one campaign."""
    chance = np.random.default_rng(seed)
    came = chance.poisson(clicks, (1, HOURS)).astype(np.float64)
    return Clicked(
        clicks=came,
        conversions=chance.poisson(rate * came).astype(np.float64),
        shares=np.ones((1, HOURS)),
        of_day=np.arange(HOURS)[None] % 24,
        usable=np.ones((1, HOURS), dtype=np.bool_),
        usual=np.ones((1, HOURS), dtype=np.bool_),
    )


def lost(hours: Clicked, first: int, end: int) -> Clicked:
    conversions = hours.conversions.copy()
    conversions[:, first:end] = 0.0
    return replace(hours, conversions=conversions)


def test_a_loss_is_suspected_within_three_hours_and_placed_where_it_was() -> None:
    found = outages(lost(clicked(), HOURS - 3, HOURS))

    assert found.evidence[0] >= SUSPECTED
    assert (found.first[0], found.end[0]) == (HOURS - 3, HOURS)
    assert found.returned[0] == 0.0


def test_when_conversions_return_the_outage_is_over_and_its_hours_are_known() -> None:
    found = outages(lost(clicked(), 200, 224))

    assert found.evidence[0] >= SUSPECTED
    assert found.returned[0] >= RETURNED
    within = np.flatnonzero(found.hours(HOURS)[0])
    assert (within[0], within[-1]) == (200, 223)


def test_an_outage_that_may_just_have_begun_is_doubted_and_bad_luck_of_old_counts() -> None:
    few = clicked(rate=0.005)
    begun, luck = outages(lost(few, HOURS - 5, HOURS)), outages(lost(few, 200, 205))

    assert tracking.DOUBTED <= begun.now[0] < SUSPECTED
    assert begun.hours(HOURS)[0, -5:].all()
    starts = np.arange(HOURS)[None]
    assert begun.judged_at(starts, np.array([HOURS]))[0] == begun.began[0] <= HOURS - 5
    assert luck.judged_at(starts, np.array([HOURS]))[0] == HOURS
    assert tracking.DOUBTED <= luck.evidence[0] < SUSPECTED
    assert not luck.hours(HOURS).any()


def test_one_that_begins_when_another_is_over_has_the_evidence_of_its_own_hours() -> None:
    hours = clicked(rate=0.02)
    hours = replace(hours, of_day=np.zeros((1, HOURS), dtype=np.int64))
    twice = lost(lost(hours, 200, 224), HOURS - 4, HOURS)
    known = twice.conversions.sum()
    rate = known / twice.clicks.sum() * (1 - 1 / np.sqrt(known))
    ratios = log_ratio(twice.conversions[0], rate * twice.clicks[0], *map(np.array, (0.1, 0.1)))

    found, back = outages(twice), outages(lost(hours, 200, 224))
    assert (found.first[0], found.end[0]) == (200, 224)
    assert found.over[0]
    assert found.began[0] == HOURS - 4
    assert found.now[0] == pytest.approx(ratios[-4:].sum())
    assert back.now[0] < tracking.DOUBTED


def test_where_lost_hours_are_told_after_all_nothing_was_wrong() -> None:
    hours = clicked()

    assert outages(lost(hours, 200, 224)).evidence[0] >= SUSPECTED
    assert outages(hours).evidence[0] < SUSPECTED


def test_evidence_is_that_of_the_hours_one_after_the_other() -> None:
    hours = replace(clicked(rate=0.002), of_day=np.zeros((1, HOURS), dtype=np.int64))
    rate = hours.conversions.sum() / hours.clicks.sum()
    means = rate * (1 - 1 / np.sqrt(hours.conversions.sum())) * hours.clicks[0]
    ratios = log_ratio(hours.conversions[0], means, *map(np.array, (0.1, 0.1)))
    evidence, largest = np.zeros(()), 0.0  # of one hour, and of all
    for ratio in ratios:
        evidence = accumulate(evidence, ratio)
        largest = max(largest, float(evidence))

    assert outages(hours).evidence[0] == pytest.approx(largest)
    assert outages(hours).now[0] == pytest.approx(float(evidence))


def test_a_campaign_without_clicks_or_without_a_past_is_not_suspect() -> None:
    hours = clicked()
    asleep = replace(hours, clicks=np.where(np.arange(HOURS) < 300, hours.clicks, 0.0))

    assert outages(lost(asleep, 300, HOURS)).evidence[0] < SUSPECTED
    assert outages(clicked(rate=0.0)).evidence[0] == 0.0


def test_hours_of_which_little_is_told_yet_are_held_against_little() -> None:
    hours = lost(clicked(), HOURS - 6, HOURS)
    young: Floats = np.ones((1, HOURS))
    young[:, -6:] = 0.01

    assert outages(hours).evidence[0] >= SUSPECTED
    assert outages(replace(hours, shares=young)).evidence[0] < 1.0


def test_where_hours_are_told_once_what_is_assumed_of_delays_does_not_matter() -> None:
    hours = lost(clicked(), 300, HOURS)
    some = replace(hours, shares=np.full((1, HOURS), 0.07))

    assert outages(some).evidence[0] == pytest.approx(outages(hours).evidence[0])


def test_hours_of_the_day_that_never_sell_much_are_not_suspect_and_lost_ones_still_are() -> None:
    night = np.arange(HOURS) % 24 < 6
    chance = np.random.default_rng(7)
    hours = clicked()
    sold = chance.poisson(np.where(night, 0.15, 1.2) * 0.05 * hours.clicks[0])
    cyclic = replace(hours, conversions=sold[None].astype(np.float64))
    alike = replace(cyclic, of_day=np.zeros((1, HOURS), dtype=np.int64))

    assert outages(alike).evidence[0] >= SUSPECTED
    assert outages(cyclic).evidence[0] < SUSPECTED / 2.0
    by_day = outages(lost(cyclic, HOURS - 8, HOURS))
    assert (by_day.now[0] >= SUSPECTED, by_day.began[0]) == (True, HOURS - 8)


def test_an_outage_that_is_known_does_not_teach_that_nothing_is_usual() -> None:
    hours = lost(clicked(), 100, HOURS)
    usual = np.arange(HOURS)[None] < 100

    assert outages(replace(hours, usual=usual)).evidence > outages(hours).evidence


def test_a_thousand_campaign_weeks_have_a_false_alarm_or_two() -> None:
    many = [outages(clicked(rate=0.01, seed=seed)).evidence[0] for seed in range(500)]

    assert sum(each >= SUSPECTED for each in many) <= 2
    assert tracking.DOUBTED < SUSPECTED


def test_the_result_of_a_campaign_does_not_depend_on_its_batch() -> None:
    one, other = clicked(), lost(clicked(seed=2), 50, 90)
    both = Clicked(
        **{
            name: np.concatenate([getattr(one, name), getattr(other, name)])
            for name in Clicked.__slots__
        }
    )

    for name in ("evidence", "first", "end", "returned", "now", "began"):
        alone = [getattr(outages(each), name)[0] for each in (one, other)]
        assert getattr(outages(both), name).tolist() == alone
