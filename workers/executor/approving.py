"""Approvals: whose yes counts, how many more it takes, and whether the world is still as advised.

A yes that is not enough is kept until others have said theirs. One that lets nothing go, as the
world has changed, is answered with what to do; the recommendation stays open until it expires.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from unicodedata import normalize

from msgspec import structs

from schemas.action import Action
from schemas.approval import Approval
from schemas.audit import REJECTED_BY_PERSON, AuditStatus
from schemas.codec import format_time
from schemas.decision import Decision, Verb
from schemas.recommendation import Recommendation
from schemas.topics import ACTIONS
from workers.executor import entries
from workers.executor.draft import Draft
from workers.executor.entries import Finding, identity, rejected
from workers.executor.freezes import freeze_on
from workers.executor.obstacles import NOT_AS_EXPECTED, compare
from workers.executor.release import approved, undoing
from workers.executor.rollback import Judgement
from workers.executor.rows import Decisions, Yes, expiry
from workers.executor.tables import clock_of, in_force, known_plan_of
from workers.instants import from_ms, to_ms

MORE_NEEDED = "more_approvals_needed"
"""Reason of the entry of an approval that waits for those of others."""


class Heard(NamedTuple):
    """What a person's word on open advice has led to."""

    ends: bool
    """Whether nothing more can be said about the advice."""
    yes: tuple[Yes, ...] = ()
    """An approval to keep, as it waits for others."""


class _Question(NamedTuple):
    """What people are to agree to; a yes holds ``until`` a time and under a version of the plan."""

    subject: bytes
    plan_version: int
    until: int
    needed: int
    how: str = "approve it"
    """What others have to do, in words."""


class _Agreed(NamedTuple):
    """Who has agreed; the finding says why that is not enough, None where it is."""

    finding: Finding | None
    approvals: tuple[Approval, ...] = ()
    yes: tuple[Yes, ...] = ()


def hear(
    draft: Draft,
    said: Decisions,
    counted: tuple[Yes, ...],
    about: tuple[Recommendation, Decision],
    at: int,
) -> Heard:
    """Take one person's word on advice that is open; ``counted`` is whose yes is kept."""
    advice, decision = about
    if decision.verb is Verb.REJECT:
        refusal = rejected(REJECTED_BY_PERSON, decision.why)
        entries.of_decision(draft, decision, at, refusal, about=advice)
        return Heard(ends=True)
    question = _asked(draft, advice)
    changed = _changed_since(draft, said, advice, decision, at)
    agreed = _Agreed(changed) if changed else _agree(draft, counted, question, decision, at)
    if agreed.finding is not None:
        entries.of_decision(draft, decision, at, agreed.finding, about=advice)
        return Heard(ends=False, yes=agreed.yes)
    _release(draft, approved(advice, decision, at), agreed, question)
    return Heard(ends=True)


def undo(
    draft: Draft, row: Decisions, judgement: Judgement, decision: Decision, at: int
) -> Decisions:
    """Roll back what can be; where that raises a value, if enough people want it."""
    action, policy = undoing(judgement, decision, draft.policy, at), draft.policy
    if action.expected is not None and action.target <= action.expected:
        draft.publish(ACTIONS, action, at=at)
        return row
    rule = known_plan_of(draft.view, decision.key)
    row = row.without_lapsed(clock_of(draft.view))
    question = _Question(
        _undone(judgement),
        rule.version if rule else 0,
        at + policy.undo_within_ms,
        max(rule.approvers if rule else 1, *(past.approvers for past in judgement.over)),
        "roll it back as well",
    )
    freeze = freeze_on(policy, draft.view, row, action, at)
    frozen = _Agreed(rejected("frozen", freeze))
    agreed = frozen if freeze else _agree(draft, row.counted, question, decision, at)
    if agreed.finding is not None:
        entries.of_decision(draft, decision, at, agreed.finding, about=judgement.change)
        return row.with_yes(agreed.yes)
    _release(draft, action, agreed, question)
    return row.without_yes(question.subject)


def _undone(judgement: Judgement) -> bytes:
    """Return what names all that is undone: a yes to one change is none to what came after it."""
    first, last = judgement.over[-1].action_id, judgement.over[0].action_id
    return first if first == last else first + last


def _release(draft: Draft, action: Action, agreed: _Agreed, question: _Question) -> None:
    who = structs.replace(action, approvers=question.needed, approvals=agreed.approvals)
    draft.publish(ACTIONS, who, at=to_ms(action.released_at))


def needed_for(draft: Draft, subject: Recommendation) -> int:
    """Return how many people have to approve: as many as the plan asks for, or a group's advice."""
    rule = known_plan_of(draft.view, subject.key)
    return max(subject.approvers, rule.approvers if rule else 1)


