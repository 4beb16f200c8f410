from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.simulator.clearing import AGES, Outcome, Policy, clear
from workers.simulator.market import draw
from workers.simulator.population import make_world
from workers.simulator.reports import Calendar, Faults, Outage, Report, reports_of

HOUR = 495_000
MARKET = make_world(4, seed=2, auctions_per_day=30_000).market
OUTCOMES = {HOUR + i: clear(draw(MARKET, HOUR + i), Policy.throttled(np.ones(4))) for i in range(6)}
END = HOUR + 200


def told(faults: Faults, seed: int = 0) -> list[Report]:
    """Everything told about the six hours, in the order and at the hour in which it is told."""
    chance = np.random.default_rng(seed)
    calendar, heard = Calendar(), []
    for now in range(HOUR, END):
        if now - 1 in OUTCOMES:
            calendar.add(reports_of(OUTCOMES[now - 1], now - 1, faults, chance))
        for report in calendar.take(now, faults, chance):
            assert report.due <= now
            heard.append(report)
    return heard


def last_words(reports: list[Report]) -> dict[tuple[int, int], Report]:
    latest: dict[tuple[int, int], Report] = {}
    for report in reports:
        known = latest.get((report.row, report.hour))
        if known is None or report.revision >= known.revision:
            latest[report.row, report.hour] = report
    return latest


outages = st.tuples(st.integers(HOUR - 3, HOUR + 80), st.integers(1, 12)).map(
    lambda span: Outage(start=span[0], end=sum(span))
)
all_faults = st.builds(
    Faults,
    late_share=st.floats(0, 1),
    late_hours=st.integers(1, 9),
    duplicate_share=st.floats(0, 1),
    reorder=st.booleans(),
    reporting_outages=st.lists(outages, max_size=1).map(tuple),
    tracking_outages=st.lists(outages, max_size=1).map(tuple),
)


@settings(max_examples=40, deadline=None)
@given(faults=all_faults, seed=st.integers(0, 99))
def test_whatever_goes_wrong_the_last_word_on_every_hour_is_the_truth(
    faults: Faults, seed: int
) -> None:
    latest = last_words(told(faults, seed))
    assert set(latest) == {(row, hour) for row in range(4) for hour in OUTCOMES}
    for (row, hour), report in latest.items():
        truth: Outcome = OUTCOMES[hour]
        assert report.is_final
        assert (report.conversions, report.revenue) == (
            truth.conversions[row, -1],
            truth.revenue[row, -1],
        )
        assert (report.impressions, report.clicks, report.spend) == (
            truth.impressions[row],
            truth.clicks[row],
            truth.spend[row],
        )


def test_without_faults_an_hour_is_told_at_its_end_and_again_when_it_has_changed() -> None:
    for report in told(Faults()):
        assert report.due == report.hour + 1 + AGES[report.revision]
    by_hour: dict[tuple[int, int], list[Report]] = {}
    for report in told(Faults()):
        by_hour.setdefault((report.row, report.hour), []).append(report)
    for reports in by_hour.values():
        assert reports[0].revision == 0
        counts = [(r.conversions, r.revenue) for r in reports]
        assert all(a != b for a, b in pairwise(counts[:-1]))
        assert counts == sorted(counts)


def test_duplicates_are_exact_and_as_many_as_asked() -> None:
    heard = Counter(told(Faults(duplicate_share=1.0)))
    assert set(heard.values()) == {2}
    assert set(heard) == set(told(Faults()))


def test_late_reports_come_within_the_hours_given_and_none_is_early() -> None:
    on_time = {(r.row, r.hour, r.revision): r.due for r in told(Faults())}
    late = told(Faults(late_share=0.5, late_hours=2))
    delays = Counter(r.due - on_time[r.row, r.hour, r.revision] for r in late)
    assert set(delays) == {0, 1, 2}
    assert delays[0] == pytest.approx(len(late) / 2, abs=4 * (len(late) / 4) ** 0.5)


def test_reordering_changes_the_order_and_nothing_else() -> None:
    plain, mixed = told(Faults()), told(Faults(reorder=True))
    assert plain != mixed
    assert Counter(plain) == Counter(mixed)


def test_nothing_is_told_during_a_reporting_outage_and_all_of_it_at_its_end() -> None:
    outage = Outage(start=HOUR + 2, end=HOUR + 5)
    heard = told(Faults(reporting_outages=(outage,)))
    assert not [r for r in heard if outage.covers(r.due)]
    assert len(heard) == len(told(Faults()))
    assert {r.hour for r in heard if r.due == outage.end} >= {HOUR + 1, HOUR + 2, HOUR + 3}


def test_conversions_of_a_tracking_outage_are_counted_after_it() -> None:
    outage = Outage(start=HOUR + 1, end=HOUR + 9)
    heard = told(Faults(tracking_outages=(outage,)))
    during = [r for r in heard if r.hour > HOUR and r.due < outage.end]
    assert during
    assert all(r.conversions == r.revenue == 0 for r in during)
    assert all(r.spend > 0 for r in during)


def test_a_tracking_outage_of_some_campaigns_leaves_the_others_as_they_were() -> None:
    outage = Outage(start=HOUR + 1, end=HOUR + 9, rows=frozenset({1, 3}))
    heard, usual = told(Faults(tracking_outages=(outage,))), told(Faults())
    whole = told(Faults(tracking_outages=(Outage(start=HOUR + 1, end=HOUR + 9),)))

    def rows(reports: list[Report], *chosen: int) -> list[Report]:
        return [report for report in reports if report.row in chosen]

    assert rows(heard, 0, 2) == rows(usual, 0, 2)
    assert rows(heard, 1, 3) == rows(whole, 1, 3) != rows(usual, 1, 3)


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_outside_0_to_1_is_refused_by_name(share: float) -> None:
    with pytest.raises(ValueError, match="late_share"):
        Faults(late_share=share)


def test_an_outage_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="ends after it starts"):
        Outage(start=5, end=5)
