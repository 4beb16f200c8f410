"""Campaigns that are due for a decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.arrays import Ints, Rows
from engine.calendar import Calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Campaigns to decide; arrays have the shape (B,)."""

    keys: Sequence[bytes]
    names: Sequence[tuple[str, str, str]]
    """Platform, account and campaign."""
    campaigns: Rows
    plan_values: Sequence[bytes]
    plans: Rows
    calendar: Calendar
    zones: Ints
    account_zones: Ints
    hour: Ints
    now: Ints