def given_to(advice: Recommendation, *counted: Iterable[Yes]) -> tuple[Approval, ...]:
    """Return who has approved advice that others have to approve as well."""
    subject = bytes.fromhex(advice.recommendation_id)
    return tuple(yes.approval for each in counted for yes in each if yes.subject == subject)


def same_person(one: str, other: str) -> bool:
    """Return whether two names are one person's: case and space around them make no difference."""
    return _person(one) == _person(other)


def already_approved(by: str) -> Finding:
    """Return that a person has said yes before."""
    return rejected("already_approved", f"{by} has approved it already: another person has to")


def told(approvals: tuple[Approval, ...], needed: int) -> str:
    """Return in words who has approved, and how many have to."""
    who = ", ".join(f"{each.by} at {format_time(each.at)}" for each in approvals)
    return f"{len(approvals)} of {needed} approvals ({who})"


def lapsing(finding: Finding, approvals: tuple[Approval, ...]) -> Finding:
    """Return how advice ended before enough people had approved it, with who had."""
    if not approvals:
        return finding
    who = ", ".join(each.by for each in approvals)
    detail = f"{finding.detail}; not enough people had approved it: {who}"
    return finding._replace(detail=detail, approvals=approvals)


def _person(name: str) -> str:
    return normalize("NFKC", name).strip().casefold()


def _asked(draft: Draft, advice: Recommendation) -> _Question:
    subject = bytes.fromhex(advice.recommendation_id)
    return _Question(subject, advice.plan_version, expiry(advice), needed_for(draft, advice))


def _agree(
    draft: Draft, counted: tuple[Yes, ...], question: _Question, decision: Decision, at: int
) -> _Agreed:
    """Count a person's yes beside those of others."""
    before = tuple(
        yes.approval
        for yes in counted
        if (yes.subject, yes.plan_version) == question[:2] and yes.until > at
    )
    if refusal := _refusal(draft.policy.approvers, before, question, decision.by):
        return _Agreed(refusal)
    own = Approval(by=decision.by, at=from_ms(at), why=decision.why, decision_id=identity(decision))
    approvals = (*before, own)
    if len(approvals) >= question.needed:
        return _Agreed(None, approvals)
    if len(counted) >= draft.policy.remembered:
        detail = f"{len(counted)} approvals of the campaign wait for others already"
        return _Agreed(rejected("too_many_waiting", detail))
    yes = Yes(question.subject, question.plan_version, question.until, own)
    return _Agreed(_more_needed(approvals, question), approvals, (yes,))


def _refusal(
    approvers: tuple[str, ...], before: tuple[Approval, ...], question: _Question, by: str
) -> Finding | None:
    """Return why a person's yes does not count."""
    if approvers and not any(same_person(name, by) for name in approvers):
        detail = f"{by} is not among executor.approvers: one of them has to approve it"
        return rejected("not_an_approver", detail)
    if any(same_person(one.by, by) for one in before):
        finding = already_approved(by)
        detail = f"{finding.detail}; {told(before, question.needed)}"
        return finding._replace(detail=detail, approvers=question.needed, approvals=before)
    return None


def _more_needed(approvals: tuple[Approval, ...], question: _Question) -> Finding:
    missing = question.needed - len(approvals)
    who = "another person has" if missing == 1 else f"{missing} other people have"
    until = format_time(from_ms(question.until))
    return Finding(
        AuditStatus.APPROVAL_REQUIRED,
        MORE_NEEDED,
        f"{told(approvals, question.needed)}; {who} to {question.how} before {until}",
        approvers=question.needed,
        approvals=approvals,
    )


def _changed_since(
    draft: Draft, said: Decisions, advice: Recommendation, decision: Decision, at: int
) -> Finding | None:
    """Return what is not as it was when it was advised, and what to do; None where all is."""
    if finding := _another_plan(draft, advice):
        return finding
    if freeze := freeze_on(draft.policy, draft.view, said, advice, at):
        return rejected("frozen", f"{freeze}, and approve it again then")
    action = approved(advice, decision, at)
    found = next(compare(draft, in_force(draft.view, advice.key), action), None)
    if found and found.reason == NOT_AS_EXPECTED:
        detail = f"{found.detail}: it has changed since it was advised; wait for the next one"
        return rejected("value_changed", detail)
    return None


def _another_plan(draft: Draft, advice: Recommendation) -> Finding | None:
    rule, own = known_plan_of(draft.view, advice.key), advice.plan_version
    if rule is None or rule.version < own:
        detail = f"version {own} of the plan, which it was advised for, has not been read yet: "
        return rejected("plan_not_known", f"{detail}approve it again in a moment")
    if rule.holds and rule.version == own:
        return None
    now = f"version {rule.version} holds now" if rule.holds else "it was deleted"
    detail = f"was advised for version {own} of the plan, and {now}: what was approved is void; "
    return rejected("plan_changed", f"{detail}wait for the next recommendation")
