"""Recommendations that need a person: each is proposed once, until it is decided or too late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import structs

from schemas.audit import AuditStatus, Mode
from schemas.codec import format_time
from schemas.fields import Autonomy
from schemas.recommendation import GuardrailStatus, Kind, Recommendation
from schemas.topics import ACTIONS
from workers.delivery.api import Record, Step, View
from workers.executor import entries
from workers.executor.approving import Heard, given_to, hear, lapsing, needed_for
from workers.executor.draft import Draft
from workers.executor.entries import Finding, expired, identity
from workers.executor.plan_rules import PlanRule
from workers.executor.policy import ExecutorPolicy
from workers.executor.reading import carry_out_each
from workers.executor.release import renewal, stays
from workers.executor.rows import Decisions, Proposals, Waiting, expiry, pack_due, unpack_due
from workers.executor.ruling import already_decided
from workers.executor.slots import slot_of
from workers.executor.tables import RECOMMENDATIONS, clock_of, rule_of, said_about

_FOR_PEOPLE = frozenset({Kind.TARGETING, Kind.CREATIVE})
"""What people do at the platform themselves: there is nothing to release, so nothing is asked."""

_NOT_NEEDED: Mapping[str, Any] = {
    "hour_plan": (),
    "reasons": (),
    "guardrails": (),
    "projected_spend": None,
    "expected_impact": None,
    "state_digest": None,
    "inputs": {},
}
"""What neither an action nor an audit entry says: not kept while a person thinks."""


def recommendations_step(policy: ExecutorPolicy, view: View, records: Sequence[Record]) -> Step:
    """Propose what needs a person, close what is newer advice's to say, answer who was waiting."""
    return carry_out_each(Draft(policy, view, RECOMMENDATIONS), records, Recommendation, _carry_out)


def _carry_out(draft: Draft, advice: Recommendation, record: Record) -> None:
    row = unpack_due(draft.read(advice.key), Proposals)
    if advice.kind is Kind.HOLD:
        draft.count("ignored", record.topic, "hold")
    elif advice.kind in _FOR_PEOPLE:
        draft.count("ignored", record.topic, "for_people")
    elif bytes.fromhex(advice.recommendation_id) in row.memory.known:
        draft.count("repeats", record.topic)
    else:
        _take(draft, row, advice, record)


def _take(draft: Draft, row: Proposals, advice: Recommendation, record: Record) -> None:
    said = said_about(draft.view, advice.key)
    after = _without_older(draft, row, said, advice, record.timestamp)
    rule = rule_of(draft.view, advice.key)
    if not _needs_person(rule, advice):
        draft.count("ignored", record.topic, "no_person_needed")
        if _is_renewal(draft, rule, advice):
            draft.publish(ACTIONS, renewal(advice, record.timestamp), at=record.timestamp)
    else:
        after = _propose(draft, after, said, advice, record.timestamp)
    if after != row:
        draft.writes[advice.key] = pack_due(after)


def _is_renewal(draft: Draft, rule: PlanRule | None, advice: Recommendation) -> bool:
    """Return whether the day's budget is to be set anew, as that of the hour stays."""
    live = draft.policy.mode is Mode.LIVE
    return live and advice.day_budget is not None and _stays(rule, advice)


def _needs_person(rule: PlanRule | None, advice: Recommendation) -> bool:
    watched_only = rule is not None and rule.autonomy_for(advice.field) is Autonomy.OBSERVE
    return not (advice.auto_execute or watched_only or _stays(rule, advice))


def _stays(rule: PlanRule | None, advice: Recommendation) -> bool:
    """Return whether policy lets what an hour may spend be as it is: nothing is released for it."""
    blocked = any(check.status is GuardrailStatus.BLOCKED for check in advice.guardrails)
    by_policy = rule is not None and not rule.needs_person(advice.field or "")
    return stays(advice) and by_policy and not blocked


def _without_older(
    draft: Draft, row: Proposals, said: Decisions, advice: Recommendation, at: int
) -> Proposals:
    """Close what ``advice`` takes the place of, and let go of what has been closed otherwise."""
    clock = clock_of(draft.view)
    stay: list[Recommendation] = []
    superseded = dict(row.superseded)
    for older in row.open:
        if said.ruling_on(older.recommendation_id) or expiry(older) <= clock:
            continue
        if slot_of(older) != slot_of(advice) or older.decided_at > advice.decided_at:
            stay.append(older)
            continue
        newer = bytes.fromhex(advice.recommendation_id)
        superseded[bytes.fromhex(older.recommendation_id)] = newer
        lapsed = given_to(older, row.counted, said.counted)
        entries.of_recommendation(draft, older, at, lapsing(_superseded_by(newer), lapsed))
    open_still = {bytes.fromhex(one.recommendation_id) for one in stay}
    counted = tuple(yes for yes in row.counted if yes.subject in open_still)
    return structs.replace(row, open=tuple(stay), superseded=superseded, counted=counted)


