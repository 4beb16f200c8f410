"""What the loop has said so far, and whether it has said all it has to say about an hour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from schemas import Action, AuditEntry, CampaignKey, Condition, Kind, Recommendation, decode
from schemas.audit import OPEN
from schemas.levers import OF_AN_HOUR
from schemas.topics import ACTIONS, AUDIT, BREAKDOWNS, CONDITIONS, PORTFOLIO, RECOMMENDATIONS
from workers.demo.lost_tracking import LostTracking
from workers.demo.trail import Trail
from workers.executor.release import stays
from workers.simulator.population import Campaign
from workers.simulator.records import InForce
from workers.simulator.wire import Heard

FOLLOWED = (RECOMMENDATIONS, ACTIONS, AUDIT, BREAKDOWNS, PORTFOLIO, CONDITIONS)


@dataclass(slots=True)
class Loop:
    """Follows recommendations, actions, the audit trail and suspected outages.

    Parameters
    ----------
    campaigns
        The campaigns that decisions are awaited for.
    in_force
        Told of every audit entry.
    lost
        Told of every condition, if there is one.
    trail
        Told of every audit entry, if there are platforms to compare it with.
    """

    campaigns: Sequence[Campaign]
    in_force: InForce
    lost: LostTracking | None = None
    trail: Trail | None = None
    recommendations: Counter[str] = field(default_factory=Counter)
    """By kind."""
    holds: Counter[str] = field(default_factory=Counter)
    """By reason."""
    advice: list[Recommendation] = field(default_factory=list)
    """What is for people to do or to approve: it decides no hour."""
    actions: int = 0
    audit: Counter[str] = field(default_factory=Counter)
    """By status."""
    latest: bytes | None = None
    """The last recommendation that is no hold, as it is stored."""
    planned: dict[CampaignKey, Decimal] = field(default_factory=dict)
    """What the next hour of a campaign is meant to spend."""
    audited_to: dict[int, int] = field(default_factory=dict)
    """The offset behind the last audit entry, by partition."""
    closed_to: dict[str, dict[int, int]] = field(default_factory=dict)
    """The offset behind the last closed day that was told, by topic and partition."""
    _decided: dict[datetime, set[CampaignKey]] = field(default_factory=dict)
    _acted_on: set[str] = field(default_factory=set)
    _released: set[str] = field(default_factory=set)
    _settled: set[str] = field(default_factory=set)

    def hear(self, heard: Iterable[Heard]) -> None:
        """Take in records of the topics in `FOLLOWED`."""
        for topic, partition, offset, value in heard:
            match topic:
                case RECOMMENDATIONS.name:
                    self._recommended(value)
                case CONDITIONS.name:
                    if self.lost is not None:
                        self.lost.hear(decode(value, Condition))
                case ACTIONS.name:
                    self._acted(decode(value, Action))
                case AUDIT.name:
                    self._audited(decode(value, AuditEntry))
                    self.audited_to[partition] = offset + 1
                case BREAKDOWNS.name | PORTFOLIO.name:
                    self.closed_to.setdefault(topic, {})[partition] = offset + 1

    def missing(self, hour: datetime) -> str:
        """Return what is still to come before ``hour`` is decided and settled; empty when done."""
        undecided = len(self.campaigns) - len(self._decided.get(hour, ()))
        if undecided:
            return f"decisions about {undecided} of {len(self.campaigns)} campaigns"
        unsettled = len(self._released - self._settled)
        return f"audit entries of {unsettled} actions" if unsettled else ""

    def _recommended(self, value: bytes) -> None:
        advice = decode(value, Recommendation)
        if advice.field not in OF_AN_HOUR:
            if advice.kind is not Kind.HOLD:
                self.advice.append(advice)
            return
        self.recommendations[advice.kind.value] += 1
        if advice.hold_reason is not None:
            self.holds[advice.hold_reason.value] += 1
        key = CampaignKey(advice.platform, advice.account_id, advice.campaign_id)
        self._decided.setdefault(advice.hour, set()).add(key)
        # What stays is set anew on platforms, whose budgets are of the day.
        if advice.auto_execute or self._is_set_anew(advice):
            self._released.add(advice.recommendation_id)
        if advice.kind is Kind.PACING:
            self.latest = value
            self.planned[key] = advice.hour_plan[0]

    def _is_set_anew(self, advice: Recommendation) -> bool:
        live = self.trail is not None
        return live and advice.day_budget is not None and stays(advice)

    def _acted(self, action: Action) -> None:
        # One that waited for its plan, or its time, is published once more.
        self.actions += action.action_id not in self._acted_on
        self._acted_on.add(action.action_id)
        if action.recommendation_id is not None:
            self._released.add(action.recommendation_id)

    def _audited(self, entry: AuditEntry) -> None:
        self.audit[entry.status.value] += 1
        ends = entry.status not in OPEN and not entry.is_of_part
        if entry.recommendation_id is not None and ends:
            self._settled.add(entry.recommendation_id)
        self.in_force.hear([entry])
        if self.trail is not None:
            self.trail.hear(entry)
