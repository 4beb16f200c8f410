"""The cohort triangle of a report, from what was told again and again."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from decimal import Decimal

import msgspec
import numpy as np
import pytest

from schemas import MetricsEvent
from schemas.metrics import RecordMode
from tests.workers.report.cohort_told import retold
from tests.workers.report.test_page import Parts
from tests.workers.report.told import KEY, MONDAY, a_plan, an_hour, at
from workers.report.building import Book
from workers.report.cohort_rows import CohortTriangle
from workers.report.model import Wishes
from workers.report.page import page_of
from workers.report.retold import Retold

DAILY = 600.0
"""What a day of clicks brings at once, in the mean: three hours of 20 orders of 10."""


def book(events: Sequence[MetricsEvent], timezone: str = "UTC") -> Book:
    made = Book(wishes=Wishes())
    made.add_plans([a_plan(timezone=timezone)])
    made.deliver(events, [int((e.emitted_at or e.window_start).timestamp()) for e in events])
    return made


def triangle(events: Sequence[MetricsEvent], timezone: str = "UTC") -> CohortTriangle:
    (shown,) = book(events, timezone).report().shown
    assert shown.cohorts is not None
    return shown.cohorts


def grown(age: float) -> float:
    """Return what a day brings by an age; the first reckoning is at once, later ones by day."""
    return DAILY * (1.0 + 0.6 * (1.0 - float(np.exp(-age / 20.0))))


def test_observed_cells_are_what_was_told_and_foreseen_ones_what_comes() -> None:
    found = triangle(retold(20, until=120, chance=None))

    assert not found.weekly
    assert [row.days for row in found.rows] == [1] * 20
    for row in found.rows:
        for age, value, seen in zip(found.ages, row.values, row.observed, strict=True):
            assert value == pytest.approx(grown(age), rel=0.01), (row.first, age)
            assert seen == (age <= 119 - (row.first.toordinal() - found.rows[0].first.toordinal()))


def test_young_days_are_foreseen_as_old_ones_came_to_be() -> None:
    found = triangle(retold(75, chance=None))

    assert found.weekly
    assert sum(row.days for row in found.rows) == 75
    last = found.rows[-1]
    assert last.now / last.days < 1.1 * DAILY
    assert last.values[found.ages.index(60)] / last.days == pytest.approx(grown(60), rel=0.01)
    assert last.lifetime.low < last.lifetime.middle < last.lifetime.high
    assert last.lifetime.middle / last.days == pytest.approx(1.6 * DAILY, rel=0.03)


def test_a_day_is_the_accounts_own() -> None:
    """Ten in the evening in New York belongs to the day, though it is three o'clock in UTC."""
    late = [
        an_hour(24 * day + 3, revenue=Decimal(10 + age), emitted_at=at(24 * (day + 2 + age)))
        for day in range(5)
        for age in range(8)
    ]

    utc, new_york = triangle(late).rows[0], triangle(late, "America/New_York").rows[0]
    assert utc.first.isoformat() == "2026-03-02"
    assert new_york.first.isoformat() == "2026-03-01"


def test_hours_may_be_told_in_any_order_among_each_other() -> None:
    events = retold(15)
    by_hour: dict[object, list[MetricsEvent]] = {}
    for event in events:
        by_hour.setdefault(event.window_start, []).append(event)
    groups = list(by_hour.values())
    random.Random(3).shuffle(groups)
    mixed = triangle([event for group in groups for event in group])
    plain = triangle(events)

    assert [row.values.tobytes() for row in mixed.rows] == [
        row.values.tobytes() for row in plain.rows
    ]
    assert [row.lifetime for row in mixed.rows] == [row.lifetime for row in plain.rows]


def test_what_is_taken_back_lowers_what_is_foreseen() -> None:
    """As far as somebody has lived through a step of age: withdrawals are no curve."""
    last = triangle(retold(60, again=-0.3, chance=None)).rows[-1]
    by_45_days = DAILY * (1.0 - 0.3 * (1.0 - np.exp(-45.0 / 20.0)))

    assert last.lifetime.middle / last.days == pytest.approx(by_45_days, rel=0.01)


def test_rows_of_few_conversions_are_thin() -> None:
    events = retold(15, chance=None)
    few = [msgspec.structs.replace(each, conversions=Decimal("0.4")) for each in events]

    assert all(row.thin for row in triangle(few).rows)
    assert not any(row.thin for row in triangle(events).rows)
    text = page_of(book(few).report())
    assert "too few conversions" in text
    assert "too few conversions" not in page_of(book(events).report())


def test_revenue_that_was_never_told_otherwise_has_no_triangle_and_the_page_says_why() -> None:
    once = [an_hour(n, emitted_at=at(n + 1)) for n in range(48)]
    again = [*once, *(an_hour(n, emitted_at=at(n + 60)) for n in range(48))]

    for events in (once, again):
        made = book(events).report()
        assert made.shown[0].cohorts is None
        parts = Parts(page_of(made))
        assert "No cohorts: no revenue of this campaign was told otherwise" in " ".join(parts.texts)
        assert "cohorts-0" not in {a.get("id") for _, a in parts.tags}


def test_the_page_has_the_triangle_with_what_was_observed_and_foreseen_apart() -> None:
    parts = Parts(page_of(book(retold(30)).report()))
    items = json.loads(parts.data["figures-0"])
    words = " ".join(" ".join(parts.texts).split())

    assert items[-1]["target_id"] == "cohorts-0"
    assert "cohorts-0" in {a.get("id") for tag, a in parts.tags if tag == "div"}
    drawn = json.dumps(items[-1])
    assert "observed: EUR" in drawn
    assert "foreseen: EUR" in drawn
    assert "right_diagonal_line" in drawn
    assert "Each row is the clicks of one local week" in words
    assert "Lifetime value" in words


def test_deltas_and_reports_older_than_the_newest_say_nothing_of_an_hour_as_a_whole() -> None:
    told = Retold()
    late = an_hour(0, revenue=Decimal(7), emitted_at=at(5))
    delta = an_hour(0, record_mode=RecordMode.DELTA, event_id="d", emitted_at=at(9))
    newest = an_hour(0, revenue=Decimal(9), emitted_at=at(8))
    told.hear([newest, late, delta], [0, 0, 0])
    hour = told.hours[KEY][MONDAY]

    assert (hour.revenue, hour.earlier, hour.last) == (9.0, None, MONDAY + 8 * 3_600)


def test_between_reports_revenue_moves_in_a_straight_line_and_stands_while_it_is_told() -> None:
    told = Retold()
    events = [
        an_hour(0, revenue=Decimal(value), emitted_at=at(hour))
        for hour, value in ((1, 4), (3, 4), (5, 10))
    ]
    told.hear(events, [0, 0, 0])
    times = MONDAY + 3_600 * np.array([1.0, 2.0, 3.0, 4.0, 5.0, 9.0])

    assert told.hours[KEY][MONDAY].at(MONDAY, times).tolist() == [4.0, 4.0, 4.0, 7.0, 10.0, 10.0]
