"""Who writes which table of budgets, and what its keys are."""

from __future__ import annotations

from typing import Final

GROUPS: Final = "groups"
"""By group: its definition, as it came."""

MEMBERS: Final = "members"
"""By group: who its members are; by member: its closed days; by group: what was allocated."""

RATES: Final = "rates"
"""By pair of currencies: the rate that is believed."""

TICKS: Final = "ticks"
"""By group: what was allocated because a deadline had passed."""

ALLOCATIONS: Final = "allocations"
"""By large group: which pages of its allocation are told, and the ids of what was said."""


def member_key(group: bytes, campaign: bytes) -> bytes:
    """Return the key of a member's closed days; names are printable, so a NUL is in none."""
    return group + b"\0member " + campaign


def roster_key(group: bytes) -> bytes:
    """Return the key of how many are in a group."""
    return group + b"\0members"


def page_key(group: bytes, depth: int, page: int) -> bytes:
    """Return the key of a page of who is in a group, of two to the power ``depth``."""
    return group + b"\0page %d %d" % (depth, page)


def allocated_key(group: bytes) -> bytes:
    """Return the key of which day was allocated last, and with what."""
    return group + b"\0allocated"


def said_key(group: bytes, page: int) -> bytes:
    """Return the key of a page of what was recommended last."""
    return group + b"\0said %d" % page


def told_key(group: bytes) -> bytes:
    """Return the key of how far a large group's members are told."""
    return group + b"\0told"


def past_key(group: bytes, campaign: bytes) -> bytes:
    """Return the key of what a member did in other currencies than its present one."""
    return group + b"\0past " + campaign
