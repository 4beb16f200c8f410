"""Records whose header names are no UTF-8, made by hand: Python's clients write none."""

from __future__ import annotations

from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy as Builder

ODD_NAME = b"caf\xe9"
"""The name that the records below carry as a header of their own: Latin-1."""

READ_AS = "caf\\xe9"


class _Raw(str):
    """A name that encodes to any bytes."""

    __slots__ = ()

    def encode(self, *_: object) -> bytes:
        return ODD_NAME


def odd_builder(*, compression: int = 0) -> Builder:
    return Builder(
        magic=2,
        compression_type=compression,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=0,
        batch_size=1 << 20,
    )


def odd_header() -> tuple[str, bytes]:
    return _Raw(), b"1"


async def publish_odd(  # noqa: PLR0913
    bootstrap: str,
    topic: str,
    *,
    partition: int,
    key: bytes | None,
    value: bytes | None,
    timestamp_ms: int | None = None,
    case: str = "",
) -> None:
    """Publish one record with such a header, and wait until it is stored."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as client:
        batch = client.create_batch()
        batch._builder = odd_builder()
        headers = [("case", case.encode()), odd_header()]
        batch.append(timestamp=timestamp_ms, key=key, value=value, headers=headers)
        batch.close()
        await (await client.send_batch(batch, topic, partition=partition))
