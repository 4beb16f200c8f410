"""Laws of reports that mean no good: whatever hours say, what is kept can be written and read."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from msgspec import structs

from schemas import Breakdown, Kind, MetricsEvent, RecordMode
from tests.workers.adviser.world import World, a_row, an_event, hour
from workers.adviser.creative import shown_most
from workers.adviser.slices import MOST_ROWS, day_of
from workers.delivery.sizes import LARGEST_BATCH

TOMORROW = an_event(24, emitted_at=hour(26))
THE_DAY = b"google:7:a\x0020514"


def a_delta(name: str, *rows: Breakdown, number: int = 3, **fields: object) -> MetricsEvent:
    return an_event(number, rows, record_mode=RecordMode.DELTA, event_id=name, **fields)


def test_deltas_that_add_up_to_more_than_a_count_can_be_are_passed_over_and_the_next_are_not() -> (
    None
):
    most = Decimal(10) ** 12
    world = World()

    world.metrics(*(a_delta(str(number), spend=most) for number in range(30)))
    world.metrics(an_event(4, [a_row("search", 60)]), TOMORROW)

    assert world.counts["ignored", "pacekeeper.metrics.v1", "out_of_range"] == 28
    (day,) = world.days
    assert sum(sum(each.spend_millionths) for each in day.slices) == 2 * 10**18 + 30_000_000
    assert not world.dead_letters


@pytest.mark.parametrize("stamp", [-1, 2**62])
def test_a_record_whose_timestamp_is_absurd_is_passed_over_and_the_next_is_not(stamp: int) -> None:
    world = World()
    record = world.metric(an_event(3, [a_row("search", 60)], emitted_at=None))

    world.feed("hours", [replace(record, timestamp=stamp)])
    assert world.counts["ignored", "pacekeeper.metrics.v1", "unreadable"] == 1
    assert not world.tables["hours"]
    world.metrics(an_event(4), TOMORROW)

    assert [str(day.day) for day in world.days] == ["2026-03-02"]


def test_rows_of_deltas_may_not_add_up_to_more_than_a_count_can_be_either() -> None:
    world = World()
    row = a_row("search", 60, spend=Decimal(10) ** 12)

    world.metrics(*(a_delta(str(number), row, spend=Decimal(4)) for number in range(30)), TOMORROW)

    assert world.counts["ignored", "pacekeeper.metrics.v1", "out_of_range"] == 28
    (day,) = world.days
    assert day.refused_hours == 1


def test_the_longest_names_that_there_can_be_leave_a_day_that_kafka_takes() -> None:
    def longest(number: int) -> list[Breakdown]:
        return [
            a_row(
                f"{number:02d}{at:03d}{'🙂' * 123}",
                1 + at,
                ad_set_id=f"{at:05d}{'🙂' * 123}",
                device=f"{at:05d}{'🙂' * 123}",
            )
            for at in range(250)
        ]

    world = World()
    world.metrics(*(an_event(number, longest(number)) for number in range(24)), TOMORROW)

    (day,) = world.days
    assert max(map(len, world.tables["hours"].values())) < LARGEST_BATCH
    # Those that spent most keep their names, and the total is all that was told.
    assert day.slices[-1].placement is not None
    assert sum(sum(each.clicks) for each in day.slices) == 24 * 31_375


def test_deltas_that_name_ever_more_rows_leave_a_day_that_kafka_takes() -> None:
    world = World()
    for number in range(23):
        world.metrics(
            *(
                a_delta(
                    f"{number} {part}",
                    *(a_row(f"{number}-{part}-{at}-{'x' * 100}", 1) for at in range(200)),
                    number=number,
                )
                for part in range(8)
            )
        )
    world.metrics(TOMORROW)

    (day,) = world.days
    assert len(world.tables["hours"][THE_DAY]) < LARGEST_BATCH
    assert all(
        len(each.rows) <= MOST_ROWS
        for each in day_of(world.tables["hours"][THE_DAY]).hours.values()
    )
    assert sum(sum(each.clicks) for each in day.slices) == 23 * 8 * 200


def test_which_rows_of_deltas_there_is_room_for_does_not_depend_on_which_came_first() -> None:
    parts = [
        a_delta("one", *(a_row(f"m{at:03d}{'x' * 120}", 1) for at in range(150))),
        a_delta("two", *(a_row(f"{at:03d}{'🙂' * 124}", 2) for at in range(60))),
        a_delta("three", a_row("n", 3), a_row("l", 4), a_row("z", 5)),
        a_delta("four", *(a_row(f"m{at:03d}{'x' * 120}", 6) for at in range(100, 250))),
    ]
    found = set()
    for order in permutations(parts):
        world = World()
        world.metrics(*order)
        found.add(world.tables["hours"][THE_DAY])

    assert len(found) == 1


def lives(world: World, days: int, **fields: Any) -> None:  # noqa: ANN401 -- fields of a record
    """Let a campaign of two placements live for some days."""
    for number in range(24 * days + 1):
        rows = [a_row("search", 60, 3.0), a_row("feed", 40, 1.0)]
        world.metrics(an_event(number, rows, current_bid=Decimal("0.30"), **fields))


def test_a_campaign_that_sells_without_a_click_changes_nobody_elses_bids() -> None:
    found = []
    for conversions in (0, 500):
        world = World()
        world.plan(target_cpa=Decimal(2), strategy="even")
        world.plan(campaign_id="blind", strategy="even")
        for number in range(73):
            blind = an_event(number, campaign_id="blind", current_bid=Decimal("0.30"))
            world.metrics(structs.replace(blind, clicks=0, conversions=Decimal(conversions)))
        lives(world, 4)
        told = [each for each in world.advice if each.campaign_id == "a" and each.field == "bid"]
        found.append([(each.decided_at, each.recommended_value) for each in told])

    assert found[0] == found[1]
    assert found[0]


def test_a_target_of_next_to_nothing_stops_nobody() -> None:
    world = World()
    world.plan(target_cpa=None, target_roas=5e-324, objective="value", strategy="even")
    lives(world, 3)

    assert [each.kind for each in world.advice if each.field == "bid"]
    assert not world.dead_letters


def test_more_clicks_than_impressions_are_no_rate_but_no_fault_either() -> None:
    world = World()
    world.plan()
    for campaign in ("a", "b"):
        lives(world, 3, campaign_id=campaign)
    for number in range(24 * 3, 24 * 12):
        world.metrics(an_event(number, impressions=1, clicks=10**12 if number < 24 * 8 else 0))

    rates = [each.current_value for each in world.advice if each.kind is Kind.CREATIVE]
    assert all(rate is not None and 0 <= rate <= 1 for rate in rates)
    assert world.days


def test_what_peers_are_told_of_thousands_of_ad_sets_is_a_record_that_kafka_takes() -> None:
    world = World()
    world.plan()
    for number in range(48):
        rows = [
            a_row("p" * 100, 1 + at, ad_set_id=f"{number}-{at:03d}-{'y' * 90}") for at in range(200)
        ]
        world.metrics(an_event(number, rows))
    world.metrics(an_event(48))

    (head,) = (value for key, value in world.tables["days"].items() if key.endswith(b"head"))
    assert len(head) < LARGEST_BATCH // 3


def test_peers_are_told_of_the_units_that_were_shown_most() -> None:
    units = [("ad_set", f"{at:04d}{'y' * 120}", {"p": (at, 1)}, 0.5) for at in range(4_000)]

    kept = shown_most(units)

    assert 1_000 < len(kept) < 4_000
    assert kept == tuple(units[-len(kept) :])
    assert shown_most(units[:50]) == tuple(units[:50])
