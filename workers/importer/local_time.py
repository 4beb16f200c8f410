"""From the account's clock to UTC, on the days that have 23 or 25 hours too."""

from __future__ import annotations

import re
from collections.abc import Hashable
from datetime import UTC, date, datetime, time
from functools import lru_cache

from schemas import Reason, SchemaError
from schemas.zones import zone
from workers.importer.refusals import RowRefusedError

SKIPPED_HOUR = "skipped_hour"
REPEATED_HOUR = "repeated_hour"

_HOUR = re.compile(r"(\d{1,2})(?::00(?::00)?)?(?:\s*-\s*(\d{1,2}):59(?::59)?)?")
_HOURS = 24


class LocalClock:
    """Turns the hours of an account's clock into UTC, row after row.

    The hour that autumn repeats comes twice in a report. The first row of a campaign is taken as
    the first of the two and the next one as the second, which holds when the report is in order of
    time; where the row before is of a later hour it is not, and the row is refused.

    Parameters
    ----------
    refuse_repeated
        Refuse rows of the repeated hour altogether.
    """

    def __init__(self, *, refuse_repeated: bool = False) -> None:
        self._refuse_repeated = refuse_repeated
        self._last: dict[Hashable, datetime] = {}

    def to_utc(self, local: datetime, timezone: str, campaign: Hashable) -> datetime:
        """Return the UTC time of ``local``, a time without a zone.

        Raises
        ------
        RowRefusedError
            ``skipped_hour``: spring left it out. ``repeated_hour``: it cannot be told which of two.
        """
        before = self._last.get(campaign)
        self._last[campaign] = local
        first, second = _both(local, timezone)
        if first == second:
            return first
        if first > second:
            detail = f"{local:%Y-%m-%d %H:%M} does not exist in {timezone}: clocks went forward"
            raise RowRefusedError("window_start", SKIPPED_HOUR, detail)
        if self._refuse_repeated or (before is not None and before > local):
            detail = (
                f"{local:%Y-%m-%d %H:%M} comes twice in {timezone}, and the rows do not say which; "
                "sort the file by campaign and time, or give times with an offset"
            )
            raise RowRefusedError("window_start", REPEATED_HOUR, detail)
        return second if before == local else first


@lru_cache(maxsize=65_536)
def _both(local: datetime, timezone: str) -> tuple[datetime, datetime]:
    """Return ``local`` in UTC, read before and after a change of clocks.

    The two are the same except in an hour that is repeated (first < second) or skipped (first >
    second).
    """
    try:
        place = zone(timezone)
    except SchemaError as error:
        raise RowRefusedError("account_timezone", error.reason, error.detail) from None
    first, second = (local.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second


@lru_cache(maxsize=65_536)
def parse_start(text: str) -> datetime:
    """Return a time such as ``2026-11-01T07:00:00Z``; without a zone when it has none."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        detail = f"must be a time such as 2026-11-01T07:00:00Z, was {text:.60}"
        raise RowRefusedError("window_start", Reason.INVALID_TIME, detail) from None


@lru_cache(maxsize=65_536)
def parse_hour(day: str, hour: str, date_format: str) -> datetime:
    """Return the local start of an hour from the cells of its day and of its hour."""
    return datetime.combine(_parse_day(day, date_format), _parse_clock(hour))


def _parse_day(text: str, date_format: str) -> date:
    try:
        return datetime.strptime(text, date_format).date()  # noqa: DTZ007 -- a day has no zone
    except ValueError:
        detail = f"the day must be written as {date_format}, was {text:.60}"
        raise RowRefusedError("window_start", Reason.INVALID_TIME, detail) from None


def _parse_clock(text: str) -> time:
    found = _HOUR.fullmatch(text)
    if found is None or int(found[1]) >= _HOURS:
        detail = f"the hour must be 7, 07:00 or 07:00:00 - 07:59:59, was {text:.60}"
        raise RowRefusedError("window_start", Reason.INVALID_TIME, detail)
    if found[2] is not None and int(found[2]) != int(found[1]):
        detail = f"the row must be of one hour, was {text:.60}"
        raise RowRefusedError("window_start", Reason.NOT_ONE_HOUR, detail)
    return time(int(found[1]))
