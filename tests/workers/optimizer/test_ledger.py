"""Whatever order, number and cutting of the log: the ledger is a recount of the facts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import state
from schemas import MetricsEvent, RecordMode
from schemas.money import from_units_atto
from tests.workers.optimizer.world import KEY, World, a_plan, an_event, hour

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")

# Three weeks around the change of clocks in New York, and one before that in Berlin.
numbers = st.integers(0, 24 * 21)
money = st.decimals(0, 100, places=18) | st.decimals(0, 10**6, places=2)


@st.composite
def logs(draw: st.DrawFn) -> list[MetricsEvent]:
    """Snapshots of hours, each restatement with a higher sequence number."""
    told = draw(st.lists(st.tuples(numbers, money, st.integers(0, 99)), min_size=1, max_size=12))
    return [
        an_event(
            number,
            spend=spend,
            clicks=clicks,
            sequence_number=sequence,
            emitted_at=hour(24 * 22),
        )
        for sequence, (number, spend, clicks) in enumerate(told)
    ]


def recount(events: Sequence[MetricsEvent], zone: str) -> dict[str, Decimal]:
    """Sum the last word on each hour, by the local day, week, month of the newest hour."""
    last = {}
    for event in sorted(events, key=lambda event: event.sequence_number or 0):
        last[event.window_start] = event.spend
    here = ZoneInfo(zone)
    newest = max(last).astimezone(here).date()
    groups: dict[str, Callable[[date], bool]] = {
        "day": lambda day: day == newest,
        "week": lambda day: day.isocalendar()[:2] == newest.isocalendar()[:2],
        "month": lambda day: (day.year, day.month) == (newest.year, newest.month),
        "total": lambda _: True,
    }
    return {
        name: sum(
            (spend for start, spend in last.items() if within(start.astimezone(here).date())),
            Decimal(0),
        )
        for name, within in groups.items()
    }


def ledger(world: World, key: bytes = KEY) -> dict[str, Decimal]:
    row = state.unpack([world.tables["metrics"][key]])[0]
    return {
        name: from_units_atto(*row[name].tolist()) for name in ("day", "week", "month", "total")
    }


def told(events: Sequence[MetricsEvent], cuts: Sequence[int] = (), **plan: Any) -> World:  # noqa: ANN401 -- fields of a record
    """Return a world that was told ``events``, in steps that end at ``cuts``."""
    world = World()
    world.plan(**plan)
    edges = sorted({0, len(events), *(cut % (len(events) + 1) for cut in cuts)})
    for begin, end in pairwise(edges):
        world.metrics(*events[begin:end])
    return world


def facts(world: World) -> dict[bytes, bytes]:
    """All that is stored, without where in the log the last fact was."""
    stored = dict(world.tables["metrics"])
    row = state.unpack([stored[KEY]])
    row["offset"], row["previous"], row["decided"] = 0, np.void(bytes(16)), 0
    return stored | {KEY: row.tobytes()}


@given(logs(), st.sampled_from(ZONES))
@settings(max_examples=25, deadline=None)
def test_the_ledger_is_a_recount_of_the_last_word_on_each_hour(
    events: list[MetricsEvent], zone: str
) -> None:
    assert ledger(told(events, timezone=zone)) == recount(events, zone)


@given(logs(), st.lists(st.integers(0, 99), max_size=6))
@settings(max_examples=15, deadline=None)
def test_steps_may_be_cut_anywhere_with_the_same_tables_and_the_same_outputs(
    events: list[MetricsEvent], cuts: list[int]
) -> None:
    whole, parts = told(events), told(events, cuts)
    assert parts.tables == whole.tables
    assert parts.outputs == whole.outputs


@given(logs().flatmap(lambda log: st.tuples(st.just(log), st.permutations(log + log[:3]))))
@settings(max_examples=15, deadline=None)
def test_order_and_repeats_leave_the_same_facts_behind(
    logs: tuple[list[MetricsEvent], list[MetricsEvent]],
) -> None:
    in_order, shuffled = logs
    assert facts(told(shuffled)) == facts(told(in_order))


@given(logs(), st.integers(0, 12), st.sampled_from(ZONES), st.sampled_from(ZONES))
@settings(max_examples=15, deadline=None)
def test_a_plan_may_come_before_or_after_the_metrics_and_change_its_zone(
    events: list[MetricsEvent], when: int, first: str, then: str
) -> None:
    late = World()
    late.plan(timezone=first, flight_start=date(2026, 3, 6))
    late.metrics(*events[:when])
    late.plan(timezone=then, version=2, flight_start=date(2026, 3, 9))
    late.metrics(*events[when:], events[-1])
    early = World()
    early.plan(timezone=then, version=2, flight_start=date(2026, 3, 9))
    early.metrics(*events)
    assert facts(late) == facts(early)


deltas = st.lists(
    st.tuples(numbers, st.decimals(-50, 50, places=6), st.integers(0, 9)), min_size=1, max_size=12
)


@given(deltas, st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_each_delta_counts_once_by_its_event_id_in_any_order(
    given_: list[tuple[int, Decimal, int]], chance: Random
) -> None:
    events = [
        an_event(
            number % 48,
            spend=amount,
            event_id=f"{identity}-{number % 48}",
            record_mode=RecordMode.DELTA,
            emitted_at=hour(24 * 22),
        )
        for number, amount, identity in given_
    ]
    first = {event.event_id: event for event in reversed(events)}
    chosen = list(first.values())
    twice = [*chosen, *chosen]
    chance.shuffle(twice)
    assert ledger(told(twice))["total"] == sum((e.spend for e in chosen), Decimal(0))
    assert facts(told(twice)) == facts(told(chosen))


def test_an_older_restatement_that_comes_late_is_ignored_and_counted() -> None:
    world = told([an_event(0, spend=Decimal(9), sequence_number=2), an_event(0, sequence_number=1)])
    assert ledger(world)["day"] == 9
    assert world.counts["events", "superseded"] == 1


def test_without_sequence_numbers_the_later_word_counts() -> None:
    world = told([an_event(0), an_event(0, spend=Decimal("3.5")), an_event(0, spend=Decimal(3))])
    assert ledger(world)["total"] == 3
    assert world.counts["events", "restated"] == 2


def test_spend_finer_than_the_currency_is_kept_to_the_last_digit() -> None:
    third = Decimal("0.333333333333333333")
    assert ledger(told([an_event(i, spend=third) for i in range(24)]))["day"] == 24 * third


@pytest.mark.parametrize(
    ("zone", "first", "hours"),
    [("Europe/Berlin", date(2026, 3, 29), 23), ("Europe/Berlin", date(2026, 10, 25), 25)],
)
def test_a_day_on_which_the_clock_changes_has_all_its_hours(
    zone: str, first: date, hours: int
) -> None:
    midnight = datetime.combine(first, datetime.min.time(), ZoneInfo(zone)).astimezone(UTC)
    events = [
        an_event(0, window_start=midnight + timedelta(hours=i), spend=Decimal(1))
        for i in range(hours + 1)
    ]
    assert ledger(told(events[:hours], timezone=zone))["day"] == hours
    assert ledger(told(events, timezone=zone))["day"] == 1


def test_days_beyond_the_window_are_deleted_and_later_words_on_them_are_dead_letters() -> None:
    world = told([an_event(0), an_event(24 * 36), an_event(1, emitted_at=hour(24 * 37))])
    assert [letter.reason for letter in world.dead_letters] == ["too_old"]
    assert not [key for key in world.tables["metrics"] if b"2026-03-02" in key]
    assert ledger(world)["total"] == 8


def test_a_campaign_decides_and_learns_alike_alone_and_among_others() -> None:
    names = [{"campaign_id": str(number)} for number in range(7)]
    hours = range(60)
    together = World()
    for name in names:
        together.plan(a_plan(**name, strategy="even", budget=a_plan().budget))
    for number in hours:
        together.metrics(
            *(
                an_event(number, **name, spend=Decimal(number % 5 + i), clicks=i * number)
                for i, name in enumerate(names)
            )
        )
    alone = World()
    alone.plan(a_plan(**names[3]))
    for number in hours:
        alone.metrics(
            an_event(number, **names[3], spend=Decimal(number % 5 + 3), clicks=3 * number)
        )
    key = b"google:7:3"
    assert ledger(alone, key) == ledger(together, key)
    ours = [advice for advice in together.advice if advice.campaign_id == "3"]
    assert [a.hour_plan for a in ours] == [a.hour_plan for a in alone.advice]
    assert [a.projected_spend for a in ours] == [a.projected_spend for a in alone.advice]
