"""What a step sees when a framework hands over one event at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Event(NamedTuple):
    """One record, as `workers.delivery.api.Record` wants it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Tables(NamedTuple):
    """A `workers.delivery.api.View` over mappings."""

    partition: int
    partitions: int
    tables: Mapping[str, Mapping[bytes, bytes]]

    def table(self, agent: str) -> Mapping[bytes, bytes]:
        """Return the table of an agent; empty when nobody writes it here."""
        return self.tables.get(agent, {})

    def broadcast(self, topic: str) -> Mapping[bytes, bytes]:  # noqa: ARG002
        """Return nothing: no priors are published while a figure is taken."""
        return {}
