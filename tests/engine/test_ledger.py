"""Ledgers against a plain recount of the last word on each hour, in decimals and zoneinfo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_CEILING, Decimal, localcontext
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import hours, ledger, money, state
from engine.calendar import hour_of_week, local_day
from tests.engine.books import ATTO, Books, Fact, instant

quick = settings(max_examples=25, deadline=None)
HOUR, DAY = 3_600, 86_400
EPOCH = date(1970, 1, 1)
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
)
BEGINNINGS = ("2026-03-20", "2026-10-20", "2026-12-20", "2028-02-20")
"""Clocks change soon after the first two, a year and a leap February end after the others."""

amounts = st.integers(-(10**24), 10**27)


@st.composite
def logs(draw: st.DrawFn) -> list[Fact]:
    """Snapshots of hours within three weeks, each with a sequence number of its own."""
    first = instant(draw(st.sampled_from(BEGINNINGS)))
    first += 900 * draw(st.sampled_from((0, 0, 1, 2, 3)))
    # Many close together, so that hours are restated and days are shared.
    number = st.integers(0, 30) | st.integers(0, 24 * 21)
    told = draw(
        st.lists(st.tuples(number, amounts, st.integers(0, 10**6)), min_size=1, max_size=14)
    )
    return [
        Fact(
            start=first + HOUR * number,
            spend=spend,
            revenue=7 * spend,
            impressions=3 * clicks,
            clicks=clicks,
            conversions=clicks // 2,
            sequence=sequence,
        )
        for sequence, (number, spend, clicks) in enumerate(told)
    ]


def local_date(start: int, zone: str) -> date:
    return datetime.fromtimestamp(start, UTC).astimezone(ZoneInfo(zone)).date()


def chosen(log: Sequence[Fact], zone: str, flight: date) -> dict[str, list[Fact]]:
    """Return the last word on each hour of the newest hour's day, week, month, and so on."""
    last = {fact.start: fact for fact in log}
    newest = local_date(max(last), zone)
    rules: dict[str, Callable[[date], bool]] = {
        "day": lambda day: day == newest,
        "week": lambda day: day.isocalendar()[:2] == newest.isocalendar()[:2],
        "month": lambda day: (day.year, day.month) == (newest.year, newest.month),
        "flight": lambda day: day >= flight,
        "total": lambda _: True,
    }
    return {
        name: [fact for fact in last.values() if rule(local_date(fact.start, zone))]
        for name, rule in rules.items()
    }


def told(log: Sequence[Fact], zone: str, flight: date = date.min) -> Books:
    days = (flight - EPOCH).days if flight > date.min else state.NEVER
    books = Books([zone], flight_first=days)
    books.tell(*log)
    return books


def decimal(pair: Sequence[int]) -> Decimal:
    return Decimal(int(pair[0])) + Decimal(int(pair[1])).scaleb(-18)


@given(logs(), st.sampled_from(ZONES), st.integers(0, 20))
@quick
def test_every_period_is_a_recount_of_the_last_word_on_each_hour(
    log: list[Fact], zone: str, days: int
) -> None:
    flight = local_date(log[0].start, zone) + timedelta(days=days)
    row = told(log, zone, flight).rows[0]
    with localcontext() as context:
        context.prec = 60
        for name, facts in chosen(log, zone, flight).items():
            assert decimal(row[name]) == sum(Decimal(fact.spend).scaleb(-18) for fact in facts)
            if name in ("day", "total"):
                revenue = sum(Decimal(fact.revenue).scaleb(-18) for fact in facts)
                assert decimal(row[f"{name}_revenue"]) == revenue
                assert row[f"{name}_counts"].tolist() == [
                    sum(getattr(fact, each) for fact in facts)
                    for each in ("impressions", "clicks", "conversions")
                ]
    assert row["newest"] == max(fact.start for fact in log)
    assert row["first"] == min(fact.start for fact in log)


