"""From records of a campaign topic to values that are carried out one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from schemas.record import CampaignRecord
from workers.delivery.api import Record, Step
from workers.executor.draft import Draft
from workers.told_records import told_in_time_by

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
    for _, value, record in draft.own(records, told_in_time_by(kind)):
        with draft.carrying_out(record):
            act(draft, value, record)
    return draft.done()
