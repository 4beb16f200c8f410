"""Records in the wrong partition, because of their publisher's partitioner, are sent on once."""

from __future__ import annotations

from schemas.errors import Reason
from schemas.headers import HEALED
from workers.delivery.api import Output, Record
from workers.optimizer.draft import Draft
from workers.partitioner import partition_of


def sent_on(draft: Draft, record: Record, key: bytes) -> bool:
    """Return whether the record belongs elsewhere; publish it there, unless that was done."""
    home = partition_of(key, draft.view.partitions)
    if home == draft.view.partition:
        return False
    if any(name == HEALED for name, _ in record.headers):
        detail = f"belongs to partition {home}; was sent on once already, so it is not sent again"
        draft.refuse(record, Reason.KEY_MISMATCH, "key", detail)
        return True
    headers = (*record.headers, (HEALED, b"1"))
    draft.outputs.append(Output(record.topic, key, record.value, home, headers, record.timestamp))
    draft.count("healed", record.topic)
    return True