@given(logs(), st.sampled_from(ZONES), st.integers(0, 4), st.data())
@quick
def test_minor_units_of_a_period_are_those_of_its_decimal_sum_rounded_up_once(
    log: list[Fact], zone: str, exponent: int, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(("day", "week", "month", "total")))
    row = told(log, zone).rows[:1]
    with localcontext() as context:
        context.prec = 60
        exact = sum((Decimal(f.spend) for f in chosen(log, zone, date.min)[name]), Decimal(0))
        step = Decimal(1).scaleb(-exponent)
        minor = exact.scaleb(-18).quantize(step, ROUND_CEILING).scaleb(exponent)
    assert money.ceil_to_minor(row[name], np.array([exponent])).tolist() == [int(minor)]


@given(logs(), st.sampled_from(ZONES), st.randoms(use_true_random=False))
@quick
def test_order_and_repeats_leave_bit_identical_books(
    log: list[Fact], zone: str, chance: Random
) -> None:
    shuffled = [*log, *log[:4]]
    chance.shuffle(shuffled)
    straight, mixed = told(log, zone), told(shuffled, zone)
    assert mixed.rows.tobytes() == straight.rows.tobytes()
    assert mixed.days == straight.days


@given(st.lists(logs(), min_size=2, max_size=4))
@quick
def test_campaigns_told_together_keep_the_books_that_each_keeps_alone(
    several: list[list[Fact]],
) -> None:
    zones = ZONES[: len(several)]
    together = Books(zones)
    for step in range(max(map(len, several))):
        together.wave({i: log[step] for i, log in enumerate(several) if step < len(log)})
    for i, (log, zone) in enumerate(zip(several, zones, strict=True)):
        alone = told(log, zone)
        assert alone.rows[0].tobytes() == together.rows[i].tobytes()
        assert alone.days[0] == together.days[i]


@given(logs(), logs(), st.sampled_from(ZONES))
@quick
def test_deltas_and_their_reversal_leave_the_ledgers_as_they_were(
    log: list[Fact], more: list[Fact], zone: str
) -> None:
    names = ("impressions", "clicks", "conversions", "spend", "revenue")
    log = [replace(fact, delta=True) for fact in log]
    late = [replace(fact, delta=True, start=log[i % len(log)].start) for i, fact in enumerate(more)]
    back = [replace(fact, **{name: -getattr(fact, name) for name in names}) for fact in late]
    assert told([*log, *late, *back], zone).rows.tobytes() == told(log, zone).rows.tobytes()


@given(logs(), st.sampled_from(ZONES), st.sampled_from(ZONES), st.integers(0, 20))
@quick
def test_ledgers_summed_anew_are_bit_for_bit_those_that_were_kept(
    log: list[Fact], zone: str, before: str, days: int
) -> None:
    flight = local_date(log[0].start, zone) + timedelta(days=days)
    kept, other = told(log, zone, flight), told(log, before)
    other.rows["flight_first"] = kept.rows["flight_first"]
    other.calendar = kept.calendar
    rows, owners, moments = other.all_hours()
    newest = other.rows["newest"].astype(np.int64)
    current = ledger.moment(other.calendar, np.array([0]), newest)
    again = ledger.rebuild(other.rows, rows, owners, (moments, current))
    assert again.tobytes() == kept.rows.tobytes()


@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/St_Johns", "2026-11-01", 25),
        ("Asia/Kathmandu", "2026-10-25", 24),
        # The change is half an hour: whole hours from midnight begin 24 times, and 25 times.
        ("Australia/Lord_Howe", "2026-10-04", 24),
        ("Australia/Lord_Howe", "2026-04-05", 25),
    ],
)
def test_a_local_day_has_all_the_hours_that_begin_in_it(zone: str, day: str, length: int) -> None:
    midnight = instant(day, zone)
    log = [Fact(start=midnight + HOUR * i, spend=ATTO) for i in range(-5, length)]
    books = told(log, zone)
    assert books.rows["day"].tolist() == [[length, 0]]
    assert books.rows["day_counts"].tolist() == [[1_000 * length, 50 * length, 0]]
    books.tell(Fact(start=midnight + HOUR * length, spend=3 * ATTO))
    assert books.rows["day"].tolist() == [[3, 0]]
    assert books.advances[-1].closed.tolist() == [True]
    assert books.advances[-1].closed_day == (date.fromisoformat(day) - EPOCH).days


