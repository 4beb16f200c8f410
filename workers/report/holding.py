"""When campaigns were left alone, why, for how long, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from schemas import CampaignKey, HoldReason
from workers.report.decisions import Held
from workers.report.delivered import HOUR
from workers.report.totals import Stretch

REMEDIES: Final[Mapping[HoldReason, str]] = MappingProxyType(
    {
        HoldReason.NO_PLAN: "Publish a plan for it, if it is to be paced.",
        HoldReason.PAUSED: "Publish its plan with status active, if it is to run again.",
        HoldReason.PAUSED_ON_PLATFORM: "Resume it, if it is to run: pacekeeper decide resume.",
        HoldReason.ENDED: "Nothing, unless it is to run again: then a plan with status active.",
        HoldReason.FLIGHT_NOT_STARTED: "Nothing: it begins by itself.",
        HoldReason.FLIGHT_OVER: "Nothing, unless the flight is to be longer: then a new plan.",
        HoldReason.FLIGHT_GAP: "Nothing: it goes on by itself after the gap.",
        HoldReason.BUDGET_GONE: "Nothing until the next period, unless the budget is to be raised.",
        HoldReason.CURRENCY_MISMATCH: "Name one currency, or publish rates for a group of several.",
        HoldReason.TIMEZONE_MISMATCH: "Make plan and events name one time zone.",
        HoldReason.INFEASIBLE_MINIMUM: "Lower a minimum of the plan, or raise its budget.",
        HoldReason.INFEASIBLE_MAXIMUM: "Raise a maximum of a plan, or lower its group's budget.",
        HoldReason.WITHIN_BAND: "Nothing: its budget is as good as any.",
        HoldReason.GROUP_TREE: "Define the parent that a budget group names, or name another.",
        HoldReason.EXCLUDED_HOUR: "Nothing: it goes on with the first hour not excluded.",
        HoldReason.CONFLICTING_TARGETS: "Lower the plan's daily minimum, or loosen its target.",
        HoldReason.TOO_LITTLE_DATA: "Wait for data, or publish history; strategy even needs none.",
        HoldReason.STALE_DATA: "Look at the publisher: its newest hour is too old.",
        HoldReason.FROZEN: "Lift the freeze, when its reason is gone.",
        HoldReason.SUSPECTED_OUTAGE: "Look at tag and publisher; if both are right, reject_outage.",
    }
)
"""What to do about each reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One stretch of hours for which a campaign was left alone for one reason."""

    key: CampaignKey
    reason: HoldReason
    start: int
    end: int
    """First second after its last hour."""
    text: str
    """What the last of its decisions said."""

    @property
    def hours(self) -> int:
        """How long it was."""
        return (self.end - self.start) // HOUR


def holds_of(held: Mapping[CampaignKey, Sequence[Held]], stretch: Stretch) -> list[Hold]:
    """Return the holds that began in ``stretch``, the longest first."""
    found = [
        hold
        for key, decisions in held.items()
        for hold in _merged(key, (one for one in decisions if one.at in stretch))
    ]
    return sorted(found, key=lambda hold: (-hold.hours, hold.start, hold.key))


def _merged(key: CampaignKey, decisions: Iterable[Held]) -> list[Hold]:
    holds: list[Hold] = []
    for one in sorted(decisions, key=lambda each: each.at):
        start = one.at
        if holds and holds[-1].reason is one.reason and one.at <= holds[-1].end:
            start = holds.pop().start
        hold = Hold(key=key, reason=one.reason, start=start, end=one.at + HOUR, text=one.text)
        holds.append(hold)
    return holds
