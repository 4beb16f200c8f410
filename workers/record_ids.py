"""Finds records by the beginning of their id, as a person writes it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from workers.delivery.loading import read_to_end
from workers.errors import UsageError

WHOLE: Final = 32
"""Characters of an id."""

_ID: Final = re.compile(f"[0-9a-f]{{4,{WHOLE}}}")
_SHOWN: Final = 5


def checked_prefix(text: str, one: str) -> str:
    """Return the beginning of an id as it is stored.

    Raises
    ------
    UsageError
        It cannot be one of ``one``, such as a recommendation.
    """
    prefix = text.lower()
    if not _ID.fullmatch(prefix):
        raise UsageError(
            f"{text!r} is no id of {'an' if one[0] in 'aeiou' else 'a'} {one}",
            remedy="give 4 to 32 of its characters, 0-9 and a-f, from its beginning on",
        )
    return prefix


async def find_each(
    consumer: AIOKafkaConsumer,
    partitions: Sequence[TopicPartition],
    prefixes: Sequence[str],
    one: str,
) -> list[ConsumerRecord]:
    """Return the newest record of each id that begins with one of ``prefixes``, in their order.

    Parameters
    ----------
    consumer
        Reads committed records.
    partitions
        All of one topic.
    prefixes
        Beginnings of ids, as `checked_prefix` returns them.
    one
        What a record is called; its id is in the field ``{one}_id``.

    Raises
    ------
    UsageError
        No record that is kept has such an id, or several ids begin so.
    """
    stated = re.compile(f'"{one}_id":"([0-9a-f]{{{WHOLE}}})"'.encode())
    found: dict[str, dict[str, ConsumerRecord]] = {prefix: {} for prefix in prefixes}
    async for _, records in read_to_end(consumer, partitions):
        for record in records:
            said = stated.search(record.value or b"")
            identity = said[1].decode() if said else ""
            for prefix in (each for each in found if identity.startswith(each)):
                found[prefix][identity] = record
        if all(found.values()) and all(len(prefix) == WHOLE for prefix in prefixes):
            break
    return [_only(found[prefix], prefix, one, partitions[0].topic) for prefix in prefixes]


def _only(found: dict[str, ConsumerRecord], prefix: str, one: str, topic: str) -> ConsumerRecord:
    if len(found) > 1:
        some = ", ".join(list(found)[:_SHOWN])
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise UsageError(f"{prefix} begins several ids: {some}{more}", remedy="give more of it")
    if not found:
        raise UsageError(
            f"no {one} {prefix} is in {topic}",
            remedy="it may have been deleted by retention (90 days unless you set another), or be "
            "of another prefix; `pacekeeper watch --from-beginning --json` shows what is kept",
        )
    return next(iter(found.values()))
