"""Approvals and rejections: one word per recommendation, in whichever order the two arrive."""

from __future__ import annotations

from msgspec import structs

from schemas.decision import Decision, Verb
from schemas.recommendation import Recommendation
from workers.executor import entries
from workers.executor.approving import already_approved, hear, same_person
from workers.executor.draft import Draft
from workers.executor.entries import Finding, expired, identity, rejected
from workers.executor.rows import Decisions, Proposals, Ruling, Waiting, expiry
from workers.executor.tables import clock_of, proposed_for

UNKNOWN = rejected(
    "unknown_recommendation",
    "no recommendation with this id awaits a person: check the id, or whether policy released it",
)


def rule(draft: Draft, row: Decisions, decision: Decision, at: int) -> Decisions:
    """Approve or reject a recommendation; wait for it if it has not been seen."""
    proposals = proposed_for(draft.view, decision.key)
    clock = clock_of(draft.view)
    row = _settled(draft, row, proposals, clock)
    refusal = _refusal(row, proposals, decision, clock)
    if refusal is not None:
        entries.of_decision(draft, decision, at, refusal)
        return row
    advice = _open(proposals, decision)
    if advice is None:
        return _wait(draft, row, decision, at, clock)
    until = expiry(advice)
    if until <= max(at, clock):
        entries.of_decision(draft, decision, at, _too_late(advice), about=advice)
        return row
    heard = hear(draft, row, (*proposals.counted, *row.counted), (advice, decision), at)
    return _with_ruling(draft, row, decision, until) if heard.ends else row.with_yes(heard.yes)


def _refusal(
    row: Decisions, proposals: Proposals, decision: Decision, clock: int
) -> Finding | None:
    """Return why nothing can be said about the recommendation any more."""
    earlier = row.ruling_on(decision.recommendation_id)
    if earlier is not None:
        return already_decided(earlier.verb, earlier.by)
    for waiting in row.waiting_for(decision.recommendation_id, clock):
        first = waiting.decision
        if first.verb is Verb.REJECT:
            return already_decided(first.verb, first.by)
        if decision.verb is Verb.APPROVE and same_person(first.by, decision.by):
            return already_approved(decision.by)
    own = bytes.fromhex(decision.recommendation_id or "")
    if own in proposals.superseded:
        newer = proposals.superseded[own].hex()
        return expired("superseded", f"recommendation {newer} is newer: decide that one")
    if own in proposals.memory.known and _open(proposals, decision) is None:
        return expired("expired", "the recommendation is closed; wait for the next one")
    return None


def _open(proposals: Proposals, decision: Decision) -> Recommendation | None:
    named = decision.recommendation_id
    return next((one for one in proposals.open if one.recommendation_id == named), None)


def _wait(draft: Draft, row: Decisions, decision: Decision, at: int, clock: int) -> Decisions:
    if len(row.waiting) >= draft.policy.remembered:
        entries.of_decision(draft, decision, at, UNKNOWN)
        return row
    until = max(at, clock) + draft.policy.patience_ms
    return structs.replace(row, waiting=(*row.waiting, Waiting(decision, at, until)))


def _settled(draft: Draft, row: Decisions, proposals: Proposals, clock: int) -> Decisions:
    """Let go of what waits no more: words that ended a recommendation are rulings, others told."""
    is_open = {bytes.fromhex(one.recommendation_id) for one in proposals.open}
    counted = tuple(
        yes
        for yes in row.counted
        if yes.until > clock
        and (yes.subject in is_open or yes.subject not in proposals.memory.known)
    )
    still = []
    for waiting in row.waiting:
        named = bytes.fromhex(waiting.decision.recommendation_id or "")
        if not was_answered(proposals, waiting):
            still += [waiting] if waiting.until > clock else []
        elif proposals.answered.get(named) == bytes.fromhex(identity(waiting.decision)):
            row = _with_ruling(draft, row, waiting.decision, proposals.memory.known[named])
    return structs.replace(row, waiting=tuple(still), counted=counted)


def was_answered(proposals: Proposals, waiting: Waiting) -> bool:
    """Return whether the recommendation came and the decision on it was heard."""
    named = bytes.fromhex(waiting.decision.recommendation_id or "")
    own = bytes.fromhex(identity(waiting.decision))
    return own in (proposals.answered.get(named), *proposals.heard.get(named, ()))


def _with_ruling(draft: Draft, row: Decisions, decision: Decision, until: int) -> Decisions:
    named = bytes.fromhex(decision.recommendation_id or "")
    rulings = (*row.rulings, Ruling(named, until, decision.verb, decision.by))
    if len(rulings) > draft.policy.remembered:
        first = min(rulings, key=lambda ruling: ruling.until)
        rulings = tuple(ruling for ruling in rulings if ruling is not first)
    return structs.replace(row, rulings=rulings).without_yes(named)


def _too_late(advice: Recommendation) -> Finding:
    detail = f"the recommendation expired at {advice.expires_at.isoformat()}; wait for the next one"
    return expired("expired", detail)


def already_decided(verb: Verb, by: str) -> Finding:
    """Return that somebody was first with a word that counts."""
    return rejected("already_decided", f"{by} has decided already: {verb}; roll that back instead")
