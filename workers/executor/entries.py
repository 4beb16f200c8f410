"""Audit entries: what became of an action, a recommendation or a decision."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from schemas.action import Action
from schemas.approval import Approval
from schemas.audit import OPEN, AuditEntry, AuditStatus
from schemas.codec import canonical_bytes, digest
from schemas.decision import Decision
from schemas.levers import BID_MULTIPLIER, CURRENCY_UNIT, MULTIPLIER_UNIT, ON_PLATFORM
from schemas.recommendation import Recommendation
from schemas.record import CampaignRecord
from workers.connectors.amounts import MONEY
from workers.executor import grants
from workers.executor.draft import Draft
from workers.executor.edit_histories import KnownEdit
from workers.executor.history import Past
from workers.executor.orders import OpenOrder, Part
from workers.executor.sent import NOTHING_SENT, Sent
from workers.instants import from_ms

PACEKEEPER = "pacekeeper"
"""Actor of what happens because time has passed."""

_LONGEST_DETAIL = 2000


class Finding(NamedTuple):
    """How something ended, and why: a code for programs, a text for people."""

    status: AuditStatus
    reason: str | None = None
    detail: str = ""
    before: Decimal | None = None
    """What was found in force."""
    after: Decimal | None = None
    """What is in force now."""
    sent: Sent = NOTHING_SENT
    edit: KnownEdit | None = None
    """Which has set what was found."""
    approvers: int = 1
    """How many people have to approve it."""
    approvals: tuple[Approval, ...] = ()
    """Who has."""

    @property
    def by(self) -> dict[str, Any]:
        """Return who has set what was found, as an entry has it."""
        if self.edit is None:
            return {}
        at = from_ms(self.edit.at)
        return {"edit_id": self.edit.edit_id.hex(), "edited_by": self.edit.by, "edited_at": at}


def rejected(reason: str, detail: str) -> Finding:
    """Return that something was not done, and what to do about it."""
    return Finding(AuditStatus.REJECTED, reason, detail)


def expired(reason: str, detail: str) -> Finding:
    """Return that something came too late, and what to do about it."""
    return Finding(AuditStatus.EXPIRED, reason, detail)


def too_long(expires: datetime, longest: timedelta) -> Finding:
    """Return that something lasts longer than its id can be kept in mind."""
    detail = f"expires at {expires.isoformat()}, more than {longest} after it was said"
    return rejected("expires_too_late", detail)


def identity(decision: Decision) -> str:
    """Return the id of a decision: a digest of all that it says."""
    return digest(canonical_bytes(decision))


def of_action(draft: Draft, action: Action, at: int, finding: Finding) -> None:
    """Add what became of ``action``."""
    _add(
        draft,
        action,
        at,
        finding._replace(
            detail=finding.detail or action.why,
            approvers=action.approvers if action.approvals else 1,
            approvals=action.approvals,
        ),
        since=action.released_at,
        actor=action.actor,
        action_id=action.action_id,
        recommendation_id=action.recommendation_id,
        decision_id=action.decision_id,
        hour=action.hour,
        expected=action.expected,
        before=finding.before,
        target=action.target,
        after=finding.after,
        hourly_cap=action.hourly_cap,
        without_jitter=action.without_jitter,
        rolls_back=action.rolls_back,
        versions={"plan": action.plan_version},
        **finding.sent.fields,
        **_what(action),
    )
    if finding.status not in OPEN:
        grants.settle(draft, action, at, finding.status)


def of_part(draft: Draft, order: OpenOrder, part: Part, at: int, finding: Finding) -> None:
    """Add what became of one value that the order's action has set on the platform."""
    action = order.action
    _add(
        draft,
        action,
        at,
        finding,
        since=action.released_at,
        actor=action.actor,
        action_id=action.action_id,
        recommendation_id=action.recommendation_id,
        decision_id=None,
        entity=part.entity,
        entity_id=part.entity_id,
        field=f"{ON_PLATFORM}{part.lever}",
        unit=CURRENCY_UNIT if part.lever in MONEY else MULTIPLIER_UNIT,
        currency=order.currency,
        hour=action.hour,
        expected=part.expected,
        before=finding.before,
        target=part.target,
        after=finding.after,
        versions={"plan": action.plan_version},
        **finding.sent.fields,
    )


def of_recommendation(draft: Draft, advice: Recommendation, at: int, finding: Finding) -> None:
    """Add what became of a recommendation that needs a person."""
    _add(
        draft,
        advice,
        at,
        finding,
        since=advice.decided_at,
        actor=PACEKEEPER,
        **_advice(advice),
    )


def of_decision(
    draft: Draft,
    decision: Decision,
    at: int,
    finding: Finding,
    *,
    about: Recommendation | Action | Past | None = None,
) -> None:
    """Add what became of a decision, with what it was ``about`` where that is known."""
    subject: dict[str, Any] = {"entity_id": decision.campaign_id, "field": decision.verb.value}
    if isinstance(about, Recommendation):
        subject = _advice(about)
    elif about is not None:
        subject = _what(about)
    _add(
        draft,
        decision,
        at,
        finding._replace(detail=finding.detail or decision.why),
        since=decision.decided_at,
        actor=decision.by,
        decision_id=identity(decision),
        **{
            "recommendation_id": decision.recommendation_id,
            "rolls_back": decision.action_id,
            **subject,
        },
    )


def _add(
    draft: Draft,
    subject: CampaignRecord,
    at: int,
    finding: Finding,
    *,
    since: datetime,
    **fields: Any,  # noqa: ANN401 -- fields of AuditEntry
) -> None:
    time = from_ms(at)
    milliseconds = (time - since) // timedelta(milliseconds=1)
    draft.audit(
        AuditEntry(
            partition=draft.view.partition,
            at=time,
            status=finding.status,
            mode=draft.policy.mode,
            reason=finding.reason,
            detail=finding.detail[:_LONGEST_DETAIL],
            approvers=finding.approvers,
            approvals=finding.approvals,
            platform=subject.platform,
            account_id=subject.account_id,
            campaign_id=subject.campaign_id,
            # Clocks of different machines may disagree; below zero it says nothing.
            latency_seconds=Decimal(milliseconds) / 1000 if milliseconds >= 0 else None,
            **finding.by,
            **fields,
        )
    )


def _what(subject: Action | Recommendation | Past) -> dict[str, Any]:
    return {
        "entity": subject.entity,
        "entity_id": subject.entity_id,
        "field": subject.field,
        "unit": subject.unit,
        "currency": subject.currency,
        "window_start": subject.window_start,
        "window_end": subject.window_end,
    }


def _advice(advice: Recommendation) -> dict[str, Any]:
    # Of an hourly budget it only says how far the hour may surprise: nobody sets it.
    sets_cap = advice.field == BID_MULTIPLIER
    return {
        "recommendation_id": advice.recommendation_id,
        "hour": advice.hour,
        "expected": advice.current_value,
        "target": advice.recommended_value,
        "hourly_cap": advice.hourly_cap if sets_cap else None,
        "versions": {
            "model": advice.model_version,
            "plan": advice.plan_version,
            "prior": advice.prior_version,
        },
        **_what(advice),
    }
