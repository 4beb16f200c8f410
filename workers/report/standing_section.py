"""Advice beside hours as a table of the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from schemas import AuditStatus, CampaignKey, MultiplierKind, Recommendation
from schemas.levers import BID_UNIT, CURRENCY_UNIT
from workers.chances import chance_cell
from workers.report.sections import name_of
from workers.report.standing import Stands
from workers.report.wording import short

HEADINGS: Final = (
    "Campaign",
    "Advice",
    "Now",
    "Advised",
    "Beside it",
    "Sure",
    "State",
    "Why",
    "ID",
)
KINDS: Final = ("name", "", "n", "n", "", "n", "", "text", "")
NOTE: Final = (
    "The newest word on each budget of a group, bid, segment and ad, as long as it holds; "
    "“pacekeeper explain ID” says what led to it. Beside a bid are the adjustments "
    "of it that a person may set where the platform takes them."
)

LISTED: Final = 200
"""Most of them that are listed."""

_ID: Final = 8
_STATES: Final = {
    AuditStatus.APPROVAL_REQUIRED: "waits for a person",
    AuditStatus.REJECTED: "rejected",
    AuditStatus.EXPIRED: "came too late",
    AuditStatus.SIMULATED: "set (simulated)",
    AuditStatus.APPLIED: "set",
    AuditStatus.CONFIRMED: "set",
    AuditStatus.UNVERIFIED: "may be set",
    AuditStatus.SHADOW: "would be set",
}


def table(held: Sequence[Stands]) -> list[list[str]]:
    """Return a row for each that is listed."""
    return [_row(each) for each in held[:LISTED]]


def _row(stands: Stands) -> list[str]:
    advice = stands.advice
    key = CampaignKey(advice.platform, advice.account_id, advice.campaign_id)
    return [
        name_of(key),
        _what(advice),
        *_values(advice),
        ", ".join(_beside(advice)),
        chance_cell(advice.confidence),
        _state(stands),
        short(advice.reasons[0].text if advice.reasons else ""),
        advice.recommendation_id[:_ID],
    ]


def _state(stands: Stands) -> str:
    """Return what became of it; of what waits for several people, how many have approved it."""
    state = stands.state
    if state is None:
        return "for people"
    told = _STATES.get(state, state.value.replace("_", " "))
    if state is AuditStatus.APPROVAL_REQUIRED and stands.approvals is not None:
        given, needed = stands.approvals
        return f"{told}: {given} of {needed} approvals"
    return told


def _what(advice: Recommendation) -> str:
    """Return what is to be changed, and of what where it is not the campaign's own."""
    name = (advice.field or "").replace("_", " ")
    own = advice.entity_id == advice.campaign_id
    return name if own else f"{name} of {advice.entity_id}"


def _values(advice: Recommendation) -> Sequence[str]:
    money = advice.currency if advice.unit in {CURRENCY_UNIT, BID_UNIT} else None
    named = (advice.current_value, advice.recommended_value)
    return ["" if each is None else f"{each:,} {money or ''}".strip() for each in named]


def _beside(advice: Recommendation) -> Iterator[str]:
    """Yield adjustments one by one; of hours, which are many, the lowest and the highest."""
    hours = [each.factor for each in advice.bid_multipliers if each.kind is MultiplierKind.HOUR]
    for each in advice.bid_multipliers:
        if each.kind is not MultiplierKind.HOUR:
            yield f"{each.name} {_adjusted(each.factor)}"
    if hours:
        yield f"hours {_adjusted(min(hours))} to {_adjusted(max(hours))}"


def _adjusted(factor: float) -> str:
    return f"{factor - 1.0:+.0%}"
