"""From a finding to the record that people read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from engine.calendar import HOUR
from schemas import (
    GuardrailCheck,
    GuardrailStatus,
    Priority,
    Recommendation,
    Risk,
    parse_campaign_key,
)
from schemas.topics import BREAKDOWNS
from workers.adviser.archive import Head
from workers.adviser.finding import HORIZON_DAYS, Finding, rounded
from workers.adviser.policy import AdviserPolicy
from workers.allocator.releasing import NOT_YET, identified
from workers.instants import from_seconds

_MUCH, _SOME = 0.1, 0.03
"""Sizes, by how sure they are, from which advice is of high or of medium priority."""

_NEARLY_CERTAIN: Final = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """When a campaign is looked at, and what is known of it."""

    campaign: bytes
    head: Head
    today: int
    """Local day, days since 1970-01-01."""


def recommended(policy: AdviserPolicy, occasion: Occasion, finding: Finding) -> Recommendation:
    """Return the recommendation of a finding: for people, never executed."""
    platform, account, campaign = parse_campaign_key(occasion.campaign)
    head = occasion.head
    now = from_seconds(head.closed)
    advice = Recommendation(
        platform=platform,
        account_id=account,
        campaign_id=campaign,
        recommendation_id=NOT_YET,
        kind=finding.kind,
        hour=from_seconds(head.closed // HOUR * HOUR),
        entity=finding.entity,
        entity_id=finding.entity_id,
        field=finding.field,
        current_value=finding.current,
        recommended_value=finding.recommended,
        change=finding.recommended - finding.current,
        change_pct=_change_pct(finding),
        unit=finding.unit,
        currency=head.currency or (head.aims.currency if head.aims else None),
        expected_impact=finding.impact,
        confidence=rounded(finding.sure),
        priority=_priority(finding),
        risk=_risk(finding),
        reasons=finding.reasons,
        guardrails=(GuardrailCheck(name="for_people", status=GuardrailStatus.BLOCKED),),
        decided_at=now,
        valid_from=now,
        expires_at=now + timedelta(days=HORIZON_DAYS),
        supersedes=_superseded(head, finding),
        model_version=policy.model_version,
        plan_version=head.aims.plan_version if head.aims else 0,
        inputs={policy.topic(BREAKDOWNS): head.offset},
    )
    return identified(advice)


def _change_pct(finding: Finding) -> float | None:
    if not finding.current:
        return None
    return rounded(100.0 * float(finding.recommended / finding.current - 1))


def _priority(finding: Finding) -> Priority:
    weight = finding.size * finding.sure
    priorities = ((_MUCH, Priority.HIGH), (_SOME, Priority.MEDIUM), (0.0, Priority.LOW))
    return next(name for least, name in priorities if weight >= least)


def _superseded(head: Head, finding: Finding) -> str | None:
    """Return the id of what was advised of the kind before, as long as it has not expired."""
    before = head.said.get(finding.kind.value)
    return before.identity if before is not None and before.until > head.closed else None


def _risk(finding: Finding) -> Risk:
    """Return what may go wrong: what is excluded brings nothing any more."""
    if finding.verb != "exclude":
        return Risk.LOW
    return Risk.LOW if finding.sure >= _NEARLY_CERTAIN else Risk.MEDIUM
