"""Campaigns that are due for a decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from engine.arrays import Ints, Rows
from engine.calendar import Calendar


class Assigned(NamedTuple):
    """The side of an experiment that a campaign's day is of."""

    experiment: str
    arm: str


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
    arms: Sequence[Assigned | None] = ()
    """Whose policy the plans are; empty as long as they are the campaigns' own."""

    def part(self, rows: Ints) -> Due:
        """Return some of them, given by position."""
        at = rows.tolist()
        return Due(
            keys=[self.keys[i] for i in at],
            names=[self.names[i] for i in at],
            campaigns=self.campaigns[rows],
            plan_values=[self.plan_values[i] for i in at],
            plans=self.plans[rows],
            calendar=self.calendar,
            zones=self.zones[rows],
            account_zones=self.account_zones[rows],
            hour=self.hour[rows],
            now=self.now[rows],
            arms=[self.arms[i] for i in at] if self.arms else (),
        )
