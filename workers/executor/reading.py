"""From records of a campaign topic to values: decoded, keyed and in their own partition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from schemas.codec import decode
from schemas.errors import Reason, SchemaError
from schemas.fields import FIRST_YEAR, LAST_YEAR
from schemas.headers import HEALED
from schemas.keys import check_key
from schemas.record import CampaignRecord
from workers.delivery.api import Output, Record
from workers.executor.draft import Draft
from workers.executor.instants import from_ms
from workers.partitioner import partition_of

_LAST_MS = 253_402_300_799_999

CampaignRecordT = TypeVar("CampaignRecordT", bound=CampaignRecord)


def readable(
    draft: Draft, records: Sequence[Record], kind: type[CampaignRecordT]
) -> Iterator[tuple[CampaignRecordT, int]]:
    """Yield each record that belongs here, with its timestamp in milliseconds.

    What cannot be read becomes a dead letter of the draft. What sits in another partition than
    its campaign's, because its publisher had another partitioner or sent no key, is published
    once more, to the right one.
    """
    for record in records:
        try:
            value = decode(record.value or b"", kind)
            check_key(record.key, value.key)
            _check_timestamp(record.timestamp)
            if _belongs_elsewhere(draft, record, value.key):
                continue
        except SchemaError as error:
            draft.refuse(record, error)
            continue
        yield value, record.timestamp


def _belongs_elsewhere(draft: Draft, record: Record, key: bytes) -> bool:
    home = partition_of(key, draft.view.partitions)
    if home == draft.view.partition:
        return False
    if any(name == HEALED for name, _ in record.headers):
        detail = f"belongs to partition {home}; was sent on once already, so it is not sent again"
        raise SchemaError("key", Reason.KEY_MISMATCH, detail)
    draft.forward(
        Output(
            record.topic,
            key,
            record.value,
            partition=home,
            headers=(*record.headers, (HEALED, b"1")),
            timestamp=record.timestamp,
        )
    )
    draft.count("healed", record.topic)
    return True


def _check_timestamp(ms: int) -> None:
    if not 0 <= ms <= _LAST_MS or not FIRST_YEAR <= from_ms(ms).year < LAST_YEAR:
        detail = f"must lie in the years {FIRST_YEAR} to {LAST_YEAR - 1}, was {ms} ms"
        raise SchemaError("timestamp", Reason.OUT_OF_RANGE, detail)
