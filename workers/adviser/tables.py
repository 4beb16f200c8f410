"""Who writes which table of the adviser, and what its keys are."""

from __future__ import annotations

from typing import Final

PLANS: Final = "plans"
"""By campaign: its plan, as it came."""

HOURS: Final = "hours"
"""By campaign: what is due; by campaign and UTC day: what its hours said by slice."""

AUDIT: Final = "audit"
"""By campaign: the bids and multipliers that are in force."""

DAYS: Final = "days"
"""By account: its campaigns; by campaign: the newest of it; by campaign and day: its slices."""


def hours_key(campaign: bytes, utc_day: int) -> bytes:
    """Return the key of a campaign's UTC day; names are printable, so a NUL is in none."""
    return campaign + b"\0%d" % utc_day


def roster_key(account: bytes) -> bytes:
    """Return the key of who is in an account."""
    return account + b"\0campaigns"


def peers_key(account: bytes) -> bytes:
    """Return the key of what an account's campaigns have taught each other of rates."""
    return account + b"\0peers"


def head_key(campaign: bytes) -> bytes:
    """Return the key of what was told of a campaign last, and what was advised."""
    return campaign + b"\0head"


def day_key(campaign: bytes, day: int) -> bytes:
    """Return the key of a closed local day of a campaign."""
    return campaign + b"\0%d" % day
