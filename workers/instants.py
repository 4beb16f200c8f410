"""Instants and days as numbers and as records have them.

Kafka counts milliseconds since the epoch, the engine seconds, and days since 1970-01-01.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from schemas.errors import Reason, SchemaError
from schemas.fields import FIRST_YEAR, LAST_YEAR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY = date(1970, 1, 1)
_MILLISECOND = timedelta(milliseconds=1)


def to_ms(time: datetime) -> int:
    """Return milliseconds since the epoch, rounded down."""
    return (time - _EPOCH) // _MILLISECOND


def from_ms(ms: int) -> datetime:
    """Return the time in UTC; ``ms`` must lie in the years 1 to 9999."""
    return _EPOCH + ms * _MILLISECOND


def from_seconds(second: int) -> datetime:
    """Return seconds since the epoch as a time in UTC."""
    return datetime.fromtimestamp(second, UTC)


@lru_cache(maxsize=16_384)
def text_of(second: int) -> str:
    """Return seconds since the epoch in RFC 3339, as records write it."""
    return f"{from_seconds(second):%Y-%m-%dT%H:%M:%SZ}"


def day_number(day: date) -> int:
    """Return days since 1970-01-01."""
    return (day - _FIRST_DAY).days


def date_of(number: int) -> date:
    """Return the date of a day given in days since 1970-01-01."""
    return _FIRST_DAY + timedelta(days=number)


_FIRST_MS = to_ms(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC))
LAST_MS = to_ms(datetime(LAST_YEAR, 1, 1, tzinfo=UTC)) - 1
"""The latest time that a record can carry, milliseconds."""


def check_timestamp(ms: int) -> None:
    """Raise `SchemaError` (``out_of_range``) for a record's timestamp that no clock shows."""
    if not _FIRST_MS <= ms <= LAST_MS:
        detail = f"must lie in the years {FIRST_YEAR} to {LAST_YEAR - 1}, was {ms} ms"
        raise SchemaError("timestamp", Reason.OUT_OF_RANGE, detail)
