"""The world that closed days are measured in, and how it is counted what is found there."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.closed_days.ceiling import ceiling, known_evidence
from benchmarks.closed_days.watching import KINDS, clean, found
from benchmarks.closed_days.world import DAY, LEARNED, Fault, world
from engine.funnel import SIGNALS


def test_what_goes_wrong_changes_nothing_but_what_it_is_about_from_its_hour_on() -> None:
    market, onset = world(3, 20), np.full(20, LEARNED * DAY + 5.0)
    usual = market.day(LEARNED)
    for at, signal in enumerate(SIGNALS):
        fault = Fault(signal=signal, bent=lambda age: np.full_like(age, 0.0), hours=4)
        broken = market.day(LEARNED, fault, onset).counts
        changed = (broken != usual.counts).any(axis=0)
        assert set(np.flatnonzero(changed.any(axis=1)).tolist()) <= {5, 6, 7, 8}
        assert (broken[:, 5:9, at] == 0.0).all()
    assert (market.day(LEARNED).counts == usual.counts).all()


def test_more_is_spent_where_bids_are_higher() -> None:
    market = world(3, 50)
    days = [market.day(number) for number in range(28)]
    bids = np.array([each.log_multiplier[:, :DAY] for each in days])
    spend = np.array([np.log1p(each.counts[:, :DAY, 2]) for each in days])
    slopes = [
        np.polyfit(bids[:, i].ravel(), spend[:, i].ravel(), 1)[0]
        for i in np.flatnonzero(market.rates > 5.0)
    ]
    assert min(slopes) > 0.0


def test_what_can_be_known_of_an_outage_grows_with_what_is_told_and_is_the_most_that_is_found() -> (
    None
):
    market = world(3, 400)
    evidence = known_evidence(market)
    told = market.rates * market.delay**-0.5

    assert evidence.shape == (40,)
    assert (evidence >= 0.0).all()
    assert np.corrcoef(np.log(told[::10]), np.log(evidence))[0, 1] > 0.8
    assert ceiling(market, 25) <= ceiling(market, 1) <= 100.0
    sales = np.array([market.day(n).counts[:, :DAY, 3].sum() for n in range(7)])
    means = np.array(
        [market.expected_sales(n, market.day(n).counts[:, :DAY, 1]).sum() for n in range(7)]
    )
    assert sales.sum() == pytest.approx(means.sum(), rel=0.02)


def test_outages_of_some_campaigns_are_found_and_few_where_nothing_is_wrong() -> None:
    seen = found("clicks", "outage", 100)

    assert KINDS["outage"].days == 2
    assert seen.share == 100.0
    assert abs(seen.median(seen.since, 3.0)) <= 1.0
    assert clean(100).false_alarms <= 0.05
