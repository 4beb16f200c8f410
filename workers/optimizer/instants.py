"""Instants as records have them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


def from_seconds(second: int) -> datetime:
    """Return seconds since the epoch as a time in UTC."""
    return datetime.fromtimestamp(second, UTC)


@lru_cache(maxsize=16_384)
def text_of(second: int) -> str:
    """Return seconds since the epoch in RFC 3339, as records write it."""
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%SZ}"
