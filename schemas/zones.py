"""IANA time zones by name."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.errors import Reason, SchemaError

_OF_THE_MACHINE = frozenset({"localtime", "posixrules", "Factory"})
_NOT_CIVIL = ("posix/", "right/")


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """Return the zone of that name.

    Raises
    ------
    SchemaError
        ``unknown_timezone`` when the IANA database has no such zone.
    """
    if name in _OF_THE_MACHINE or name.startswith(_NOT_CIVIL):
        raise _unknown(name)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _unknown(name) from None


def _unknown(name: str) -> SchemaError:
    detail = f"{name[:60]!r} is not an IANA time zone, such as Europe/Berlin or UTC"
    return SchemaError("timezone", Reason.UNKNOWN_TIMEZONE, detail)


def check_zone(name: str, field: str) -> None:
    """Raise `SchemaError` for ``field`` unless the IANA database has the zone."""
    try:
        zone(name)
    except SchemaError as error:
        raise SchemaError(field, error.reason, error.detail) from None
