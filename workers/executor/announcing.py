"""Freezes and excluded hours that people decide: noted, told in the audit trail, and broadcast."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from schemas.audit import AuditStatus
from schemas.codec import encode
from schemas.condition import MOST_WINDOWS, Condition, ConditionKind, Scope, condition_key
from schemas.decision import Decision
from schemas.errors import SchemaError
from schemas.topics import CONDITIONS
from workers.delivery.api import Output
from workers.executor import entries
from workers.executor.draft import Draft
from workers.executor.entries import Finding, rejected
from workers.executor.freezes import newest
from workers.executor.rows import Decisions
from workers.executor.windows import with_window
from workers.instants import from_ms

_BROADCAST_PARTITION = 0
"""A topic that every worker reads whole has one partition."""


def freeze(draft: Draft, row: Decisions, decision: Decision, at: int) -> Decisions:
    """Let nothing be changed for the campaign, until it is unfrozen or the freeze ends."""
    if decision.until and decision.until <= from_ms(at):
        detail = f"the freeze would have ended at {decision.until.isoformat()} already"
        entries.of_decision(draft, decision, at, rejected("over_already", detail))
        return row
    since = from_ms(at)
    frozen = _next(draft, row, decision, ConditionKind.FREEZE, since=since, until=decision.until)
    entries.of_decision(draft, decision, at, Finding(AuditStatus.APPLIED, "frozen"))
    return _announce(draft, row, frozen, at)


def unfreeze(draft: Draft, row: Decisions, decision: Decision, at: int) -> Decisions:
    """Lift the campaign's own freeze; one of its account or platform stays."""
    current = _current(draft, row, decision, ConditionKind.FREEZE)
    if current is None or not current.active:
        detail = "the campaign itself is not frozen; lift a wider freeze where it was made"
        finding = Finding(AuditStatus.NO_OP, "not_frozen", detail)
        entries.of_decision(draft, decision, at, finding)
        return row
    lifted = _next(draft, row, decision, ConditionKind.FREEZE, since=from_ms(at), active=False)
    entries.of_decision(draft, decision, at, Finding(AuditStatus.APPLIED, "unfrozen"))
    return _announce(draft, row, lifted, at)


def exclude_window(draft: Draft, row: Decisions, decision: Decision, at: int) -> Decisions:
    """Pass on that nothing is to be learned from the hours of a window, beside earlier ones."""
    kind = ConditionKind.EXCLUDED_WINDOWS
    current = _current(draft, row, decision, kind)
    before = current.windows if current and current.active else ()
    windows = with_window(before, decision)
    if windows == before:
        finding = Finding(AuditStatus.NO_OP, "excluded_already", "the hours are excluded already")
        entries.of_decision(draft, decision, at, finding)
        return row
    if len(windows) > MOST_WINDOWS:
        detail = f"{MOST_WINDOWS} windows are excluded already; exclude one that joins them"
        entries.of_decision(draft, decision, at, rejected("too_many_windows", detail))
        return row
    span = {"since": windows[0].start, "until": max(each.end for each in windows)}
    excluded = _next(draft, row, decision, kind, windows=windows, **span)
    entries.of_decision(draft, decision, at, Finding(AuditStatus.APPLIED, "window_excluded"))
    return _announce(draft, row, excluded, at)


def reject_outage(draft: Draft, row: Decisions, decision: Decision, at: int) -> Decisions:
    """Pass on that outages of the campaign that began before now are none, wider ones included."""
    since = from_ms(at)
    rejection = _next(draft, row, decision, ConditionKind.REJECTED_OUTAGE, since=since)
    entries.of_decision(draft, decision, at, Finding(AuditStatus.APPLIED, "outage_rejected"))
    return _announce(draft, row, rejection, at)


def _next(
    draft: Draft,
    row: Decisions,
    decision: Decision,
    kind: ConditionKind,
    **fields: Any,  # noqa: ANN401 -- fields of Condition
) -> Condition:
    """Return the condition that takes the place of the one of this kind that holds now."""
    current = _current(draft, row, decision, kind)
    said = {
        "active": True,
        "version": current.version + 1 if current else 1,
        "by": decision.by,
        "why": decision.why,
    }
    names = {name: getattr(decision, name) for name in ("platform", "account_id", "campaign_id")}
    return Condition(kind=kind, scope=Scope.CAMPAIGN, **{**said, **names, **fields})


def _current(
    draft: Draft, row: Decisions, decision: Decision, kind: ConditionKind
) -> Condition | None:
    """Return the campaign's condition of this kind, as decided here or broadcast by others."""
    broadcast = draft.view.broadcast(draft.policy.topic(CONDITIONS))
    held = [row.conditions.get(kind), broadcast.get(condition_key(decision.key, kind))]
    try:
        return newest(held)
    except SchemaError:
        # What somebody else has broadcast cannot be read: ours takes its place.
        return newest(held[:1])


def _announce(draft: Draft, row: Decisions, condition: Condition, at: int) -> Decisions:
    value = encode(condition)
    topic = draft.policy.topic(CONDITIONS)
    draft.outputs.append(
        Output(topic, condition.key, value, partition=_BROADCAST_PARTITION, timestamp=at)
    )
    return structs.replace(row, conditions={**row.conditions, condition.kind.value: value})
