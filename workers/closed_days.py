"""What records of closed days keep to, whichever worker takes them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Protocol

from schemas.errors import Reason, SchemaError
from workers.delivery.api import Record
from workers.draft import Draft
from workers.instants import day_number
from workers.optimizer.zones import ZoneBook

IN_THE_FUTURE: Final = "in_the_future"


class Cautious(Protocol):
    """Who knows how far clocks may differ."""

    def too_far_ahead(self, second: int, timestamp: int) -> bool:
        """Return whether a clock, in seconds, is too far ahead of a timestamp in milliseconds."""


def check_ended(zones: ZoneBook, timezone: str, day: date, closed_at: datetime) -> None:
    """Raise `SchemaError` (``contradiction``) unless a local day was over when it was told."""
    today = zones.local_day(timezone.encode(), int(closed_at.timestamp()))
    if today <= day_number(day):
        detail = f"{day} had not ended in {timezone} at {closed_at.isoformat()}"
        raise SchemaError("closed_at", Reason.CONTRADICTION, detail)


def refuse_ahead(
    draft: Draft, policy: Cautious, record: Record, told_at: datetime, field: str = "closed_at"
) -> bool:
    """Put a record aside that tells of a time after it was written; return whether it does.

    What it says would be the newest for as long, and all that is told until then too old.
    """
    ahead = policy.too_far_ahead(int(told_at.timestamp()), record.timestamp)
    if ahead:
        detail = (
            f"is ahead of its record's timestamp, {record.timestamp} ms, was {told_at.isoformat()}:"
            " see to the clock of whoever published it"
        )
        draft.refuse(record, IN_THE_FUTURE, field, detail)
    return ahead
