"""From records of a campaign topic to values: decoded, keyed and in their own partition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from schemas.codec import decode
from schemas.errors import SchemaError
from schemas.keys import check_key
from schemas.record import CampaignRecord
from workers.delivery.api import Record
from workers.executor.draft import Draft
from workers.instants import check_timestamp

CampaignRecordT = TypeVar("CampaignRecordT", bound=CampaignRecord)


def readable(
    draft: Draft, records: Sequence[Record], kind: type[CampaignRecordT]
) -> Iterator[tuple[CampaignRecordT, int]]:
    """Yield each record that belongs here, with its timestamp in milliseconds.

    What cannot be read becomes a dead letter of the draft; what sits in another partition than
    its campaign's is sent on.
    """
    for record in records:
        try:
            value = decode(record.value or b"", kind)
            check_key(record.key, value.key)
            check_timestamp(record.timestamp)
            sent_on = draft.sent_on(record, value.key)
        except SchemaError as error:
            draft.refuse_for(record, error)
            continue
        if not sent_on:
            yield value, record.timestamp
