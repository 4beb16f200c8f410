"""Laws of the hours that outcomes go by: what the ledger keeps out is in no outcome either."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import permutations

import pytest

from schemas import MetricsEvent, Outcome, RecordMode, topics
from tests.workers.scorer.world import START, World, a_plan, an_event, followed, hour, pacing


def world() -> World:
    """Return a world in which a day's pacing was followed."""
    found = World()
    advice = pacing(0, "200", "240", "280")
    found.say(a_plan(), advice, followed(advice))
    return found


def a_day() -> list[MetricsEvent]:
    return [an_event(number) for number in range(24)]


def outcome(found: World) -> Outcome:
    """Return the last word on the day, a day and six hours after it began."""
    found.ticks(30, 31)
    return found.told[-1]


LATE = {"emitted_at": hour(26)}


@pytest.mark.parametrize(
    ("stray", "reason"),
    [
        (an_event(3, "1000", currency="USD", **LATE), "currency_mismatch"),
        (
            an_event(3, "1000", window_start=hour(3) + timedelta(minutes=30), **LATE),
            "overlapping_hours",
        ),
        (
            an_event(3, "1000", record_mode=RecordMode.DELTA, event_id="x", **LATE),
            "changes_nothing",
        ),
    ],
)
def test_what_the_ledger_keeps_out_is_not_counted(stray: MetricsEvent, reason: str) -> None:
    found = world()
    found.say(*a_day(), stray)

    told = outcome(found)

    assert (told.reported_spend, told.hours_missing) == (Decimal(240), 0)
    assert found.counts["ignored", "pacekeeper.metrics.v1", reason] == 1


def test_an_hour_told_before_its_publishers_clock_was_right_is_not_counted() -> None:
    found = world()
    found.say(*a_day())
    ahead = an_event(3, "1000", emitted_at=hour(24 * 365))
    stored = found.stored(topics.METRICS, ahead, START)
    found.feed(topics.METRICS, [replace(stored, timestamp=int(hour(26).timestamp() * 1_000))])

    assert outcome(found).reported_spend == Decimal(240)


def test_hours_that_begin_at_another_quarter_leave_none_missing() -> None:
    found = World()
    advice = pacing(19, "200", "240", "280", hour_plan=(Decimal(10),) * 24)
    found.say(a_plan(timezone="Asia/Kolkata"), advice, followed(advice))
    half = timedelta(minutes=30)
    found.say(an_event(18, window_start=hour(18) + half, emitted_at=hour(20)))
    found.say(*(an_event(number) for number in range(19, 43)))

    found.ticks(48.5, 50)

    assert [(each.hours_missing, each.reported_spend) for each in found.told] == [(0, Decimal(250))]


def test_deltas_add_up_to_the_last_digit_in_any_order() -> None:
    parts = [Decimal(10) ** 12, Decimal(1).scaleb(-18), Decimal(-(10**12)), Decimal(3).scaleb(-18)]
    deltas = [
        an_event(3, str(part), record_mode=RecordMode.DELTA, event_id=str(at))
        for at, part in enumerate(parts)
    ]
    found = set()
    for order in permutations(deltas):
        each = world()
        each.say(*order)
        found.add(frozenset(each.tables["metrics"].items()))

    assert len(found) == 1
    told = world()
    told.say(*deltas)
    assert outcome(told).reported_spend == Decimal(4).scaleb(-18)


def test_clocks_of_another_century_make_nothing_be_forgotten() -> None:
    found = world()
    far = hour(24 * 365 * 70)
    stray = pacing(1, "1", "2", "3", hour=far, currency="EUR")
    entry = followed(stray, at=far, field="daily_budget")
    advice = found.stored(topics.RECOMMENDATIONS, stray, START)
    told = found.stored(topics.AUDIT, entry, START)
    now = int(hour(1).timestamp() * 1_000)
    found.feed(topics.RECOMMENDATIONS, [replace(advice, timestamp=now)])
    found.feed(topics.AUDIT, [replace(told, timestamp=now)])
    found.say(*a_day())

    assert outcome(found).verdict == "as_projected"
