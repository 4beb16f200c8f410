"""What hours are usually like is measured, and only what it does not explain is a change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.arrays import Floats
from engine.usual_hours import Changes, Newest, Sold, Usual, changes, usual

DAYS = 14
PROFILE = 20.0 + 10.0 * np.sin(np.arange(24) / 24.0 * 2.0 * np.pi)
COST, RATE = 0.5, 0.1


def sold(count: int = 1, *, seed: int = 3, day_spread: float = 0.0) -> Sold:
    """Return days with Poisson's noise in clicks, costs and conversions, and days that differ."""
    chance = np.random.default_rng(seed)
    level = chance.gamma(1.0 / max(day_spread, 1e-9), max(day_spread, 1e-9), (count, DAYS, 1))
    mean = PROFILE * (level if day_spread else 1.0)
    clicks = chance.poisson(np.broadcast_to(mean, (count, DAYS, 24))).astype(float)
    spend = COST * clicks
    return Sold(
        clicks=clicks,
        spend=spend,
        conversions=chance.poisson(RATE * spend).astype(float),
        share=np.ones_like(clicks),
        known=np.ones_like(clicks, dtype=np.bool_),
    )


def newest(clicks: Floats, spend: Floats, conversions: Floats) -> Newest:
    """Return whole hours from midnight on, of shape (B, 24)."""
    count = len(clicks)
    return Newest(
        clicks=clicks,
        spend=spend,
        conversions=conversions,
        share=np.ones_like(clicks),
        hour=np.tile(np.arange(24), (count, 1)),
        part=np.ones_like(clicks),
        lift=np.ones_like(clicks),
        raised=np.ones(count),
        daily=np.zeros(count),
    )


def as_usual(known: Usual) -> Newest:
    clicks = np.tile(PROFILE, (len(known.cost), 1))
    return newest(clicks, COST * clicks, RATE * COST * clicks)


def with_last(given: Newest, hours: int, **factors: float) -> Newest:
    """Return hours of which the last few have some counts by a factor."""
    moved = {name: getattr(given, name).copy() for name in factors}
    for name, factor in factors.items():
        moved[name][:, -hours:] *= factor
    return replace(given, **moved)


def evidence(found: Changes) -> tuple[bool, bool, bool]:
    spend, cost, conversions = found.spend.sure, found.cost.sure, found.conversions.sure
    return bool(spend[0]), bool(cost[0]), bool(conversions[0])


def test_usual_is_what_the_days_were_drawn_from() -> None:
    known = usual(sold(200))

    assert known.clicks.mean(axis=0) == pytest.approx(PROFILE, rel=0.02)
    assert known.cost == pytest.approx(np.full(200, COST))
    assert known.rate.mean() == pytest.approx(RATE, rel=0.01)
    # Poisson's is 1, and what is taken is the larger of two, so rather above.
    assert 1.0 <= known.spend_spread.mean() <= 1.5
    assert 1.0 <= known.rate_spread.mean() <= 1.5


def test_days_that_differ_as_a_whole_count_for_more_than_hours_tell() -> None:
    """A day's sum is negative binomial: variance over mean is 1 + spread * clicks a day."""
    known = usual(sold(400, day_spread=0.1))

    assert np.median(known.spend_spread) == pytest.approx(1.0 + 0.1 * PROFILE.sum(), rel=0.25)


@pytest.mark.parametrize(
    ("factors", "found"),
    [
        ({}, (False, False, False)),
        ({"spend": 3.0, "clicks": 3.0, "conversions": 3.0}, (True, False, False)),
        ({"spend": 3.0, "conversions": 3.0}, (True, True, False)),
        ({"conversions": 0.0}, (False, False, False)),
    ],
)
def test_each_watches_its_own_ratio(factors: dict[str, float], found: tuple[bool, ...]) -> None:
    known = usual(sold())
    assert evidence(changes(known, with_last(as_usual(known), 3, **factors))) == found


def test_conversions_that_stay_away_are_missed_as_soon_as_enough_were_due() -> None:
    """A tenth a euro: with ten euros an hour one an hour; a day of none is a change."""
    known = usual(sold())
    many = with_last(as_usual(known), 24, conversions=0.0)

    assert evidence(changes(known, many))[2]
    assert not evidence(changes(known, replace(many, share=np.full((1, 24), 0.05))))[2]


@pytest.mark.parametrize("times", [2.0, 3.0])
def test_what_a_raised_bid_the_plan_or_a_known_lift_explains_is_no_change(times: float) -> None:
    known = usual(sold())
    more = with_last(as_usual(known), 6, spend=times, clicks=times, conversions=times)
    dearer = with_last(as_usual(known), 6, spend=times)
    budget = times * COST * PROFILE.sum()

    assert evidence(changes(known, more))[0]
    assert not evidence(changes(known, replace(more, daily=np.array([budget]))))[0]
    assert not evidence(changes(known, replace(more, lift=np.full((1, 24), times))))[0]
    assert evidence(changes(known, dearer))[1]
    assert evidence(changes(known, replace(dearer, raised=np.array([times])))) == (False,) * 3


def test_half_an_hour_that_spent_as_much_as_two_whole_ones_is_a_change_already() -> None:
    known = usual(sold())
    given = with_last(as_usual(known), 1, spend=2.5, clicks=2.5)
    half = np.ones((1, 24))
    half[:, -1] = 0.5

    assert not evidence(changes(known, given))[0]
    assert evidence(changes(known, replace(given, part=half)))[0]


def test_hours_left_out_and_campaigns_hardly_known_tell_nothing() -> None:
    known = usual(sold())
    wild = with_last(as_usual(known), 6, spend=9.0)
    few = replace(sold(), known=np.broadcast_to(np.arange(DAYS)[:, None] < 6, (1, DAYS, 24)))

    assert evidence(changes(known, replace(wild, part=np.zeros((1, 24))))) == (False,) * 3
    assert evidence(changes(usual(few), wild)) == (False,) * 3


def test_a_campaigns_answer_does_not_depend_on_its_batch() -> None:
    several = sold(5)
    own = Sold(**{name: getattr(several, name)[3:4] for name in Sold.__slots__})
    both, one = usual(several), usual(own)
    wild = with_last(as_usual(both), 2, spend=2.0)
    alone = Newest(**{name: getattr(wild, name)[3:4] for name in Newest.__slots__})

    for name in ("spend", "cost", "conversions"):
        first = getattr(changes(both, wild), name).evidence[3]
        assert first == getattr(changes(one, alone), name).evidence[0]


@pytest.mark.parametrize("day_spread", [0.0, 0.05])
def test_where_nothing_changed_hardly_any_campaign_is_alarmed_in_a_day(day_spread: float) -> None:
    """24 newest hours, drawn as the days before them: far fewer than one in a hundred."""
    count = 3_000
    drawn = sold(count, seed=8, day_spread=day_spread)
    chance = np.random.default_rng(9)
    level = chance.gamma(20.0, 0.05, (count, 1)) if day_spread else 1.0
    clicks = chance.poisson(np.broadcast_to(PROFILE * level, (count, 24))).astype(float)
    found = changes(
        usual(drawn),
        newest(clicks, COST * clicks, chance.poisson(RATE * COST * clicks).astype(float)),
    )
    alarmed = found.spend.sure | found.cost.sure | found.conversions.sure

    assert alarmed.mean() < 0.01
