"""Dead letters keep all as it came, and a limit tells bad records from a bad deployment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.headers import DEAD_LETTER_PREFIX
from tests.workers.delivery.build import TOPIC, record
from workers.delivery.api import DeadLetter, Header
from workers.delivery.dead_letters import (
    DeadLetterPolicy,
    DeadLetterWatch,
    as_output,
    dead_letter_topic,
)
from workers.delivery.errors import EXIT_DEAD_LETTERS, DeadLetterLimitError
from workers.delivery.sizes import LARGEST_LETTER, MEBIBYTE, size_of

headers = st.lists(st.tuples(st.text(max_size=9), st.none() | st.binary(max_size=9)), max_size=4)


def letters(number: int) -> list[DeadLetter]:
    return [DeadLetter(record(offset), "not_json", "", "no value") for offset in range(number)]


@given(key=st.none() | st.binary(), value=st.binary(), before=headers)
def test_key_value_and_headers_are_the_original_ones_and_retention_counts_from_now(
    key: bytes | None, value: bytes, before: list[Header]
) -> None:
    original = record(7, key=key, value=value, headers=before, timestamp=1_234)

    output = as_output(DeadLetter(original, "not_json"))

    assert (output.topic, output.key, output.value) == (dead_letter_topic(TOPIC), key, value)
    assert output.timestamp is None
    assert list(output.headers[: len(before)]) == before


def test_the_reason_and_the_place_are_said_beside_the_original_headers() -> None:
    original = record(7, headers=[("trace", b"abc")], timestamp=1_234)

    output = as_output(DeadLetter(original, "wrong_type", "$.spend", "was a list"))

    assert dict(output.headers) == {
        "trace": b"abc",
        DEAD_LETTER_PREFIX + "topic": TOPIC.encode(),
        DEAD_LETTER_PREFIX + "partition": b"0",
        DEAD_LETTER_PREFIX + "offset": b"7",
        DEAD_LETTER_PREFIX + "timestamp": b"1234",
        DEAD_LETTER_PREFIX + "reason": b"wrong_type",
        DEAD_LETTER_PREFIX + "field": b"$.spend",
        DEAD_LETTER_PREFIX + "detail": b"was a list",
    }


def test_a_record_without_a_value_is_no_deletion_and_can_be_told_from_an_empty_one() -> None:
    absent = as_output(DeadLetter(record(0, value=None), "empty"))
    empty = as_output(DeadLetter(record(0, value=b""), "empty"))

    assert absent.value == empty.value == b""
    assert (DEAD_LETTER_PREFIX + "null", b"1") in absent.headers
    assert DEAD_LETTER_PREFIX + "null" not in dict(empty.headers)


def test_a_record_that_was_copied_from_a_dead_letter_says_what_is_wrong_with_it_now() -> None:
    first = as_output(DeadLetter(record(3, value=None, headers=[("trace", b"abc")]), "empty"))
    copied = record(9, value=b"{", headers=first.headers)

    again = as_output(DeadLetter(copied, "not_json"))

    names = [name for name, _ in again.headers]
    assert len(set(names)) == len(names)
    assert (DEAD_LETTER_PREFIX + "null") not in names
    said = dict(again.headers)
    assert said[DEAD_LETTER_PREFIX + "reason"] == b"not_json"
    assert said[DEAD_LETTER_PREFIX + "offset"] == b"9"
    assert said["trace"] == b"abc"


def test_a_record_of_up_to_16_mib_is_kept_whole_and_a_larger_one_is_cut_and_says_so() -> None:
    for large in (
        record(1, value=bytes(LARGEST_LETTER)),
        record(1, key=bytes(LARGEST_LETTER)),
        record(1, headers=[("trace", bytes(LARGEST_LETTER))]),
    ):
        cut = as_output(DeadLetter(large, "too_large"))
        said = dict(cut.headers)
        assert int(said[DEAD_LETTER_PREFIX + "cut"] or b"") >= LARGEST_LETTER
        assert said[DEAD_LETTER_PREFIX + "offset"] == b"1"
        assert (large.key or b"").startswith(cut.key or b"")
        assert large.value.startswith(cut.value or b"")
        assert size_of(cut) < MEBIBYTE

    whole = as_output(DeadLetter(record(1, value=bytes(LARGEST_LETTER - 1_000)), "too_large"))
    assert len(whole.value or b"") == LARGEST_LETTER - 1_000
    assert DEAD_LETTER_PREFIX + "cut" not in dict(whole.headers)


def test_a_letter_stays_in_the_partition_it_came_from() -> None:
    assert as_output(DeadLetter(record(0), "empty")).partition is None


@given(run=st.integers(1, 50), steps=st.lists(st.integers(1, 9), min_size=1, max_size=30))
def test_a_run_of_dead_letters_stops_exactly_at_its_limit(run: int, steps: list[int]) -> None:
    watch = DeadLetterWatch(DeadLetterPolicy(run=run, ratio=1.0, window=1_000))
    total = 0
    for step in steps:
        total += step
        if total >= run:
            with pytest.raises(DeadLetterLimitError) as stop:
                watch.check(step, letters(step))
            assert f"{total} dead letters in a row (limit {run})" in str(stop.value)
            return
        watch.check(step, letters(step))


def test_one_readable_record_ends_a_run() -> None:
    watch = DeadLetterWatch(DeadLetterPolicy(run=10, ratio=1.0, window=1_000))

    for _ in range(20):
        watch.check(9, letters(9))
        watch.check(2, letters(1))


def test_a_record_counts_once_however_many_letters_name_it() -> None:
    twice = DeadLetterWatch(DeadLetterPolicy(run=10, ratio=0.5, window=100))
    with pytest.raises(DeadLetterLimitError, match="10 dead letters in a row"):
        twice.check(10, letters(10) * 2)

    half = DeadLetterWatch(DeadLetterPolicy(run=10, ratio=0.5, window=100))
    for _ in range(50):
        half.check(2, letters(1) * 2)


@given(st.integers(0, 100))
def test_a_larger_share_than_allowed_stops_once_the_window_is_full(unreadable: int) -> None:
    watch = DeadLetterWatch(DeadLetterPolicy(run=1_000, ratio=0.3, window=100))
    watch.check(99, letters(min(unreadable, 98)))  # the window is not full: nothing is judged

    last = letters(max(0, unreadable - 98))[:1]
    if unreadable > 98:
        with pytest.raises(DeadLetterLimitError, match="of the last 100 records are unreadable"):
            watch.check(1, last)
    else:
        watch.check(1, last)


def test_the_share_that_is_allowed_is_still_allowed_and_one_more_is_not() -> None:
    policy = DeadLetterPolicy(run=1_000, ratio=0.3, window=100)
    DeadLetterWatch(policy).check(100, letters(30))

    with pytest.raises(DeadLetterLimitError):
        DeadLetterWatch(policy).check(100, letters(31))


def test_each_window_is_judged_by_itself() -> None:
    watch = DeadLetterWatch(DeadLetterPolicy(run=1_000, ratio=0.5, window=100))
    for _ in range(9):
        watch.check(100, [])

    with pytest.raises(DeadLetterLimitError, match="60% of the last 100"):
        watch.check(100, letters(60))


def test_stopping_says_where_why_and_what_to_do_and_that_a_restart_alone_does_not_help() -> None:
    watch = DeadLetterWatch(DeadLetterPolicy(run=1, ratio=1.0, window=100))

    with pytest.raises(DeadLetterLimitError) as stop:
        watch.check(1, letters(1))

    assert stop.value.exit_status == EXIT_DEAD_LETTERS
    for said in (f"{TOPIC}[0]", "not_json", "no value", "delivery.dead_letter_run"):
        assert said in str(stop.value)
