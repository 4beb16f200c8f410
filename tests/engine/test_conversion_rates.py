"""Rates of cells: against a slow search for the most likely factors, and laws of evidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from engine.arrays import Floats
from engine.conversion_rates import Taught, learn, rates, teach, untaught
from engine.intervals import Interval
from engine.rate_cells import (
    Cells,
    Kinds,
    gathered,
)
from engine.rate_factors import Spreads

KINDS = Kinds(campaigns=3, devices=2, placements=2)
ALL = np.stack([each.ravel() for each in np.indices((3, 2, 2, 2, 24))], axis=1).astype(np.int64)
WHERE = (ALL[:, 2] + 1, ALL[:, 3] + 1, ALL[:, 4])
"""Device, placement and hour of each cell, as what is taught numbers them."""


def counts(seed: int, mean: float = 5.0) -> tuple[Floats, Floats]:
    chance = np.random.default_rng(seed)
    clicks = chance.poisson(mean, len(ALL)).astype(float)
    return clicks, chance.binomial(clicks.astype(int), 0.1 + 0.2 * ALL[:, 2]).astype(float)


def cells(seed: int = 1, mean: float = 5.0) -> Cells:
    return gathered(KINDS, ALL, *counts(seed, mean))


def lesson(seed: int = 2) -> Taught:
    shared = np.random.default_rng(seed).normal(0.0, 0.3, (3, 3, 24))
    spreads = Spreads(ad_set=0.02, device=0.05, placement=0.01, hour=0.03)
    return replace(untaught(KINDS), mean=0.1, strength=3.0, shared=shared, spreads=spreads)


def likeliest(campaign: int, known: Cells, taught: Taught) -> Floats:
    """Return the rates of a campaign's cells by plain climbing of the posterior, one at a time.

    Each of level and log factors is moved up or down by a step that is halved when neither helps.
    """
    mine = known.keys[:, 0] == campaign
    keys, clicks, sold = known.keys[mine], known.exposure[mine], known.conversions[mine]
    shared = taught.shared[keys[:, 2] + 1, keys[:, 3] + 1, keys[:, 4]]
    spread = taught.spreads
    sizes = (2, 2, 2, 24)
    variances = np.repeat((spread.ad_set, spread.device, spread.placement, spread.hour), sizes)
    starts = np.cumsum((1, *sizes[:-1]))
    columns = [starts[at] + keys[:, at + 1] for at in range(4)]

    def log_rate(x: Floats) -> Floats:
        return np.asarray(x[0] + shared + sum(x[column] for column in columns))

    def height(x: Floats) -> float:
        log = log_rate(x)
        likelihood = float(sold @ log - clicks @ np.exp(log))
        level = taught.strength * (x[0] - np.exp(x[0]) / taught.mean)
        return likelihood + float(level) - 0.5 * float((x[1:] ** 2 / variances).sum())

    x, step = np.concatenate(([np.log(taught.mean)], np.zeros(sum(sizes)))), 0.2
    best = height(x)
    while step > 1e-6:
        moved = False
        for at in range(len(x)):
            for way in (step, -step):
                x[at] += way
                there = height(x)
                if there > best:
                    best, moved = there, True
                else:
                    x[at] -= way
        step = step if moved else step / 2
    return np.exp(log_rate(x))


def equal(left: Interval, right: Interval, *, rtol: float = 1e-12) -> None:
    for name in ("low", "middle", "high"):
        assert_allclose(getattr(left, name), getattr(right, name), rtol=rtol)


def test_rates_are_those_of_a_slow_search_for_the_most_likely_factors() -> None:
    known, taught = cells(), lesson()
    found = rates(learn(known, taught), known.keys).middle
    for campaign in range(KINDS.campaigns):
        mine = known.keys[:, 0] == campaign
        assert_allclose(found[mine], likeliest(campaign, known, taught), rtol=2e-3)


def test_the_order_of_rows_and_how_they_are_split_change_nothing() -> None:
    clicks, sold = counts(1)
    order = np.random.default_rng(3).permutation(len(ALL))
    once = gathered(KINDS, ALL, clicks, sold)
    mixed = gathered(
        KINDS,
        np.concatenate((ALL[order], ALL)),
        np.concatenate((0.25 * clicks[order], 0.75 * clicks)),
        np.concatenate((0.25 * sold[order], 0.75 * sold)),
    )
    assert (mixed.keys == once.keys).all()
    equal(rates(learn(mixed, teach(mixed)), ALL), rates(learn(once, teach(once)), ALL), rtol=1e-9)


def test_a_campaign_is_learned_as_if_it_were_alone() -> None:
    known, taught = cells(), lesson()
    for campaign in range(KINDS.campaigns):
        mine = known.keys[:, 0] == campaign
        alone = gathered(
            replace(KINDS, campaigns=1),
            known.keys[mine] - np.array([campaign, 0, 0, 0, 0]),
            known.exposure[mine],
            known.conversions[mine],
        )
        found = rates(learn(alone, taught), alone.keys)
        among = rates(learn(known, taught), known.keys[mine])
        equal(found, among)


@pytest.mark.parametrize("campaigns", [0, 1])
def test_none_and_one_campaign_have_rates(campaigns: int) -> None:
    kinds = replace(KINDS, campaigns=campaigns)
    mine = ALL[ALL[:, 0] < campaigns]
    known = gathered(kinds, mine, np.full(len(mine), 10.0), np.full(len(mine), 1.0))
    found = rates(learn(known, teach(known)), mine)
    assert_allclose(found.middle, 0.1, rtol=0.02)


def test_without_clicks_a_campaign_has_the_rate_that_it_was_taught() -> None:
    taught = lesson()
    none = gathered(KINDS, ALL[:0], np.zeros(0), np.zeros(0))
    found = rates(learn(none, taught), ALL)
    assert_allclose(found.middle, 0.1 * np.exp(taught.shared[WHERE]))
    assert_allclose(rates(learn(none, teach(none)), ALL).middle, 0.02)


def test_without_any_conversion_rates_fall_with_clicks_and_stay_above_zero() -> None:
    before = np.ones(len(ALL))
    for clicks in (1.0, 10.0, 100.0):
        known = gathered(KINDS, ALL, np.full(len(ALL), clicks), np.zeros(len(ALL)))
        after = rates(learn(known, teach(known)), ALL)
        assert (after.middle < before).all()
        assert (after.low > 0.0).all()
        before = after.middle


def test_more_conversions_never_lower_a_rate_and_more_evidence_never_widens_it() -> None:
    clicks, sold = counts(4)
    taught = lesson()
    less = rates(learn(gathered(KINDS, ALL, clicks, sold), taught), ALL)
    more = rates(learn(gathered(KINDS, ALL, clicks, 2.0 * sold + 0.1), taught), ALL)
    longer = rates(learn(gathered(KINDS, ALL, 3.0 * clicks, 3.0 * sold), taught), ALL)
    assert (more.middle > less.middle).all()
    assert (np.log(longer.high / longer.low) < np.log(less.high / less.low)).mean() > 0.99


def test_what_many_share_and_how_far_they_depart_from_it_is_found() -> None:
    """Rates are drawn from a known law; clicks are many, so that chance is small."""
    chance, kinds = np.random.default_rng(5), Kinds(campaigns=800, devices=2, placements=2)
    grid = np.indices((800, 1, 2, 2, 24))
    own = 0.2 * chance.standard_normal((800, 2))[grid[0], grid[2]]
    hours = 0.4 * np.cos(2 * np.pi * np.arange(24) / 24)
    level = 0.05 * chance.gamma(4.0, 0.25, 800)
    log = np.log(level)[grid[0]] + 0.5 * grid[2] + hours[grid[4]] + own
    clicks = np.full(log.size, 30.0)
    keys = np.stack([each.ravel() for each in grid], axis=1).astype(np.int64)
    known = gathered(kinds, keys, clicks, chance.poisson(30.0 * np.exp(log.ravel())).astype(float))

    taught = teach(known)

    assert taught.strength == pytest.approx(4.0, rel=0.3)
    assert taught.spreads.device == pytest.approx(0.04, rel=0.3)
    assert taught.spreads.hour < 0.004
    between = taught.shared[2, 1:] - taught.shared[1, 1:]
    assert_allclose(between, 0.5, atol=0.06)
    day = taught.shared[1, 1] - taught.shared[1, 1].mean()
    assert_allclose(day, hours, atol=0.06)
    found = rates(learn(known, taught), keys)
    inside = (found.low <= np.exp(log.ravel())) & (np.exp(log.ravel()) <= found.high)
    assert 0.75 < inside.mean() < 0.95


def test_a_device_that_converts_at_hours_of_its_own_is_found() -> None:
    """Desktops convert by day and phones in the evening; counts are as expected, without chance."""
    kinds = Kinds(campaigns=40, devices=2, placements=1)
    keys = np.stack([each.ravel() for each in np.indices((40, 1, 2, 1, 24))], axis=1)
    peak = np.array([20.0, 10.0])[keys[:, 2]]
    rate = 0.04 * np.exp(0.5 * np.cos(2.0 * np.pi * (keys[:, 4] - peak) / 24.0))
    known = gathered(kinds, keys, np.full(len(keys), 500.0), 500.0 * rate)
    found = rates(learn(known, teach(known)), keys).middle
    assert_allclose(found, rate, rtol=0.03)


@pytest.mark.parametrize("spread", [0.03, 0.1])
def test_how_far_campaigns_depart_is_found_from_one_conversion_an_hour(spread: float) -> None:
    """One conversion leaves an hour unknown; 6,000 campaigns tell how far all of them depart.

    The estimate has a standard deviation of 0.004.
    """
    chance, many = np.random.default_rng(6), 6_000
    keys = np.zeros((many * 24, 5), dtype=np.int64)
    keys[:, 0], keys[:, 4] = np.divmod(np.arange(many * 24), 24)
    rate = 0.05 * np.exp(np.sqrt(spread) * chance.standard_normal(many * 24))
    sold = chance.poisson(20.0 * rate).astype(float)
    kinds = Kinds(campaigns=many, devices=1, placements=1)
    taught = teach(gathered(kinds, keys, np.full(many * 24, 20.0), sold))
    assert taught.spreads.hour == pytest.approx(spread, abs=0.012)


@pytest.mark.parametrize("counted", [0.0, 1.0, 4_573.0, 1e9])
def test_what_a_campaign_counts_without_a_click_teaches_nobody_and_is_no_rate_of_its_own(
    counted: float,
) -> None:
    clicks, sold = counts(1)
    blind = ALL[:, 0] == 2
    clicks[blind] = 0.0
    nothing, something = (
        gathered(KINDS, ALL, clicks, np.where(blind, each, sold)) for each in (0.0, counted)
    )

    taught = teach(something)

    assert_allclose(taught.shared, teach(nothing).shared, rtol=0, atol=0)
    assert (taught.mean, taught.strength) == (teach(nothing).mean, teach(nothing).strength)
    own = rates(learn(something, taught), ALL)
    assert np.isfinite(own.high).all()
    assert_allclose(own.middle, rates(learn(nothing, taught), ALL).middle, rtol=0, atol=0)
