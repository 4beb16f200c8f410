"""From records of a campaign topic to values that are carried out one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from schemas.codec import decode
from schemas.errors import SchemaError
from schemas.keys import check_key
from schemas.record import CampaignRecord
from workers.delivery.api import Record, Step
from workers.executor.draft import Draft
from workers.instants import check_timestamp

CampaignRecordT = TypeVar("CampaignRecordT", bound=CampaignRecord)


def carry_out_each(
    draft: Draft,
    records: Sequence[Record],
    kind: type[CampaignRecordT],
    act: Callable[[Draft, CampaignRecordT, Record], None],
) -> Step:
    """Return the step in which ``act`` was done for each record, in order.

    A record of which what follows cannot be written down becomes a dead letter, alone.
    """
    for value, record in _readable(draft, records, kind):
        with draft.carrying_out(record):
            act(draft, value, record)
    return draft.done()


def _readable(
    draft: Draft, records: Sequence[Record], kind: type[CampaignRecordT]
) -> Iterator[tuple[CampaignRecordT, Record]]:
    """Yield what each record that belongs here says, with the record.

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
            yield value, record
