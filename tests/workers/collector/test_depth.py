"""How far back is asked for: today always, and everything that platforms restate now and then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from workers.collector.depth import Depths

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
ROUND = timedelta(minutes=15)


def a_week_of(depths: Depths, *, rounds: int = 7 * 96) -> list[int]:
    days = []
    for number in range(rounds):
        now = START + number * ROUND
        days.append(depths.due(now))
        depths.done(days[-1], now)
    return days


def test_no_depth_waits_longer_than_its_time_and_a_start_begins_with_three_days() -> None:
    asked = a_week_of(Depths())

    assert asked[:3] == [3, 29, 2]
    for days, hours in ((2, 0.25), (3, 1), (8, 24), (29, 7 * 24)):
        reached = [number for number, depth in enumerate(asked) if depth >= days]
        gaps = [after - before for before, after in pairwise(reached)]
        assert max(gaps, default=0) <= hours * 4
    assert asked.count(29) == 1
    assert asked.count(8) == 6


def test_what_was_not_done_stays_due() -> None:
    depths = Depths()
    depths.done(3, START)
    assert [depths.due(START + number * ROUND) for number in (1, 2, 3)] == [29, 29, 29]


def test_where_hours_are_derived_nothing_is_asked_for_that_is_not_kept() -> None:
    assert set(a_week_of(Depths(8))) == {2, 3, 8}
