"""Ticks: the clock as a record, so that silence can be noticed from the log."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from schemas.fields import Utc
from schemas.record import Record


class Tick(Record, frozen=True, kw_only=True):
    """It is ``time`` now, for one partition of the campaign topics."""

    partition: Annotated[int, Meta(ge=0, le=2**31)]
    time: Utc

    @property
    def key(self) -> bytes:
        """Kafka key: the number of the partition, which the writer must name as well."""
        return str(self.partition).encode()
