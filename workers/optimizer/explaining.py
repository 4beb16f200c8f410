"""Reasons, as codes, sentences and numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from schemas import HoldReason

Evidence = dict[str, Any]

_HOLDS: Final[Mapping[HoldReason, str]] = MappingProxyType(
    {
        HoldReason.NO_PLAN: "The campaign has no plan; publish one to {topic}.",
        HoldReason.ENDED: "The plan has ended; a plan with status active resumes it.",
        HoldReason.PAUSED: "The plan is paused; a plan with status active resumes it.",
        HoldReason.PAUSED_ON_PLATFORM: (
            "The campaign is paused on its platform; nothing is decided until it delivers again."
        ),
        HoldReason.FROZEN: "A freeze holds; nothing is changed until it ends or is lifted.",
        HoldReason.CURRENCY_MISMATCH: (
            "The ledger is in {ledger}, but the plan is in {plan} and events name {event}; "
            "amounts in different currencies are never added."
        ),
        HoldReason.TIMEZONE_MISMATCH: (
            "The plan's days begin in {plan}, the account's in {account}; name one zone in both."
        ),
        HoldReason.STALE_DATA: "The newest hour ended {hours} hours ago; later spend is unknown.",
        HoldReason.SUSPECTED_OUTAGE: "Reports are suspected to be missing; nothing is cut on them.",
        HoldReason.FLIGHT_NOT_STARTED: "The flight has not started yet.",
        HoldReason.FLIGHT_OVER: "The flight is over.",
        HoldReason.FLIGHT_GAP: "The day lies in a gap of the flight.",
        HoldReason.BUDGET_GONE: (
            "Spent {spent} of {allowance}, and perhaps {in_flight} that is not reported: nothing "
            "is left of the budget."
        ),
        HoldReason.INFEASIBLE_MINIMUM: (
            "The plan's minimums come to {needed}, but there are {available} for them: no split "
            "keeps both; lower a minimum or raise the budget."
        ),
        HoldReason.TOO_LITTLE_DATA: (
            "Too little is known to follow the plan: hours of the week for its strategy "
            "(confidence {confidence}), or spend since its flight began. Strategy even over a "
            "day, week or month needs neither."
        ),
        HoldReason.EXCLUDED_HOUR: (
            "The newest hour is excluded by a decision; nothing is decided from it, and what is "
            "in force stays until an hour that is not."
        ),
        HoldReason.CONFLICTING_TARGETS: (
            "The daily minimum of {minimum} is more than the market is likely to give in a day at "
            "any bid ({market}); of what is left of today, {within_target} are expected within the "
            "target. Neither can be kept: lower the minimum or loosen the target."
        ),
    }
)


def hold(reason: HoldReason, evidence: Evidence) -> Evidence:
    """Return the explanation of a hold; ``evidence`` fills the sentence."""
    return {"code": reason.value, "text": _HOLDS[reason].format(**evidence), "evidence": evidence}


def pace(index: float, evidence: Evidence) -> Evidence:
    """Return the explanation of an amount: how the spend stands to what was expected by now.

    ``index`` is the pace index, NaN before the period's first hour.
    """
    code, text = _pace(index)
    return {"code": code, "text": text(index), "evidence": evidence}


def _pace(index: float) -> tuple[str, Callable[[float], str]]:
    if index != index:  # noqa: PLR0124 -- NaN alone differs from itself
        return "period_begins", lambda _: "The period begins; its whole budget is ahead."
    if index > _FAST:
        return "ahead_of_plan", lambda pace: f"Spend is {pace:.2f} times what was expected by now."
    if index < _SLOW:
        return "behind_plan", lambda pace: f"Spend is {pace:.2f} times what was expected by now."
    return "on_plan", lambda _: "Spend is as expected by now."


_FAST, _SLOW = 1.05, 0.95

NOT_REPORTED: Final = "not_reported"
"""Code of what a tick led to, and no report."""

NOTES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "minimum_unmet": "The hourly minimum does not fit into what is left, and was left aside.",
        "daily_minimum_unmet": (
            "The daily minimum does not fit into what is left to the end of the period; it is "
            "kept as long as the budget lasts."
        ),
        "maximum_binds": "The hourly maximum leaves part of today's budget unspent.",
        "daily_cap_binds": "The day's cap holds bids below what the period's budget affords.",
        "daily_minimum_binds": "The day's minimum asks for higher bids than the budget needs.",
        "minimum_before_target": (
            "A minimum of spend asks for higher bids than the target allows, and goes first."
        ),
        "hourly_minimum_out_of_reach": (
            "The hourly minimum is more than the market is likely to give at any bid in this hour, "
            "and was left aside."
        ),
        "exploring": (
            "Bids are moved off what was decided, to learn how spend answers; the plan's learning "
            "reserve pays for it."
        ),
        "better_than_expected": (
            "Today's hours brought more conversions than expected; budget is moved to the hours "
            "that come soon, and the day's total stays."
        ),
        "worse_than_expected": (
            "Today's hours brought fewer conversions than expected; budget is moved to the later "
            "hours, and the day's total stays."
        ),
        "multiplier_slowed": "The multiplier may not change faster than the plan's step.",
        "spend_slowed": "The hour may not spend more above the last one than the plan's step.",
        "target_binds": "The target holds bids below what the budget affords.",
        NOT_REPORTED: (
            "Nothing is heard of hours that are over: each may have spent all that it was allowed "
            "to, and what is left even so is spread over today's hours."
        ),
        "bid_limit_binds": "The plan's range of bids is at its end.",
    }
)
"""Sentences of what else is worth knowing, by code."""


def note(code: str, evidence: Evidence) -> Evidence:
    """Return one of `NOTES` as an explanation."""
    return {"code": code, "text": NOTES[code], "evidence": evidence}


EXPERIMENT: Final = "experiment"
"""Code of the reason that tells of the side of an experiment that a day is of."""


def arm(experiment: str, side: str) -> Evidence:
    """Return the explanation that a day is of a side of an experiment."""
    text = f"The day is one of experiment {experiment}: it goes by the policy of the {side}."
    return {"code": EXPERIMENT, "text": text, "evidence": {"experiment": experiment, "arm": side}}
