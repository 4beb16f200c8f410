"""What is known of an hour, after all that was told about it."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from schemas import RecordMode
from tests.workers.report.told import HOUR, KEY, MONDAY, an_hour
from workers.report.delivered import Delivered


def spend_of(delivered: Delivered) -> list[float]:
    return list(map(float, delivered.hours(KEY).spend))


@given(st.permutations(range(5)))
def test_the_snapshot_of_the_highest_number_counts_in_whatever_order_they_come(
    order: list[int],
) -> None:
    delivered = Delivered()
    delivered.add(an_hour(3, str(10 + number), sequence_number=number) for number in order)

    assert spend_of(delivered) == [14.0]


def test_a_snapshot_without_a_number_is_the_latest_word() -> None:
    delivered = Delivered()
    delivered.add([an_hour(0, "1", sequence_number=9), an_hour(0, "2")])
    delivered.add([an_hour(0, "3", sequence_number=8)])

    assert spend_of(delivered) == [2.0]


@given(st.lists(st.integers(0, 6)))
def test_a_delta_counts_once_by_its_id(numbers: list[int]) -> None:
    delivered = Delivered()
    delivered.add(
        an_hour(0, str(2**n), record_mode=RecordMode.DELTA, event_id=f"e{n}") for n in numbers
    )

    assert sum(spend_of(delivered)) == sum(2**n for n in set(numbers))


def test_an_hour_takes_events_of_one_mode_only() -> None:
    delivered = Delivered()
    delivered.add([an_hour(0, "5")])
    delivered.add([an_hour(0, "1", record_mode=RecordMode.DELTA, event_id="late")])

    assert spend_of(delivered) == [5.0]


def test_hours_stand_in_their_order_and_a_part_of_them_is_cut_by_their_start() -> None:
    delivered = Delivered()
    delivered.add(an_hour(n, str(n), conversions=Decimal(n)) for n in (4, 1, 3, 2))
    hours = delivered.hours(KEY).between(MONDAY + 2 * HOUR, MONDAY + 4 * HOUR)

    assert ((hours.starts - MONDAY) // HOUR).tolist() == [2, 3]
    assert hours.conversions.tolist() == [2.0, 3.0]


def test_what_was_delivered_before_a_moment_is_left_alone_by_what_comes_later() -> None:
    delivered = Delivered()
    delivered.add([an_hour(0, "1"), an_hour(1, "2")])
    past = delivered.before(MONDAY + HOUR)
    past.add([an_hour(1, "7")])

    assert spend_of(past) == [1.0, 7.0]
    assert spend_of(delivered) == [1.0, 2.0]
