"""What is known of a campaign between its hours: one small row of bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from engine.arrays import Bools, Rows
from engine.errors import UnknownFormat

FORMAT: Final = 1
NEVER: Final = -(2**62)
"""Stands for "no such instant or day yet"."""

CAMPAIGN: Final = np.dtype(
    [
        ("format", "u1"),
        ("flight_known", "u1"),
        ("currency", "S3"),
        ("disputed", "S3"),
        ("account_zone", "S32"),
        ("zone", "S32"),
        ("previous", "V16"),
        ("newest", "<i8"),
        ("first", "<i8"),
        ("decided", "<i8"),
        ("offset", "<i8"),
        ("days", "<u8"),
        ("flight_first", "<i8"),
        ("day", "<i8", (2,)),
        ("week", "<i8", (2,)),
        ("month", "<i8", (2,)),
        ("flight", "<i8", (2,)),
        ("total", "<i8", (2,)),
        ("day_counts", "<i8", (3,)),
        ("day_revenue", "<i8", (2,)),
        ("total_counts", "<i8", (3,)),
        ("total_revenue", "<i8", (2,)),
    ],
)
"""One campaign. ``newest``, ``first``, ``decided`` are first seconds of hours (the newest
and first one known, the last one decided for); ``day`` … ``total`` spend pairs of the local
day, week, month of the newest hour, of the flight that began on local day ``flight_first``,
and of all hours; counts are impressions, clicks and millionths of conversions; ``days`` has
bit i set when the hours of the UTC day i days before the newest hour's are kept;
``account_zone`` is what events say, ``zone`` what the ledgers were kept in; ``disputed``
another currency that the last event claimed; ``previous`` the last recommendation's id;
``offset`` that of the last metrics record applied."""


def unpack(values: Sequence[bytes]) -> Rows:
    """Return B values as rows of `CAMPAIGN`, a new array; empty values become new campaigns.

    Raises
    ------
    UnknownFormat
        When a value was written by another version.
    """
    blank = new_campaigns(1).tobytes()
    rows = np.frombuffer(b"".join([value or blank for value in values]), dtype=CAMPAIGN).copy()
    if rows.size and (rows["format"] != FORMAT).any():
        raise UnknownFormat("campaign", found=int(rows["format"].max()), known=FORMAT)
    return rows


def new_campaigns(count: int) -> Rows:
    """Return rows of campaigns that nothing is known of."""
    rows = np.zeros(count, dtype=CAMPAIGN)
    rows["format"] = FORMAT
    for name in ("newest", "first", "decided", "flight_first"):
        rows[name] = NEVER
    rows["flight_known"] = 1
    rows["offset"] = -1
    return rows


def pack(rows: Rows) -> list[bytes]:
    """Return each row as bytes."""
    block, size = rows.tobytes(), rows.dtype.itemsize
    return [block[at : at + size] for at in range(0, len(block), size)]


def zone_names(rows: Rows, planned: Rows) -> Rows:
    """Return the zone to keep each campaign's days in: the plan's, else the account's, else UTC.

    ``planned`` is the plan's zone, shape (B,), empty bytes where there is no plan.
    """
    account = np.where(rows["account_zone"] == b"", b"UTC", rows["account_zone"])
    return np.where(planned == b"", account, planned)


def has_hours(rows: Rows) -> Bools:
    """Return whether any hour of the campaign is known; shape (B,)."""
    return np.asarray(rows["newest"] != NEVER)


def kept_days(bits: int, newest_day: int) -> list[int]:
    """Return the UTC days whose hours are kept, oldest first."""
    return [newest_day - age for age in range(63, -1, -1) if bits >> age & 1]