def _propose(
    draft: Draft, row: Proposals, said: Decisions, advice: Recommendation, at: int
) -> Proposals:
    """Answer the decision that waits for ``advice``, or tell that it is too late, or ask."""
    own = bytes.fromhex(advice.recommendation_id)
    obstacle = _too_late(draft, row, advice, at)
    waiting = said.waiting_for(advice.recommendation_id, clock_of(draft.view))
    for one in waiting:
        refusal = obstacle or _decided(row, said, own)
        row = _hear(draft, row, said, (advice, one, refusal), max(at, one.at))
    if obstacle is not None and not waiting:
        entries.of_recommendation(draft, advice, at, obstacle)
    elif obstacle is None and own not in row.answered:
        _ask(draft, advice, at)
        row = structs.replace(row, open=(*row.open, structs.replace(advice, **_NOT_NEEDED)))
    return _remember(draft, row, said, advice, at)


def _hear(
    draft: Draft,
    row: Proposals,
    said: Decisions,
    about: tuple[Recommendation, Waiting, Finding | None],
    at: int,
) -> Proposals:
    """Answer a decision that was there before the recommendation, by a refusal if there is one."""
    advice, waiting, refusal = about
    own, word = bytes.fromhex(advice.recommendation_id), bytes.fromhex(identity(waiting.decision))
    if refusal is None:
        heard = hear(draft, said, row.counted, (advice, waiting.decision), at)
    else:
        entries.of_decision(draft, waiting.decision, at, refusal, about=advice)
        heard = Heard(ends=False)
    if heard.ends:
        counted = tuple(yes for yes in row.counted if yes.subject != own)
        return structs.replace(row, answered={**row.answered, own: word}, counted=counted)
    words = {**row.heard, own: (*row.heard.get(own, ()), word)}
    return structs.replace(row, heard=words, counted=(*row.counted, *heard.yes))


def _decided(row: Proposals, said: Decisions, own: bytes) -> Finding | None:
    """Return that one of the decisions that were there before has ended the recommendation."""
    for waiting in said.waiting:
        first = waiting.decision
        if row.answered.get(own) == bytes.fromhex(identity(first)):
            return already_decided(first.verb, first.by)
    return None


def _ask(draft: Draft, advice: Recommendation, at: int) -> None:
    needed = needed_for(draft, advice)
    people = "" if needed == 1 else f"{needed} people have to approve it: "
    until = format_time(advice.expires_at)
    detail = f"{_why_asked(draft, advice)}{people}approve or reject it before {until}"
    asked = Finding(AuditStatus.APPROVAL_REQUIRED, detail=detail, approvers=needed)
    entries.of_recommendation(draft, advice, at, asked)


def _why_asked(draft: Draft, advice: Recommendation) -> str:
    """Return which autonomy held, in words."""
    rule = rule_of(draft.view, advice.key)
    if rule is None:
        return ""
    autonomy = rule.autonomy_for(advice.field)
    held = ", but guard rails, or a group, ask for a person" if autonomy is Autonomy.AUTO else ""
    return f"autonomy of {advice.field} is {autonomy}{held}; "


def _too_late(draft: Draft, row: Proposals, advice: Recommendation, at: int) -> Finding | None:
    for other in row.open:
        if slot_of(other) == slot_of(advice):
            return _superseded_by(bytes.fromhex(other.recommendation_id))
    until = expiry(advice)
    if until <= max(at, clock_of(draft.view)):
        return expired("expired", "came after its own expiry; wait for the next recommendation")
    if draft.policy.too_long(until, at):
        return entries.too_long(advice.expires_at, draft.policy.longest)
    if row.memory.forgets(until):
        detail = "expires before some that were forgotten, so it could be a repeat of one"
        return expired("could_be_a_repeat", detail)
    return None


def _remember(
    draft: Draft, row: Proposals, said: Decisions, advice: Recommendation, at: int
) -> Proposals:
    """Keep the id in mind; what is forgotten for it while still open is closed."""
    memory, gone = row.memory.with_id(
        bytes.fromhex(advice.recommendation_id),
        draft.policy.matters_until(expiry(advice), at),
        limit=draft.policy.remembered,
        # A tick must be able to see that these decisions were answered.
        keep={bytes.fromhex(one.decision.recommendation_id or "") for one in said.waiting},
    )
    stay = []
    for proposal in row.open:
        if bytes.fromhex(proposal.recommendation_id) in memory.known:
            stay.append(proposal)
        else:
            detail = f"more than {draft.policy.remembered} recommendations await a person"
            entries.of_recommendation(draft, proposal, at, expired("too_many_open", detail))
    return structs.replace(
        row,
        open=tuple(stay),
        memory=memory,
        superseded={k: v for k, v in row.superseded.items() if k not in gone},
        answered={k: v for k, v in row.answered.items() if k not in gone},
        heard={k: v for k, v in row.heard.items() if k not in gone},
        counted=tuple(yes for yes in row.counted if yes.subject not in gone),
    )


def _superseded_by(newer: bytes) -> Finding:
    return expired("superseded", f"recommendation {newer.hex()} is newer: decide that one")
