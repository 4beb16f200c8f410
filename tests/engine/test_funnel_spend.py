"""Spend is held against its own week and what it was allowed to be: limits are no anomalies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from engine import funnel_alarms, funnel_spend, funnel_state, funnel_watch
from engine.anomalies import CHANGES
from engine.arrays import Floats, Rows
from engine.funnel import HOURS, SPEND, ClosedDays

CAMPAIGNS, LEARNED, WATCHED = 40, 21, 14
PRICE = 2.0
FALLS = [CHANGES.index(each) for each in ("outage", "drop", "sinking")]


def demand(number: int, rate: float, answer: float = 1.0, bid: float = 0.0) -> ClosedDays:
    """Return a day whose demand has hours of its own, and varies by 30 % beyond counting."""
    chance = np.random.default_rng([number, 5])
    size, hours = (CAMPAIGNS, HOURS), np.arange(HOURS)
    bids = np.where(number < LEARNED, 0.0, bid) + chance.normal(0.0, 0.1, size)
    week = np.exp(0.5 * np.sin(2.0 * np.pi * hours / 24.0) + answer * bids)
    clicks = chance.poisson(rate * week * chance.gamma(10.0, 0.1, size)).astype(np.float64)
    counts = np.zeros((*size, 5))
    counts[..., 0], counts[..., 1], counts[..., SPEND] = 30.0 * clicks, clicks, PRICE * clicks
    return ClosedDays(
        counts=counts,
        log_multiplier=bids,
        steered=np.ones(size, dtype=np.bool_),
        of_day=np.tile(hours % 24, (CAMPAIGNS, 1)),
        weekday=np.full(CAMPAIGNS, number % 7),
        starts=np.tile((number * 24 + hours) * 3_600, (CAMPAIGNS, 1)),
        told=np.tile(hours < 24, (CAMPAIGNS, 1)),
        capped=np.zeros(size, dtype=np.bool_),
        allowed=np.full(size, np.inf),
        prompt=np.ones(CAMPAIGNS, dtype=np.bool_),
    )


def limited(days: ClosedDays, allowed: float, *, known: bool = True) -> ClosedDays:
    """Return a day of which no hour spends more than it was allowed; ``known`` is told how much."""
    counts = days.counts.copy()
    let = np.minimum(1.0, allowed / np.maximum(counts[..., SPEND], 1e-9))
    counts *= let[..., None]
    capped = counts[..., SPEND] >= 0.97 * allowed
    limit = np.full(capped.shape, allowed if known else np.inf)
    return replace(days, counts=counts, capped=capped, allowed=limit)


def halved(days: ClosedDays) -> ClosedDays:
    return replace(days, counts=days.counts * 0.5)


def learned(rate: float) -> Rows:
    rows = funnel_state.unpack([b""] * CAMPAIGNS)
    for number in range(LEARNED):
        rows, _ = funnel_watch.watch(rows, demand(number, rate))
    return rows


def peaks(rows: Rows, days: list[ClosedDays]) -> tuple[Rows, Floats]:
    """Return campaigns after days, and the most evidence of each change of their spend."""
    most = np.zeros((CAMPAIGNS, len(CHANGES)))
    for day in days:
        rows, judged = funnel_watch.watch(rows, day)
        most = np.maximum(most, judged.peak[:, SPEND])
    return rows, most


@pytest.mark.parametrize("rate", [2.0, 30.0])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("known", [True, False])
def test_what_a_limit_takes_off_spend_is_no_anomaly_nor_is_its_end(
    rate: float,
    share: float,
    known: bool,  # noqa: FBT001 -- pytest hands it over
) -> None:
    limit = share * rate * PRICE
    cut = [limited(demand(LEARNED + n, rate), limit, known=known) for n in range(WATCHED)]
    rows, while_cut = peaks(learned(rate), cut)
    _, afterwards = peaks(rows, [demand(LEARNED + WATCHED + n, rate) for n in range(7)])

    # One in twenty campaign-weeks is what is put up with, of all signals and changes.
    for most, weeks in ((while_cut, WATCHED / 7), (afterwards, 1.0)):
        assert (most >= funnel_alarms.SUSPECTED).any(axis=1).sum() <= 0.05 * CAMPAIGNS * weeks


@pytest.mark.parametrize("room", [1.0, 2.0, np.inf])
def test_spend_that_falls_though_its_limit_leaves_room_is_told_of(room: float) -> None:
    rate = 30.0
    # The busiest hours spend 1.65 times as much as the mean one.
    limit = room * rate * PRICE
    days = [limited(halved(demand(LEARNED + n, rate)), limit) for n in range(7)]
    _, most = peaks(learned(rate), days)

    assert (most[:, FALLS].max(axis=1) >= funnel_alarms.SUSPECTED).mean() > 0.9


def test_spend_that_rises_is_told_of_where_limits_leave_room() -> None:
    rate, rises = 30.0, [CHANGES.index("spike"), CHANGES.index("rising")]
    days = [demand(LEARNED + n, rate * 2.5) for n in range(7)]
    _, free = peaks(learned(rate), days)
    tight = learned(rate)
    for number in range(LEARNED - 7, LEARNED):
        tight, _ = funnel_watch.watch(tight, limited(demand(number, rate), 0.5 * rate * PRICE))
    _, after_limits = peaks(tight, days[:3])

    assert (free[:, rises].max(axis=1) >= funnel_alarms.SUSPECTED).mean() > 0.9
    assert (after_limits[:, rises] == 0.0).all()


@pytest.mark.parametrize("answer", [0.6, 1.0, 1.4])
@pytest.mark.parametrize("bid", [-1.2, 0.7])
def test_bids_far_from_usual_ones_make_no_anomaly_before_it_is_known_how_spend_answers(
    answer: float, bid: float
) -> None:
    days = [demand(LEARNED + n, 30.0, answer, bid) for n in range(7)]
    _, most = peaks(learned(30.0), days)

    assert (most >= funnel_alarms.SUSPECTED).any(axis=1).sum() <= 0.05 * CAMPAIGNS


@pytest.mark.parametrize("mean", [5.0, 20.0, 200.0])
def test_an_hour_that_was_cut_off_says_what_the_chances_of_so_much_say(mean: float) -> None:
    inverse, factor = 0.1, 0.6
    for share in (0.3, 0.7, 1.0, 1.4):
        count = np.ceil(share * mean)
        # Of whole counts "at least so many" begins half a count lower.
        said = funnel_spend.cut_off_says(
            np.array([[count - 0.5]]),
            np.array([[mean, mean]]),
            np.full((1, 2), inverse),
            np.array([factor, 3.0]),
        )
        chances = [
            stats.nbinom.logsf(count - 1, 1.0 / inverse, 1.0 / (1.0 + inverse * each))
            for each in (factor * mean, mean)
        ]
        assert said[0, 0] == pytest.approx(chances[0] - chances[1], abs=0.4, rel=0.2)
        assert said[0, 0] <= 0.0
        assert said[0, 1] == 0.0


def test_what_a_fall_of_spend_is_told_with_is_no_more_than_was_allowed() -> None:
    rate = 30.0
    limit = 0.8 * rate * PRICE
    day = limited(halved(demand(LEARNED, rate)), limit)
    _, judged = funnel_watch.watch(learned(rate), day)
    drop = CHANGES.index("drop")
    hours = (judged.until - judged.since)[:, SPEND, drop] / 3_600

    assert (judged.peak[:, SPEND, drop] > 0.0).any()
    assert (judged.expected[:, SPEND, drop] <= hours * limit * 1.001).all()


def left_alone(days: ClosedDays, share: float) -> ClosedDays:
    """Return a day of which a platform's own budget, which nobody told of, let a share through."""
    nobody = np.zeros_like(days.steered)
    bids = np.zeros_like(days.log_multiplier)
    return replace(days, counts=days.counts * share, steered=nobody, log_multiplier=bids)


