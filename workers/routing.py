"""Records that sit in another partition than their key's are sent there, once.

Some clients have another partitioner than Kafka's default one, and some publishers send no key.
"""

from __future__ import annotations

from schemas.errors import Reason, SchemaError
from schemas.headers import HEALED
from workers.delivery.api import Headers, Output, Record, View
from workers.delivery.sizes import LARGEST_BATCH, size_of
from workers.partitioner import partition_of


def rerouted(record: Record, key: bytes, view: View) -> Output | None:
    """Return ``record`` for the partition that its ``key`` belongs to; None if it is there.

    Raises
    ------
    SchemaError
        ``key_mismatch`` when it was sent on before: two partitioners that disagree would send it
        to and fro for ever. ``too_large`` when its topic may not take it uncompressed.
    """
    home = partition_of(key, view.partitions)
    if home == view.partition:
        return None
    if any(name == HEALED for name, _ in record.headers):
        detail = f"belongs to partition {home}; was sent on once already, so it is not sent again"
        raise SchemaError("key", Reason.KEY_MISMATCH, detail)
    return copied(record, key, home, (*record.headers, (HEALED, b"1")))


def copied(record: Record, key: bytes, partition: int, headers: Headers) -> Output:
    """Return ``record`` for another partition.

    Raises
    ------
    SchemaError
        ``too_large`` when its topic may not take it uncompressed.
    """
    size = size_of(record)
    if size + len(key) > LARGEST_BATCH:
        detail = f"belongs to partition {partition}, but has {size:,} bytes: too many to be sent on"
        raise SchemaError("", Reason.TOO_LARGE, detail)
    return Output(record.topic, key, record.value, partition, headers, record.timestamp)
