"""Laws of what is kept: order, repeats and cuts change nothing, and rows never outgrow totals."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from schemas import Breakdown, Breakdowns, MetricsEvent, RecordMode, encode, topics
from schemas.breakdown import COUNTED
from tests.workers.adviser.world import World, a_row, an_event, hour, life
from workers.adviser.closing import MOST_BYTES
from workers.adviser.slices import day_of
from workers.delivery.sizes import LARGEST_BATCH


def told(*events: MetricsEvent, **plan: Any) -> list[Breakdowns]:  # noqa: ANN401 -- fields of a record
    """Return the days that events lead to, the last word on each."""
    world = World()
    if plan:
        world.plan(**plan)
    world.metrics(*events)
    return list({day.day: day for day in world.days}.values())


def sums(day: Breakdowns, **names: str) -> tuple[int, ...]:
    """Return the counts of the slices that have the names given."""
    some = [each for each in day.slices if all(getattr(each, k) == v for k, v in names.items())]
    return tuple(sum(sum(getattr(each, name)) for each in some) for name in COUNTED)


TOMORROW = an_event(24, emitted_at=hour(26))


def test_a_day_is_told_once_it_is_over_with_all_that_was_said_of_it() -> None:
    rows = [a_row("search", 60, 3.0), a_row("feed", 40, 1.5)]
    events = [an_event(number, rows) for number in range(24)]
    world = World()

    world.metrics(*events[:-1])
    assert world.days == []
    world.metrics(events[-1])
    (day,) = world.days

    assert (str(day.day), day.timezone, day.aims) == ("2026-03-02", "UTC", None)
    assert sums(day, placement="search") == (
        24 * 2_400,
        24 * 60,
        720_000_000,
        72_000_000,
        2_880_000_000,
    )
    assert sums(day, placement="feed")[:2] == (24 * 1_600, 24 * 40)
    assert all(each.hours == tuple(range(24)) for each in day.slices)


def test_days_are_the_accounts() -> None:
    events = [
        an_event(number, [a_row("search", 1)], account_timezone="America/New_York")
        for number in range(30)
    ]

    first, second = told(*events)

    assert [str(day.day) for day in (first, second)] == ["2026-03-01", "2026-03-02"]
    # New York is five hours behind: five hours of its first of March were told of.
    assert first.slices[0].hours == (19, 20, 21, 22, 23)
    assert second.slices[0].hours == tuple(range(24))


def test_what_rows_leave_out_is_in_a_slice_without_names() -> None:
    (day,) = told(an_event(3, [a_row("search", 60, 3.0)], clicks=100, spend=Decimal(41)), TOMORROW)

    assert [each.placement for each in day.slices] == [None, "search"]
    assert sums(day) == (2_400, 100, 41_000_000, 3_000_000, 120_000_000)
    assert sums(day, placement="search")[1:3] == (60, 30_000_000)


@pytest.mark.parametrize("field", ["impressions", "clicks", "spend", "conversions", "revenue"])
def test_rows_that_say_more_than_the_total_are_left_out_and_counted(field: str) -> None:
    rows = [a_row("search", 60, 3.0), a_row("feed", 40, 2.0)]
    fair = an_event(4, rows)
    less = getattr(fair, field) - (1 if field in {"impressions", "clicks"} else Decimal("0.01"))
    world = World()

    world.metrics(an_event(3, rows, **{field: less}), fair, TOMORROW)

    (day,) = world.days
    assert day.refused_hours == 1
    assert world.counts["breakdowns", "more_than_total"] == 1
    whole = [each for each in day.slices if each.placement is None]
    assert whole[0].hours == (3,)
    assert sums(day)[COUNTED.index(_told(field))] == _millionths(fair, field) + _millionths(
        an_event(3, rows, **{field: less}), field
    )


def _told(field: str) -> str:
    names = {"spend": "spend_millionths", "conversions": "conversion_millionths"}
    return names.get(field, "revenue_millionths" if field == "revenue" else field)


def _millionths(event: MetricsEvent, field: str) -> int:
    value = getattr(event, field)
    return int(value) if isinstance(value, int) else int(value * 10**6)


def test_rows_that_are_rounded_to_millionths_are_not_more_than_their_total() -> None:
    third = Decimal("0.3333335")
    rows = [a_row(name, 1, spend=third) for name in ("search", "feed", "partners")]

    (day,) = told(an_event(3, rows), TOMORROW)

    assert day.refused_hours == 0
    assert sums(day)[2] == 3 * 333_334


def test_rows_that_corrections_leave_below_nothing_are_left_out() -> None:
    def delta(name: str, clicks: int) -> MetricsEvent:
        sign = -1 if clicks < 0 else 1
        row = a_row("search", clicks) if name == "own" else a_row("feed", clicks)
        return an_event(
            3,
            [row],
            record_mode=RecordMode.DELTA,
            event_id=f"{name}{sign}",
            impressions=4_000 * sign if name != "own" else 0,
            clicks=100 * sign if name != "own" else 0,
        )

    (day,) = told(delta("other", 40), delta("own", -3), TOMORROW)

    assert day.refused_hours == 1
    assert sums(day)[1] == 100


def test_order_repeats_and_cuts_change_nothing_of_what_is_kept() -> None:
    chance = np.random.default_rng(5)
    events = [
        an_event(
            number % 30,
            [a_row("search", 10 + number), a_row("feed", number)],
            sequence_number=number // 30,
            emitted_at=hour(40) + timedelta(minutes=number),
        )
        for number in range(90)
    ]
    straight = World()
    straight.metrics(*events, an_event(60, emitted_at=hour(62)))
    for _ in range(3):
        mixed = World()
        order = chance.permutation(len(events)).tolist()
        order += chance.choice(order, 20).tolist()
        for part in np.array_split(np.array(order), 7):
            mixed.metrics(*(events[at] for at in part))
        mixed.metrics(an_event(60, emitted_at=hour(62)))

        days = {day.day: encode(day) for day in mixed.days}
        assert days == {day.day: encode(day) for day in straight.days}
        hours = {k: v for k, v in mixed.tables["hours"].items() if b"\0" in k}
        assert hours == {k: v for k, v in straight.tables["hours"].items() if b"\0" in k}


def test_deltas_add_up_in_any_order_and_count_once() -> None:
    def delta(number: int) -> MetricsEvent:
        return an_event(
            number % 3,
            [a_row("search", number)],
            record_mode=RecordMode.DELTA,
            event_id=str(number),
            emitted_at=hour(20),
        )

    events = [delta(number) for number in range(1, 31)]
    (one,) = told(*events, TOMORROW)
    (two,) = told(*events[::-1], *events[:10], TOMORROW)

    assert encode(one) == encode(two)
    assert sums(one)[1] == sum(range(1, 31))


def test_a_day_that_is_told_anew_takes_the_place_of_what_was_known() -> None:
    world = World()
    world.metrics(an_event(3, [a_row("search", 60)]), TOMORROW)
    world.metrics(an_event(3, [a_row("search", 61)], emitted_at=hour(30)))
    assert len(world.days) == 1
    world.metrics(an_event(48, emitted_at=hour(50)))

    first, again, second = world.days
    assert first.day == again.day < second.day
    assert sums(again)[1] == 61
    assert len([key for key in world.tables["days"] if key.startswith(b"google:7:a\0")]) == 3


def test_splitting_a_row_in_two_leaves_the_sums_of_every_dimension() -> None:
    whole = [a_row("search", 60, 3.0, device="mobile"), a_row("feed", 40, 2.0, device="mobile")]
    split = [
        a_row("search", 45, 1.0, device="mobile", ad_set_id="x"),
        a_row("search", 15, 2.0, device="mobile", ad_set_id="y"),
        whole[1],
    ]
    (one,) = told(an_event(3, whole), TOMORROW)
    (two,) = told(an_event(3, split), TOMORROW)

    for names in ({"placement": "search"}, {"placement": "feed"}, {"device": "mobile"}):
        assert sums(one, **names) == sums(two, **names)


def test_only_so_many_days_of_hours_are_kept_and_older_ones_say_nothing() -> None:
    world = World()
    world.metrics(*(an_event(24 * day) for day in range(60)))

    days = [key for key in world.tables["hours"] if b"\0" in key]
    assert len(days) == world.policy.restatement_days + 1
    before = dict(world.tables["hours"])
    world.metrics(an_event(0, clicks=51, emitted_at=hour(59 * 24 + 2)))
    assert world.counts["ignored", "pacekeeper.metrics.v1", "too_old"] == 1
    assert world.tables["hours"] == before


def test_what_is_the_optimizers_to_put_aside_is_passed_over() -> None:
    world = World(partitions=4, partition=3)
    name = world.policy.topic(topics.METRICS)

    step = world.feed(
        "hours",
        [
            world.stored(topics.METRICS, b"google:7:a", b"{", hour(1)),
            world.metric(an_event(1, campaign_id="elsewhere")),
        ],
    )

    assert not step.dead_letters
    assert not step.writes
    assert world.counts["ignored", name, "unreadable"] == 1
    assert world.counts["ignored", name, "other_partition"] == 1


def test_a_day_that_contradicts_itself_is_a_dead_letter() -> None:
    day = told(an_event(3, [a_row("search", 60)]), TOMORROW)[0]
    value = encode(day).replace(b'"closed_at":"2026-03-03', b'"closed_at":"2026-03-02')
    world = World()

    world.feed("days", [world.stored(topics.BREAKDOWNS, b"google:7", value, hour(26))])

    assert [letter.field for letter in world.dead_letters] == ["closed_at"]


def test_equal_hours_are_equal_bytes_whatever_rows_came_between() -> None:
    rows = [a_row("search", 60), a_row("feed", 40)]
    other: list[Breakdown] = [a_row("gone", 7)]
    one, two = World(), World()
    one.metrics(an_event(3, rows), an_event(4, other))
    two.metrics(an_event(4, other), an_event(3, other), an_event(3, rows[::-1]))

    value = one.tables["hours"][b"google:7:a\x0020514"]
    assert value == two.tables["hours"][b"google:7:a\x0020514"]
    assert len(day_of(value).names) == 3


def test_a_life_of_two_weeks_takes_a_few_kilobytes_a_day() -> None:
    world = World()
    world.metrics(*life(14))

    assert sum(map(len, world.tables["hours"].values())) < 15 * 4_000
    assert sum(map(len, world.tables["days"].values())) < 15 * 4_000


def test_a_day_of_thousands_of_slices_is_one_record_that_kafka_takes() -> None:
    events = []
    for number in range(24):
        rows = [a_row(f"{number}-{at:03d}-{'x' * 100}", 1 + at) for at in range(250)]
        events.append(an_event(number, rows))
    world = World()
    world.metrics(*events)

    (day,) = world.days
    assert world.counts["breakdowns", "rows_left_out"] == 24 * 50
    assert world.counts["breakdowns", "slices_left_out"] > 0
    assert max(len(out.value or b"") for out in world.outputs) <= MOST_BYTES
    assert max(map(len, world.tables["hours"].values())) < LARGEST_BATCH
    # Whatever goes into the slice without names, nothing is lost, and the largest keep theirs.
    assert sums(day)[:2] == (24 * 40 * 31_375, 24 * 31_375)
    assert sums(day, placement=f"7-249-{'x' * 100}")[1] == 250
    assert day.slices[0].placement is None
