"""Rows of hourly reports as events: sums are the platform's, and no zero is invented."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from schemas import MetricsEvent, RecordMode, encode
from tests.workers.collector.rows import pulled, row
from workers.collector.hourly import Cell, Pulled, event_of, hourly_cells
from workers.collector.hours import hours_of, starts
from workers.connectors.protocol import Performance

DAY = date(2026, 6, 1)
AUTUMN = date(2026, 10, 25)
ZURICH = "Europe/Zurich"


def events(answer: Pulled, told: Collection[Cell] = ()) -> dict[Cell, MetricsEvent]:
    cells = hourly_cells(answer, told)
    return {cell: event_of(answer, cell, ad_sets) for cell, ad_sets in cells.items()}


def of_day(rows: list[Performance], day: date = DAY) -> Pulled:
    return pulled(rows, days=(day, day))


@given(
    cells=st.lists(
        st.tuples(
            st.sampled_from([AUTUMN - timedelta(1), AUTUMN]),
            st.integers(0, 23),
            st.sampled_from("56"),
            st.sampled_from(["a", "b", "c"]),
        ),
        unique=True,
        min_size=1,
    ),
    seed=st.integers(0, 100),
)
def test_what_is_told_adds_up_to_what_the_platform_reports_by_campaign_and_by_ad_set(
    cells: list[tuple[date, int, str, str]], seed: int
) -> None:
    draw = Random(seed)
    rows = [
        row(day, hour, draw.randint(0, 999), campaign=campaign, ad_set=ad_set)
        for day, hour, campaign, ad_set in cells
    ]
    answer = pulled(rows, days=(AUTUMN - timedelta(1), AUTUMN))
    told = [event_of(answer, *each) for each in hourly_cells(answer).items()]

    for campaign in "56":
        for number in ("impressions", "clicks", "spend", "conversions", "revenue"):
            reported = sum(getattr(each, number) for each in rows if each.campaign_id == campaign)
            ours = [each for each in told if each.campaign_id == campaign]
            assert sum(getattr(each, number) for each in ours) == reported
            assert (
                sum(getattr(part, number) for each in ours for part in each.breakdown) == reported
            )


def test_a_day_with_25_hours_is_told_in_25_hours_and_one_with_23_in_23() -> None:
    for day, count in ((AUTUMN, 25), (date(2026, 3, 29), 23)):
        labels = [label for label in range(24) if count == 25 or label != 2]
        answer = of_day([row(day, label, 10) for label in labels], day)
        told = [start for _, start in hourly_cells(answer)]
        assert sorted(told) == list(hours_of(day, ZURICH))
        assert len(told) == count


def test_an_hour_that_is_left_out_is_zero_once_a_later_hour_is_over_and_told() -> None:
    def at(label: int) -> datetime:
        return starts(DAY, label, ZURICH)[0]

    as_of = at(9) + timedelta(minutes=50)
    rows = [row(DAY, label, 5, as_of=as_of) for label in (2, 4)]
    others = [row(DAY, label, 5, as_of=as_of, campaign="6") for label in (3, 7, 9)]

    cells = hourly_cells(of_day([*rows, *others]))
    zeros = {start for (campaign, start), said in cells.items() if campaign == "5" and not said}

    assert zeros == {at(3), at(5), at(6)}


def test_an_account_that_reports_nothing_yet_is_told_nothing_of() -> None:
    begun = starts(DAY, 9, ZURICH)[0] + timedelta(minutes=1)
    assert hourly_cells(of_day([])) == {}
    alone = hourly_cells(of_day([row(DAY, 9, 5, as_of=begun)]))
    assert [said[""].clicks for said in alone.values()] == [5]


def test_an_hour_that_was_told_and_is_left_out_now_was_restated_to_nothing() -> None:
    first, later = (starts(DAY, label, ZURICH)[0] for label in (1, 5))
    answer = of_day([row(DAY, 5, 5), row(DAY, 7, 5, campaign="6")])
    told = events(answer, {("5", first), ("5", later), ("5", first - timedelta(days=9))})

    assert told["5", first].clicks == 0
    assert ("5", first - timedelta(days=9)) not in told


def test_an_hour_ahead_of_our_clock_waits_for_the_next_answer() -> None:
    as_of = starts(DAY, 9, ZURICH)[0] - timedelta(seconds=2)
    told = hourly_cells(of_day([row(DAY, 9, 5, as_of=as_of), row(DAY, 8, 5, as_of=as_of)]))
    assert [start.astimezone(UTC).hour for _, start in told] == [6]


def test_the_same_answer_is_the_same_event_and_a_later_one_takes_its_place() -> None:
    rows = [row(DAY, label, label, ad_set=name) for label in range(9) for name in "ab"]
    shuffled = Random(3).sample(rows, len(rows))
    one, other = (events(of_day(each)) for each in (rows, shuffled))
    assert {cell: encode(event) for cell, event in one.items()} == {
        cell: encode(event) for cell, event in other.items()
    }
    later = of_day([row(DAY, 3, 3, as_of=datetime(2027, 1, 1, 0, 1, tzinfo=UTC))])
    cell = ("5", starts(DAY, 3, ZURICH)[0])
    before, after = one[cell], events(later)[cell]
    assert (before.sequence_number or 0) < (after.sequence_number or 0)
    assert after.record_mode is RecordMode.SNAPSHOT
    assert after.spend == Decimal("0.03")
