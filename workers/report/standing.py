"""Advice that stands beside a campaign's hours: budgets of groups, bids, targeting, creatives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from schemas import AuditEntry, AuditStatus, CampaignKey, Kind, Recommendation
from schemas.audit import OPEN


class About(NamedTuple):
    """What a word is on: a newer one takes its place."""

    key: CampaignKey
    field: str
    entity: str


class Stands(NamedTuple):
    """One recommendation that holds, and what the audit trail says became of it, if anything."""

    advice: Recommendation
    state: AuditStatus | None
    approvals: tuple[int, int] | None = None
    """How many people have approved it, and how many have to; None where one is enough."""


@dataclass(slots=True)
class Standing:
    """Keeps the newest advice on everything but hours, and what became of it."""

    _newest: dict[About, Recommendation] = field(default_factory=dict)
    _states: dict[str, AuditStatus] = field(default_factory=dict)
    _approvals: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, advice: Recommendation) -> None:
        """Take in a recommendation; a hold takes the place of what was advised before it."""
        key = CampaignKey(advice.platform, advice.account_id, advice.campaign_id)
        about = About(key, advice.field or "", advice.entity_id)
        known = self._newest.get(about)
        if known is None or advice.decided_at >= known.decided_at:
            self._newest[about] = advice

    def audit(self, entry: AuditEntry) -> None:
        """Take in what became of one."""
        name = entry.recommendation_id
        if name is None or entry.status in OPEN:
            return
        if entry.approvers > 1:
            self._approvals[name] = len(entry.approvals), entry.approvers
        if not entry.leaves_advice_open:
            self._states[name] = entry.status

    def held(self, now: int) -> list[Stands]:
        """Return what holds at second ``now``: kind by kind, the surest first."""
        held = [
            each
            for each in self._newest.values()
            if each.kind is not Kind.HOLD and each.expires_at.timestamp() > now
        ]
        kinds = list(Kind)
        held.sort(key=lambda one: (kinds.index(one.kind), -one.confidence, one.recommendation_id))
        ids = [each.recommendation_id for each in held]
        return [
            Stands(each, self._states.get(name), self._approvals.get(name))
            for each, name in zip(held, ids, strict=True)
        ]
