"""The decision's clock travels in a header, apart from the time that retention goes by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.headers import CLOCK
from tests.workers.delivery.build import record
from workers.delivery.api import Output
from workers.delivery.clock import at_its_clock, headers_of

TIMES = st.integers(0, 253_402_300_799_999)


@given(clock=TIMES, since=st.integers(-3_600_000, 10**12), first=TIMES)
def test_a_reader_sees_the_time_of_the_last_decision_however_long_after_it_was_written(
    clock: int, since: int, first: int
) -> None:
    """Up to an hour before it as well: so much may a report be stamped ahead of Kafka's clock."""
    sent_on = Output("t", b"k", b"v", headers=((CLOCK, b"%d" % first),), timestamp=clock)

    (seen,) = at_its_clock([record(3, headers=headers_of(sent_on), timestamp=clock + since)])

    assert seen.timestamp == clock
    assert (seen.offset, seen.key, seen.value) == (3, record(3).key, record(3).value)


@given(written=TIMES, ahead=st.integers(3_600_001, 10**15))
def test_a_decision_that_was_made_after_it_was_written_is_nobodys_clock(
    written: int, ahead: int
) -> None:
    headers = [(CLOCK, b"%d" % (written + ahead))]
    (seen,) = at_its_clock([record(3, headers=headers, timestamp=written)])

    assert seen.timestamp == written


@given(written=TIMES)
def test_a_record_that_names_no_clock_keeps_its_own_timestamp(written: int) -> None:
    (seen,) = at_its_clock([record(3, headers=[("trace", b"1")], timestamp=written)])

    assert seen.timestamp == written


@pytest.mark.parametrize(
    "said",
    [b"", b"-1", b"noon", b"1e3", b"9" * 16, b"9" * 15, b"253402300800000", "²".encode(), None],
)
def test_a_clock_that_is_no_time_is_somebody_elses_header_and_stops_nothing(
    said: bytes | None,
) -> None:
    (seen,) = at_its_clock([record(3, headers=[(CLOCK, said)], timestamp=77)])

    assert seen.timestamp == 77


def test_an_output_without_a_clock_gains_no_header() -> None:
    assert headers_of(Output("t", b"k", b"v", headers=(("trace", b"1"),))) == [("trace", b"1")]