def test_weeks_begin_on_monday_and_months_on_the_first_of_the_local_calendar() -> None:
    zone, sunday = "America/New_York", "2026-05-31"
    last = instant(sunday, zone) + 23 * HOUR
    books = told([Fact(start=last, spend=2 * ATTO)], zone)
    assert (books.rows["week"][0, 0], books.rows["month"][0, 0]) == (2, 2)
    books.tell(Fact(start=last + HOUR, spend=5 * ATTO))
    assert (books.rows["week"][0, 0], books.rows["month"][0, 0]) == (5, 5)
    books.tell(Fact(start=last, spend=9 * ATTO))
    assert (books.rows["week"][0, 0], books.rows["total"][0, 0]) == (5, 14)


@given(
    st.lists(st.integers(0, 12 * 24 * 4), min_size=1, max_size=20),
    st.integers(1, 5),
)
@quick
def test_the_kept_days_are_those_within_the_window_and_the_others_expire_once(
    numbers: list[int], kept: int
) -> None:
    books = Books(["UTC"], kept=kept)
    first = instant("2026-03-02")
    present: set[int] = set()
    for number in numbers:
        start = first + HOUR * (number // 4)
        newest = max(int(books.rows["newest"][0]), start) // DAY
        old = bool(present) and start // DAY < int(books.rows["newest"][0]) // DAY - kept
        outcome = books.tell(Fact(start=start, clicks=number))
        assert (outcome == [hours.Outcome.REFUSED]) == old
        step = books.advances[-1]
        expired = set(state.kept_days(int(step.expired[0]), int(step.base[0])))
        if outcome[0] <= hours.Outcome.RESTATED:
            present.add(start // DAY)
        gone = {day for day in present if day < newest - kept}
        assert expired == gone
        present -= gone
        assert state.kept_days(int(books.rows["days"][0]), newest) == sorted(present)


@given(logs(), st.sampled_from(ZONES))
@quick
def test_a_fact_that_is_kept_out_changes_no_campaign(log: list[Fact], zone: str) -> None:
    books = told(log, zone)
    before = books.rows.tobytes(), [dict(days) for days in books.days]
    last = list({fact.start: fact for fact in log}.values())
    assert set(books.tell(*last)) == {hours.Outcome.DUPLICATE}
    assert books.tell(replace(last[0], delta=True)) == [hours.Outcome.MIXED_MODES]
    assert (books.rows.tobytes(), books.days) == before
    assert not any(step.moved.any() for step in books.advances[-len(last) - 1 :])


@pytest.mark.parametrize(
    ("flight", "spend", "known"),
    [
        # The flight began before anything was known: it is all that was ever spent.
        (90, 100, True),
        (100, 100, True),
        # It began on a day of which hours were deleted.
        (110, 40, False),
        # All its hours are kept: what was summed stands.
        (120, 40, True),
        (130, 40, True),
    ],
)
def test_a_flight_is_known_or_said_to_be_unknown(flight: int, spend: int, *, known: bool) -> None:
    rows = state.new_campaigns(1)
    rows["flight_first"], rows["flight"][:, 0], rows["total"][:, 0] = flight, 40, 100
    settled = ledger.settle_flight(rows, np.array([100]), np.array([120]))
    assert settled["flight"].tolist() == [[spend, 0]]
    assert settled["flight_known"].tolist() == [known]


@given(logs(), st.sampled_from(ZONES))
@quick
def test_moments_and_cells_are_those_of_the_local_clock(log: list[Fact], zone: str) -> None:
    books = Books([zone])
    starts = np.array([fact.start for fact in log])
    zones = np.zeros(len(log), dtype=np.int64)
    moment = ledger.moment(books.calendar, zones, starts)
    cells = hour_of_week(books.calendar, zones, starts, local_day(books.calendar, zones, starts))
    for i, fact in enumerate(log):
        here = datetime.fromtimestamp(fact.start, UTC).astimezone(ZoneInfo(zone))
        monday = here.date() - timedelta(days=here.weekday())
        assert moment.day[i] == (here.date() - EPOCH).days
        assert moment.week[i] == (monday - date(1969, 12, 29)).days // 7
        assert moment.month[i] == (here.year - 1970) * 12 + here.month - 1
        assert cells[i] == here.weekday() * 24 + here.hour
