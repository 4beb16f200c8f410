"""What was decided for campaigns, as far as a report shows it."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple

from schemas import AuditEntry, AuditStatus, CampaignKey, HoldReason, Kind, Recommendation
from schemas.audit import FOLLOWED
from schemas.levers import OF_AN_HOUR
from workers.report.standing import Standing


class Foresight(NamedTuple):
    """What one recommendation foresaw of its period; money in the campaign's currency."""

    at: int
    """Second at whose beginning it was made: the start of the hour that was decided."""
    spent: float | None
    allowance: float | None
    """What the period may spend, with what earlier ones left over."""
    pace: float | None
    p10: float | None
    p50: float | None
    p90: float | None


def within(foreseen: Sequence[Foresight], start: int, end: int) -> Sequence[Foresight]:
    """Return what was foreseen from ``start`` on and before ``end``, of what is in order."""
    at = attrgetter("at")
    return foreseen[bisect_left(foreseen, start, key=at) : bisect_left(foreseen, end, key=at)]


class Held(NamedTuple):
    """One decision to leave a campaign alone."""

    at: int
    """First second of the hour that was decided."""
    reason: HoldReason
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision to set a value."""

    id: str
    at: int
    """First second of the hour that the value is for."""
    field: str
    unit: str
    """``currency``, ``multiplier``, or what else the value is counted in."""
    before: float | None
    after: float
    cap: float | None
    """Most that the hour may cost."""
    plan: tuple[float, ...]
    """Money for each hour from ``at`` to the end of the local day."""
    confidence: float
    reasons: tuple[str, ...]
    clamped: tuple[str, ...]
    """Guard rails that changed or stopped it."""
    outcome: AuditStatus | None = None
    """What became of it, as far as the audit trail says."""

    @property
    def direction(self) -> int:
        """1 for more, -1 for less, 0 where nothing moves or what was before is not known."""
        if self.before is None or self.after == self.before:
            return 0
        return 1 if self.after > self.before else -1

    @property
    def is_in_force(self) -> bool:
        """Whether the audit trail says that the value was set, or stood already."""
        return self.outcome in FOLLOWED


@dataclass(slots=True, kw_only=True)
class Decided:
    """Takes recommendations and audit entries; each recommendation counts once, by its id.

    Parameters
    ----------
    in_detail
        The campaigns whose decisions are kept with their reasons.
    """

    in_detail: Collection[CampaignKey]
    decisions: dict[CampaignKey, dict[int, Decision]] = field(default_factory=dict)
    """Of the campaigns in detail, by the hour that is decided; the last word on it."""
    counted: dict[CampaignKey, list[tuple[int, bool]]] = field(default_factory=dict)
    """When each campaign was decided with advice, and whether that changed the value."""
    holds: dict[CampaignKey, list[Held]] = field(default_factory=dict)
    standing: Standing = field(default_factory=Standing)
    """What is advised beside hours."""
    models: set[str] = field(default_factory=set)
    outcomes: list[tuple[int, AuditStatus]] = field(default_factory=list)
    """Second and status of each audit entry that is not open."""
    latest: int | None = None
    """Second of the newest record."""
    _foreseen: dict[CampaignKey, dict[int, Foresight]] = field(default_factory=dict)
    _places: dict[str, tuple[CampaignKey, int]] = field(default_factory=dict)
    """Where each decision in detail is kept, by its id."""
    _seen: set[bytes] = field(default_factory=set)

    def add(self, recommendations: Iterable[Recommendation]) -> None:
        """Take in recommendations in the order in which they came."""
        for advice in recommendations:
            name = bytes.fromhex(advice.recommendation_id)
            if name in self._seen:
                continue
            self._seen.add(name)
            if advice.field not in OF_AN_HOUR:
                self.standing.add(advice)
                continue  # What a group shares out, or a bid, is no word on the campaign's hours.
            self.models.add(advice.model_version)
            self._heard_at(int(advice.decided_at.timestamp()))
            key = CampaignKey(advice.platform, advice.account_id, advice.campaign_id)
            if advice.period_budget is not None:
                foresight = _foresight(advice)
                self._foreseen.setdefault(key, {})[foresight.at] = foresight
            if advice.kind is Kind.HOLD:
                self.holds.setdefault(key, []).append(_held(advice))
            elif advice.recommended_value is not None:
                self._decided(key, decision_of(advice))

    def audit(self, entries: Iterable[AuditEntry]) -> None:
        """Take in what became of them, in the order of the trail."""
        for entry in entries:
            second = int(entry.at.timestamp())
            self._heard_at(second)
            if not entry.is_an_end:
                continue
            self.standing.audit(entry)
            if entry.leaves_advice_open:
                continue
            self.outcomes.append((second, entry.status))
            place = self._places.get(entry.recommendation_id or "")
            if place is not None:
                key, at = place
                known = self.decisions[key][at]
                self.decisions[key][at] = replace(known, outcome=entry.status)

    def foreseen(self, key: CampaignKey) -> list[Foresight]:
        """Return what was foreseen of a campaign, by the hour; the last word on each counts."""
        return [one for _, one in sorted(self._foreseen.get(key, {}).items())]

    def statuses(self, start: int, end: int) -> Counter[AuditStatus]:
        """Return how many audit entries of each status that ends something a stretch has."""
        return Counter(status for at, status in self.outcomes if start <= at < end)

    def _decided(self, key: CampaignKey, decision: Decision) -> None:
        changes = decision.before is None or decision.after != decision.before
        self.counted.setdefault(key, []).append((decision.at, changes))
        if key in self.in_detail:
            before = self.decisions.setdefault(key, {}).get(decision.at)
            if before is not None:
                del self._places[before.id]
            self.decisions[key][decision.at] = decision
            self._places[decision.id] = key, decision.at

    def _heard_at(self, second: int) -> None:
        self.latest = second if self.latest is None else max(self.latest, second)


def decision_of(advice: Recommendation) -> Decision:
    """Return the decision that a recommendation with a value is."""
    acted = (check for check in advice.guardrails if check.status != "passed")
    return Decision(
        id=advice.recommendation_id,
        at=int(advice.valid_from.timestamp()),
        field=advice.field or "",
        unit=advice.unit or "",
        before=_number(advice.current_value),
        after=float(advice.recommended_value or 0),
        cap=_number(advice.hourly_cap),
        plan=tuple(map(float, advice.hour_plan)),
        confidence=advice.confidence,
        reasons=tuple(reason.text for reason in advice.reasons),
        clamped=tuple(f"{check.name} {check.status.value}" for check in acted),
    )


def _foresight(advice: Recommendation) -> Foresight:
    foreseen = advice.projected_spend
    return Foresight(
        at=int(advice.hour.timestamp()),
        spent=_number(advice.spend_to_date),
        allowance=_number(advice.period_budget),
        pace=advice.pacing_index,
        p10=float(foreseen.p10) if foreseen else None,
        p50=float(foreseen.p50) if foreseen else None,
        p90=float(foreseen.p90) if foreseen else None,
    )


def _held(advice: Recommendation) -> Held:
    text = advice.reasons[0].text if advice.reasons else ""
    reason = advice.hold_reason or HoldReason.NO_PLAN
    return Held(int(advice.hour.timestamp()), reason, text)


def _number(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)