@pytest.mark.parametrize("share", [0.3, 1.0])
@pytest.mark.parametrize("first", [0, 10])
def test_what_spend_was_before_bids_were_set_says_nothing_of_it_afterwards(
    share: float, first: int
) -> None:
    """The platform throttles; from an hour of a day on there are bids, and the whole demand."""
    rate, rows = 30.0, funnel_state.unpack([b""] * CAMPAIGNS)
    for number in range(LEARNED):
        rows, _ = funnel_watch.watch(rows, left_alone(demand(number, rate), share))
    handed, before = (demand(LEARNED, rate), left_alone(demand(LEARNED, rate), share))
    counts, steered = handed.counts.copy(), handed.steered.copy()
    counts[:, :first], steered[:, :first] = before.counts[:, :first], False
    days = [demand(LEARNED + n, rate) for n in range(1, 22)]
    rows, rises = peaks(rows, [replace(handed, counts=counts, steered=steered), *days[:10]])
    _, falls = peaks(rows, [halved(day) for day in days[10:]])

    assert (rises >= funnel_alarms.SUSPECTED).sum() <= 0.05 * CAMPAIGNS * 11 / 7
    assert (falls[:, FALLS].max(axis=1) >= funnel_alarms.SUSPECTED).mean() > 0.9


def test_a_campaign_that_begins_in_the_evening_is_judged_as_all_others() -> None:
    """An evening brings twice what an hour of the mean day does."""
    hours, rows = np.arange(HOURS), funnel_state.unpack([b""] * CAMPAIGNS)
    evenings = np.where(hours >= 16, 2.0, 0.5)[:, None]
    days = [demand(n, 30.0) for n in range(LEARNED)]
    days = [replace(day, counts=day.counts * evenings) for day in days]
    first = replace(days[0], told=days[0].told & (hours >= 16))
    _, most = peaks(rows, [first, *days[1:]])

    assert (most >= funnel_alarms.SUSPECTED).any(axis=1).sum() <= 0.05 * CAMPAIGNS * 2
