"""Laws of replaying: the original comes back, each once, and says that it is a replay."""

import weakref
from collections.abc import Sequence

from aiokafka.structs import ConsumerRecord
from hypothesis import given
from hypothesis import strategies as st

from schemas.headers import REPLAYED
from workers.dead_letters import Letter, Piles, as_letter, distinct
from workers.delivery.api import DeadLetter, Header
from workers.delivery.dead_letters import as_output
from workers.delivery.sizes import LARGEST_LETTER

Headers = Sequence[Header]


def record(  # noqa: PLR0913
    *,
    topic: str = "p.metrics.v1",
    partition: int = 1,
    offset: int = 7,
    key: bytes | None = b"google:1:c1",
    value: bytes | None = b"{",
    headers: Headers = (),
    timestamp: int = 0,
) -> ConsumerRecord:
    return ConsumerRecord(
        *(topic, partition, offset, timestamp, 0, key, value, None),
        *(len(key or b""), len(value or b"")),
        tuple(headers),
    )


def put_aside(
    original: ConsumerRecord, reason: str = "not_json", *, offset: int = 0, at: int = 0
) -> Letter:
    """Write a record to its dead-letter topic, as delivery does, and read it back."""
    letter = as_output(DeadLetter(original, reason, "spend", "must be a number"))
    return as_letter(
        record(
            topic=letter.topic,
            offset=offset,
            key=letter.key,
            value=letter.value,
            headers=letter.headers,
            timestamp=at,
        )
    )


@given(
    key=st.none() | st.binary(max_size=20),
    value=st.none() | st.binary(max_size=200),
    headers=st.lists(st.tuples(st.sampled_from(["a", "b"]), st.binary(max_size=9)), max_size=3),
)
def test_what_is_replayed_is_the_original_to_the_byte(
    key: bytes | None, value: bytes | None, headers: Headers
) -> None:
    letter = put_aside(record(key=key, value=value, headers=headers), offset=5)

    assert (letter.topic, letter.record.key, letter.value) == ("p.metrics.v1", key, value)
    assert letter.headers == [*headers, (REPLAYED, b"p.metrics.v1.dlq[1]@5")]
    assert bool(letter.cannot_be_replayed) == (key is None and value is None)


def test_a_letter_that_was_cut_is_not_replayed() -> None:
    letter = put_aside(record(value=bytes(LARGEST_LETTER + 1)), offset=5)

    assert len(letter.record.value) < LARGEST_LETTER
    assert "too large" in letter.cannot_be_replayed


def test_a_record_without_a_key_goes_back_to_its_partition_and_others_where_the_key_says() -> None:
    assert put_aside(record(key=None, partition=3)).partition == 3
    assert put_aside(record(partition=3)).partition is None


def test_a_replay_that_fails_again_is_the_same_record_and_says_only_the_last_replay() -> None:
    first = put_aside(record(), offset=5)
    again = put_aside(record(headers=first.headers), offset=9)

    assert distinct([first, again]) == [again]
    assert [name for name, _ in again.headers].count(REPLAYED) == 1


def test_records_that_differ_in_topic_key_or_value_are_all_replayed() -> None:
    letters = [
        put_aside(record(topic=topic, key=key, value=value))
        for topic in ("p.metrics.v1", "p.plans.v1")
        for key in (b"a", b"b")
        for value in (b"1", b"2")
    ]

    assert distinct(letters) == letters


def test_piles_count_by_topic_and_reason_and_show_the_newest() -> None:
    letters = [
        put_aside(record(value=b"old"), at=1_000),
        put_aside(record(value=b"new"), at=9_000),
        put_aside(record(value=b"mid"), at=5_000),
        put_aside(record(), "too_old"),
    ]

    counting = Piles()
    for letter in letters:
        counting.add(letter)
    found = counting.found()

    assert [(pile.reason, pile.count) for pile in found] == [("not_json", 3), ("too_old", 1)]
    assert (found[0].sample, found[0].detail) == ("new", "must be a number")


def test_piles_keep_no_letter_also_not_the_one_that_they_show() -> None:
    counting = Piles()
    letters = [put_aside(record(value=b"%d" % at), at=at) for at in (2_000, 1_000, 3_000)]
    records = [weakref.ref(letter.record) for letter in letters]

    while letters:
        counting.add(letters.pop(0))

    assert [pile.sample for pile in counting.found()] == ["3000"]
    assert [kept() for kept in records] == [None] * 3


def test_a_record_of_another_program_in_the_topic_is_shown_and_not_stumbled_over() -> None:
    letter = as_letter(record(topic="p.metrics.v1.dlq"))

    assert (letter.topic, letter.reason) == ("p.metrics.v1", "unknown")
