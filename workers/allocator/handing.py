"""What is handed up a tree of groups: copies of records, for the partition of a group above.

A record of a group lies in the partition of its key. The budget of a whole tree is shared out where
the key of its root lies, so what is told of groups inside is published once more, to there, its key
as it was and a header beside it. A partition knows the parents of the groups that it was told of;
what it knows nothing above is the next one's to hand on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from schemas.errors import Reason, SchemaError
from schemas.headers import HANDED_UP
from workers.delivery.api import Header, Headers, Output, Record, View
from workers.partitioner import partition_of
from workers.routing import copied

DEEPEST: Final = 8
"""Levels that a tree may have, its root's included."""


def times_handed(record: Record) -> int:
    """Return how often a record was handed up, 0 where it is the original.

    Raises
    ------
    SchemaError
        Its header says no number that can be.
    """
    for name, value in record.headers:
        if name == HANDED_UP:
            if value and value.isdigit() and int(value) <= DEEPEST:
                return int(value)
            detail = f"header {HANDED_UP} must be a number up to {DEEPEST}, was {value!r}"
            raise SchemaError("", Reason.CONTRADICTION, detail)
    return 0


def goes_to(view: View, key: bytes, top: bytes) -> int | None:
    """Return where what is told under ``key`` is handed to, given the topmost group known above it.

    None where it is there, or has been: in the partition of its own key it was read first.
    """
    target = partition_of(top, view.partitions)
    if target in (view.partition, partition_of(key, view.partitions)):
        return None
    return target


def handed(record: Record, key: bytes, target: int) -> Output:
    """Return a record's copy for another partition.

    Raises
    ------
    SchemaError
        It was handed up as often as a tree has levels, or is too large to be published again.
    """
    times = times_handed(record) + 1
    if times > DEEPEST:
        detail = f"lies under more than {DEEPEST} groups, one inside the other"
        raise SchemaError("parent_group_id", Reason.OUT_OF_RANGE, detail)
    return copied(record, key, target, (*_without(record.headers), _header(times)))


def anew(record: Record, key: bytes, value: bytes, target: int) -> Output:
    """Return what is known of a group below the one that ``record`` tells of, for another place."""
    times = min(times_handed(record) + 1, DEEPEST)
    return Output(record.topic, key, value, target, (_header(times),), record.timestamp)


def _header(times: int) -> tuple[str, bytes]:
    return HANDED_UP, str(times).encode()


def _without(headers: Sequence[Header]) -> Headers:
    return tuple(each for each in headers if each[0] != HANDED_UP)
