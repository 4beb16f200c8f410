"""Hours out of days: their sum is what the platform told last, through restarts and take-backs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from schemas import MetricsEvent
from tests.workers.collector.rows import pulled, row
from workers.collector.counts import Counts, total
from workers.collector.daily import SOURCE, ToldDays
from workers.collector.hourly import Pulled, snapshot

DAY = date(2026, 3, 1)
MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
PULLS = st.dictionaries(st.integers(1, 3_000), st.integers(0, 500), min_size=1, max_size=30)
"""Minutes after midnight, and the clicks that the day has by then."""


def heard(days: ToldDays, events: Iterable[MetricsEvent]) -> None:
    for event in events:
        days.hear(event)


def answer(minutes: int, clicks: int, campaign: str = "5") -> Pulled:
    as_of = MIDNIGHT + timedelta(minutes=minutes)
    told = row(DAY, None, clicks, as_of=as_of, campaign=campaign)
    return pulled([told], timezone="UTC", days=(DAY, DAY))


def told_of(days: ToldDays, asked: Pulled) -> list[MetricsEvent]:
    cells = days.cells(asked)
    return [snapshot(asked, cell, counts, source=SOURCE) for cell, counts in cells.items()]


def play(pulls: dict[int, int], restarts: Collection[int] = ()) -> list[MetricsEvent]:
    """Return all that is published; at a restart only the topic is left."""
    topic: list[MetricsEvent] = []
    days = ToldDays()
    for minutes in sorted(pulls):
        if minutes in restarts:
            days = ToldDays()
            heard(days, topic)
        events = told_of(days, answer(minutes, pulls[minutes]))
        heard(days, events)
        topic += events
    return topic


def known(topic: list[MetricsEvent]) -> dict[datetime, Counts]:
    """Return what a reader knows: of each hour the last word."""
    return {event.window_start: Counts.of(event) for event in topic}


@given(pulls=PULLS)
def test_the_hours_of_a_day_add_up_to_what_was_told_last_and_none_is_below_zero(
    pulls: dict[int, int],
) -> None:
    hours = known(play(pulls))

    assert total(hours.values()) == Counts.of(row(DAY, None, pulls[max(pulls)]))
    assert all(value >= 0 for counts in hours.values() for value in counts)


@given(pulls=PULLS)
def test_an_hour_that_was_told_while_it_ran_is_told_again_by_the_first_pull_after_its_end(
    pulls: dict[int, int],
) -> None:
    told = [(event.window_start, event.emitted_at) for event in play(pulls)]
    asked = [MIDNIGHT + timedelta(minutes=minutes) for minutes in sorted(pulls)]

    for start, at in told:
        end = start + timedelta(hours=1)
        after = [pull for pull in asked if pull >= end]
        if at is not None and at < end and after:
            assert (start, after[0]) in told


@given(pulls=PULLS, restarts=st.sets(st.integers(0, 29), max_size=5))
def test_a_restart_anywhere_changes_nothing_of_what_is_told(
    pulls: dict[int, int], restarts: set[int]
) -> None:
    minutes = sorted(pulls)
    when = {minutes[number] for number in restarts if number < len(minutes)}

    assert play(pulls, when) == play(pulls)


@given(pulls=PULLS, clicks=st.integers(0, 500))
def test_a_kill_between_two_events_of_an_answer_is_made_good_by_the_next(
    pulls: dict[int, int], clicks: int
) -> None:
    topic = play(pulls)
    days = ToldDays()
    heard(days, topic)
    last = told_of(days, answer(4_000, clicks))
    for cut in range(len(last) + 1):
        after = ToldDays()
        heard(after, [*topic, *last[:cut]])
        again = told_of(after, answer(4_001, clicks))
        hours = known([*topic, *last[:cut], *again])
        assert total(hours.values()) == Counts.of(row(DAY, None, clicks))


def test_growth_is_told_at_the_hour_of_the_pull_and_marked_as_derived() -> None:
    topic = play({65: 10, 130: 25, 140: 25, 200: 25, 1_500: 30})

    assert {event.source for event in topic} == {SOURCE}
    by_hour = {start.hour: counts.clicks for start, counts in known(topic).items()}
    assert by_hour == {1: 10, 2: 15, 3: 0, 23: 5}


@given(clicks=st.integers(0, 500), day=st.sampled_from([DAY, date(2026, 3, 29)]))
def test_a_day_that_was_over_when_it_was_first_asked_for_is_spread_evenly_over_its_hours(
    clicks: int, day: date
) -> None:
    as_of = MIDNIGHT + timedelta(days=40)
    asked = pulled([row(day, None, clicks, as_of=as_of)], timezone="Europe/Berlin", days=(day, day))
    days = ToldDays()
    hours = known(told_of(days, asked))

    place = ZoneInfo("Europe/Berlin")
    begins, ends = (datetime(day.year, day.month, day.day + more, tzinfo=place) for more in (0, 1))
    count = int((ends.astimezone(UTC) - begins.astimezone(UTC)) / timedelta(hours=1))
    assert sorted(hours) == [
        begins.astimezone(UTC) + timedelta(hours=number) for number in range(count)
    ]
    assert {counts.clicks for counts in hours.values()} <= {clicks // count, clicks // count + 1}
    assert total(hours.values()) == Counts.of(row(day, None, clicks))
    heard(days, told_of(days, asked))
    again = pulled(
        [row(day, None, clicks + 5, as_of=as_of + timedelta(hours=1))],
        timezone="Europe/Berlin",
        days=(day, day),
    )
    late = told_of(days, again)[0]
    assert late.clicks == hours[late.window_start].clicks + 5


def test_what_the_platform_takes_back_is_taken_from_the_last_hours() -> None:
    topic = play({65: 10, 130: 25, 200: 30, 260: 12})

    by_hour = {start.hour: counts.clicks for start, counts in known(topic).items()}
    assert by_hour == {1: 10, 2: 2, 3: 0, 4: 0}


def test_ad_sets_of_a_day_are_summed_and_events_of_others_are_not_heard() -> None:
    as_of = MIDNIGHT + timedelta(minutes=90)
    rows = [
        row(DAY, None, clicks, as_of=as_of, ad_set=name) for name, clicks in (("a", 3), ("b", 4))
    ]
    asked = pulled(rows, timezone="UTC", days=(DAY, DAY))
    days = ToldDays()
    reported = snapshot(asked, ("5", MIDNIGHT), Counts.of(rows[0]))
    heard(days, [reported])

    assert [event.clicks for event in told_of(days, asked)] == [7]


def test_days_that_are_not_asked_for_any_more_are_forgotten() -> None:
    days = ToldDays()
    heard(days, told_of(days, answer(65, 10)))
    days.forget_before(DAY + timedelta(days=1))

    assert [event.clicks for event in told_of(days, answer(130, 25))] == [25]


def test_an_answer_that_is_not_newer_changes_nothing() -> None:
    days = ToldDays()
    heard(days, told_of(days, answer(130, 25)))

    assert told_of(days, answer(130, 30)) == []
    assert told_of(days, answer(65, 10)) == []


def test_an_older_word_on_an_hour_that_is_heard_late_changes_nothing() -> None:
    days = ToldDays()
    heard(days, reversed(play({65: 10, 70: 25})))

    assert [event.clicks for event in told_of(days, answer(130, 26))] == [25, 1]
