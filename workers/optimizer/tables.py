"""Who writes which table, and what its keys are."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from workers.instants import date_of

METRICS: Final = "metrics"
PLANS: Final = "plans"
AUDIT: Final = "audit"
TICKS: Final = "ticks"

_PATTERN = b"\0pattern"
_PACING = b"\0pacing"
_WINDOWS = b"\0windows"


def hours_key(campaign: bytes, utc_day: int) -> bytes:
    """Return the key of a campaign's hours of one UTC day, given in days since 1970-01-01.

    A campaign's key is printable, so nothing that follows a zero byte can be part of one.
    """
    return campaign + _suffix(b"\0hours ", utc_day)


def events_key(campaign: bytes, utc_day: int) -> bytes:
    """Return the key of the ids of the delta events of one UTC day."""
    return campaign + _suffix(b"\0events ", utc_day)


def pattern_key(campaign: bytes) -> bytes:
    """Return the key of what was learned of the campaign's week."""
    return campaign + _PATTERN


def pacing_key(campaign: bytes) -> bytes:
    """Return the key of what the pacer knows after the newest hour that it has learned."""
    return campaign + _PACING


def anchor_key(campaign: bytes, utc_day: int) -> bytes:
    """Return the key of what the pacer knew when a UTC day began."""
    return campaign + _suffix(b"\0anchor ", utc_day)


def reserve_key(campaign: bytes) -> bytes:
    """Return the key of what the campaign has spent of its learning reserve."""
    return campaign + b"\0reserve"


def delay_key(campaign: bytes) -> bytes:
    """Return the key of how late the campaign's conversions are reported."""
    return campaign + b"\0delay"


def value_key(campaign: bytes) -> bytes:
    """Return the key of how the revenue of the campaign's clicks grows as they get older."""
    return campaign + b"\0value"


def late_key(campaign: bytes) -> bytes:
    """Return the key of what hours had brought that are kept no longer."""
    return campaign + b"\0late"


def ages_key(campaign: bytes, utc_day: int) -> bytes:
    """Return the key of how old the hours of one UTC day were when they were told last."""
    return campaign + _suffix(b"\0ages ", utc_day)


def settings_key(campaign: bytes, utc_day: int) -> bytes:
    """Return the key of what was set in the course of a UTC day; of the table of audit."""
    return campaign + _suffix(b"\0settings ", utc_day)


def daily_key(campaign: bytes) -> bytes:
    """Return the key of the daily budget that was set on a campaign; of the table of audit."""
    return campaign + b"\0daily"


def status_key(campaign: bytes) -> bytes:
    """Return the key of whether a campaign delivers, and by whose word; of the table of audit."""
    return campaign + b"\0status"


def asked_key(campaign: bytes) -> bytes:
    """Return the key of what was asked last of a campaign's delivery; of the table of ticks."""
    return campaign + b"\0asked"


def foretold_key(campaign: bytes) -> bytes:
    """Return the key of what its platform was told of times to come; of the table of audit."""
    return campaign + b"\0foretold"


def proposed_key(campaign: bytes) -> bytes:
    """Return the key of the events that a person was asked about; of the table of ticks."""
    return campaign + b"\0proposed"


def windows_key(campaign: bytes) -> bytes:
    """Return the key of the windows that the campaign's week was learned without."""
    return campaign + _WINDOWS


def suspicion_key(campaign: bytes) -> bytes:
    """Return the key of what was told last of the campaign's tracking, and when."""
    return campaign + b"\0suspicion"


@lru_cache(maxsize=4096)
def _suffix(prefix: bytes, day: int) -> bytes:
    return prefix + date_of(day).isoformat().encode()
