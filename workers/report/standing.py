"""Advice that stands beside a campaign's hours: budgets of groups, bids, targeting, creatives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from schemas import AuditEntry, AuditStatus, CampaignKey, Kind, Recommendation
from schemas.levers import BID_UNIT, CURRENCY_UNIT
from workers.report.sections import name_of
from workers.report.wording import share, short

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
    "The newest word on each budget of a group, bid, segment and ad that still holds at the end "
    "of the report; `pacekeeper explain ID` says what led to it. Beside a bid are the adjustments "
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
}


class About(NamedTuple):
    """What a word is on: a newer one takes its place."""

    key: CampaignKey
    field: str
    entity: str


@dataclass(slots=True)
class Standing:
    """Keeps the newest advice on everything but hours, and what became of it."""

    _newest: dict[About, Recommendation] = field(default_factory=dict)
    _states: dict[str, AuditStatus] = field(default_factory=dict)

    def add(self, advice: Recommendation) -> None:
        """Take in a recommendation; a hold takes the place of what was advised before it."""
        key = CampaignKey(advice.platform, advice.account_id, advice.campaign_id)
        about = About(key, advice.field or "", advice.entity_id)
        known = self._newest.get(about)
        if known is None or advice.decided_at >= known.decided_at:
            self._newest[about] = advice

    def audit(self, entry: AuditEntry) -> None:
        """Take in what became of one."""
        if entry.recommendation_id is not None:
            self._states[entry.recommendation_id] = entry.status

    def rows(self, end: int) -> list[list[str]]:
        """Return what holds at second ``end`` as rows: kind by kind, the surest first."""
        held = [
            each
            for each in self._newest.values()
            if each.kind is not Kind.HOLD and each.expires_at.timestamp() > end
        ]
        held.sort(key=lambda each: (each.kind.value, -each.confidence, each.recommendation_id))
        return [self._row(each) for each in held[:LISTED]]

    def _row(self, advice: Recommendation) -> list[str]:
        key = CampaignKey(advice.platform, advice.account_id, advice.campaign_id)
        state = self._states.get(advice.recommendation_id)
        return [
            name_of(key),
            _what(advice),
            *_values(advice),
            ", ".join(_beside(advice)),
            share(advice.confidence),
            "for people" if state is None else _STATES.get(state, state.value.replace("_", " ")),
            short(advice.reasons[0].text if advice.reasons else ""),
            advice.recommendation_id[:_ID],
        ]


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
    return (f"{each.name} {each.factor - 1.0:+.0%}" for each in advice.bid_multipliers)
