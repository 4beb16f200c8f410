"""Times of records: milliseconds since the epoch in Kafka, datetimes in ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_ms(time: datetime) -> int:
    """Return milliseconds since the epoch, rounded down."""
    return (time - _EPOCH) // _MILLISECOND


def from_ms(ms: int) -> datetime:
    """Return the time in UTC; ``ms`` must lie in the years 1 to 9999."""
    return _EPOCH + ms * _MILLISECOND
