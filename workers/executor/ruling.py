"""Approvals and rejections: one word per recommendation, in whichever order the two arrive."""

from __future__ import annotations

from msgspec import structs

from schemas.decision import Decision, Verb
from schemas.recommendation import Recommendation
from workers.executor import entries
from workers.executor.draft import Draft
from workers.executor.entries import Finding, expired, identity, rejected
from workers.executor.release import answer
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
        answer(draft, decision, advice, at, _too_late(advice))
        return row
    answer(draft, decision, advice, at, None)
    return _with_ruling(draft, row, decision, until)


def _refusal(
    row: Decisions, proposals: Proposals, decision: Decision, clock: int
) -> Finding | None:
    """Return why nothing can be said about the recommendation any more."""
    earlier = row.ruling_on(decision.recommendation_id)
    if earlier is not None:
        return _already_decided(earlier.verb, earlier.by)
    waiting = row.waiting_for(decision.recommendation_id, clock)
    if waiting is not None:
        return _already_decided(waiting.decision.verb, waiting.decision.by)
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
    """Let go of decisions that wait no more: answered ones are rulings, the others were told."""
    still = []
    for waiting in row.waiting:
        named = bytes.fromhex(waiting.decision.recommendation_id or "")
        if was_answered(proposals, waiting):
            row = _with_ruling(draft, row, waiting.decision, proposals.memory.known[named])
        elif waiting.until > clock:
            still.append(waiting)
    return structs.replace(row, waiting=tuple(still))


def was_answered(proposals: Proposals, waiting: Waiting) -> bool:
    """Return whether the recommendation came and the decision on it was carried out."""
    named = bytes.fromhex(waiting.decision.recommendation_id or "")
    return proposals.answered.get(named) == bytes.fromhex(identity(waiting.decision))


def _with_ruling(draft: Draft, row: Decisions, decision: Decision, until: int) -> Decisions:
    named = bytes.fromhex(decision.recommendation_id or "")
    rulings = (*row.rulings, Ruling(named, until, decision.verb, decision.by))
    if len(rulings) > draft.policy.remembered:
        first = min(rulings, key=lambda ruling: ruling.until)
        rulings = tuple(ruling for ruling in rulings if ruling is not first)
    return structs.replace(row, rulings=rulings)


def _too_late(advice: Recommendation) -> Finding:
    detail = f"the recommendation expired at {advice.expires_at.isoformat()}; wait for the next one"
    return expired("expired", detail)


def _already_decided(verb: Verb, by: str) -> Finding:
    return rejected("already_decided", f"{by} has decided already: {verb}; roll that back instead")
