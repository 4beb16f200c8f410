"""The clock of a decision, beside the time at which its record was written.

Kafka deletes by timestamp: a record that is stamped with the time of an old event, as in a replay
of last year's reports, would be gone before it is read. So a record is stamped when it is written,
and a header says what time it was for the step that wrote it.

A decision is written after it was made. So a clock that is ahead of its record's own timestamp by
more than publishers' clocks may be is nobody's: who believed it would wait for that day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeGuard, cast

from aiokafka import ConsumerRecord

from schemas.headers import CLOCK
from workers.delivery.api import Header, Output, Record

MOST_AHEAD = 3_600_000
"""Milliseconds that a clock may be ahead of when its record was written: a report may be stamped so
much ahead of the broker's clock (Kafka's ``message.timestamp.after.max.ms``), and what follows
from it has its clock."""

_MOST_DIGITS = 15
_LATEST = 253_402_300_799_999
"""The last millisecond of the year 9999: beyond it there is no date, so it is nobody's clock."""


def headers_of(output: Output) -> list[Header]:
    """Return the headers of ``output``, with its clock among them if it has one."""
    if output.timestamp is None:
        return list(output.headers)
    clock = (CLOCK, b"%d" % output.timestamp)
    if not output.headers:
        return [clock]
    return [*(header for header in output.headers if header[0] != CLOCK), clock]


def at_its_clock(records: Sequence[Record]) -> Sequence[Record]:
    """Return ``records`` with the timestamps that their headers name, if they name one that can be.

    A record whose header names a time later than it was written by more than `MOST_AHEAD` keeps the
    timestamp that Kafka has of it; so whoever judges what it says of the future judges by that.
    """
    return [_at_its_clock(record) if record.headers else record for record in records]


def _at_its_clock(record: Record) -> Record:
    for name, value in record.headers:
        if name == CLOCK and _is_time(value, record.timestamp + MOST_AHEAD):
            return cast(Record, replace(cast(ConsumerRecord, record), timestamp=int(value)))
    return record


def _is_time(value: bytes | None, latest: int) -> TypeGuard[bytes]:
    """Return whether a header's value is the milliseconds of a date up to ``latest``.

    Others are somebody else's.
    """
    if not value or not value.isdigit() or len(value) > _MOST_DIGITS:
        return False
    return int(value) <= min(latest, _LATEST)
