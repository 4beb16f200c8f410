"""Dead letters: original bytes, headers that say what was wrong; and when to stop instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.headers import DEAD_LETTER_PREFIX
from schemas.topic import DLQ_SUFFIX
from workers.delivery.api import DeadLetter, Output
from workers.delivery.errors import DeadLetterLimitError
from workers.delivery.sizes import LARGEST_LETTER, size_of

_DETAIL_BYTES = 2_000
_CUT_BYTES = 65_536


def dead_letter_topic(topic: str) -> str:
    """Return the name of the topic that takes what could not be read of ``topic``."""
    return topic + DLQ_SUFFIX


def as_output(letter: DeadLetter) -> Output:
    """Return ``letter`` as a record: all as it came, and the reason in further headers.

    What an earlier letter's headers said goes: the record may be one that was copied from there.
    Of a record that is larger than dead-letter topics take, the beginnings of key and value are
    kept, and a header says how large it was.
    """
    record, facts = letter.record, _facts(letter)
    # A record without a value would delete the letters before it, were the topic ever compacted.
    key, value, came = record.key, record.value or b"", record.headers
    size = size_of(record)
    if size > LARGEST_LETTER:
        facts["cut"] = str(size)
        key, value, came = key and key[:_CUT_BYTES], value[:_CUT_BYTES], ()
    headers = (
        *(header for header in came if not header[0].startswith(DEAD_LETTER_PREFIX)),
        *(
            (DEAD_LETTER_PREFIX + name, text.encode(errors="replace")[:_DETAIL_BYTES])
            for name, text in facts.items()
        ),
    )
    return Output(dead_letter_topic(record.topic), key, value, headers=headers)


def _facts(letter: DeadLetter) -> dict[str, str]:
    record = letter.record
    facts = {
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "timestamp": str(record.timestamp),
        "reason": letter.reason,
        "field": letter.field,
        "detail": letter.detail,
    }
    return facts if record.value is not None else facts | {"null": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterPolicy:
    """How many dead letters are single publishers' mistakes, and how many a fault to stop for."""

    run: int = 10_000
    """So many in a row, in one partition, stop the worker."""
    ratio: float = 0.5
    """A larger share than this of the last ``window`` records of a partition stops the worker."""
    window: int = 20_000
    """Records over which the share is taken; before as many were read, only ``run`` counts."""


class DeadLetterWatch:
    """The running count of one partition of one source, apart from the policy it is held to."""

    def __init__(self, policy: DeadLetterPolicy) -> None:
        """Start with nothing read."""
        self._policy = policy
        self._in_a_row = 0
        self._read = 0
        self._unreadable = 0

    def check(self, read: int, letters: Sequence[DeadLetter]) -> None:
        """Count a step of ``read`` records with ``letters`` among them.

        Raises
        ------
        DeadLetterLimitError
            The policy says to stop. Called before the step is committed, so that nothing of it is.
        """
        unreadable = len({letter.record.offset for letter in letters})
        self._in_a_row = self._in_a_row + read if unreadable == read else 0
        self._read += read
        self._unreadable += unreadable
        if letters and self._in_a_row >= self._policy.run:
            self._stop(
                letters[-1], f"{self._in_a_row} dead letters in a row (limit {self._policy.run})"
            )
        if self._read >= self._policy.window:
            share = self._unreadable / self._read
            if letters and share > self._policy.ratio:
                self._stop(
                    letters[-1],
                    f"{share:.0%} of the last {self._read} records are unreadable "
                    f"(limit {self._policy.ratio:.0%})",
                )
            self._read = self._unreadable = 0

    def _stop(self, last: DeadLetter, limit: str) -> None:
        record = last.record
        raise DeadLetterLimitError(
            record.topic,
            record.partition,
            limit=limit,
            reason=last.reason,
            detail=last.detail or last.field,
        )
