"""Decisions of people: each ends in one action or in one entry of the audit trail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from msgspec import structs

from schemas.decision import Decision, Verb
from workers.delivery.api import Record, Step, View
from workers.executor import entries
from workers.executor.announcing import exclude_window, freeze, reject_outage, unfreeze
from workers.executor.approving import undo
from workers.executor.draft import Draft
from workers.executor.entries import expired, identity, rejected
from workers.executor.pausing import pause_or_resume
from workers.executor.policy import ExecutorPolicy
from workers.executor.reading import carry_out_each
from workers.executor.rollback import Undo, judge
from workers.executor.rollback_tables import OwnTables
from workers.executor.rows import Decisions, pack_due, unpack_due
from workers.executor.ruling import rule
from workers.executor.tables import DECISIONS
from workers.instants import to_ms

Handler = Callable[[Draft, Decisions, Decision, int], Decisions]


def decisions_step(policy: ExecutorPolicy, view: View, records: Sequence[Record]) -> Step:
    """Carry out what people have decided, in order; the same decision again does nothing."""
    return carry_out_each(Draft(policy, view, DECISIONS), records, Decision, _carry_out)


def _carry_out(draft: Draft, decision: Decision, record: Record) -> None:
    row = unpack_due(draft.read(decision.key), Decisions)
    if bytes.fromhex(identity(decision)) in row.memory.known:
        draft.count("repeats", record.topic)
    else:
        draft.writes[decision.key] = pack_due(_take(draft, row, decision, record.timestamp))


def _take(draft: Draft, row: Decisions, decision: Decision, at: int) -> Decisions:
    decided = to_ms(decision.decided_at)
    if row.memory.forgets(decided):
        detail = "was decided before decisions that were forgotten, so it could be a repeat of one"
        entries.of_decision(draft, decision, at, expired("could_be_a_repeat", detail))
        return row
    early = decided > at + draft.policy.clock_tolerance_ms
    memory, _ = row.memory.with_id(
        bytes.fromhex(identity(decision)), at if early else decided, limit=draft.policy.remembered
    )
    if early:
        detail = f"decided_at is {decision.decided_at.isoformat()}, after its record was written"
        entries.of_decision(draft, decision, at, rejected("ahead_of_its_time", detail))
        return structs.replace(row, memory=memory)
    return _HANDLERS[decision.verb](draft, structs.replace(row, memory=memory), decision, at)


def _roll_back(draft: Draft, row: Decisions, decision: Decision, at: int) -> Decisions:
    known = OwnTables(draft.view, decision.key, draft.policy.mode)
    judgement = judge(known, decision.action_id or "", decision.through, at)
    if judgement.state is Undo.UNDOABLE:
        return undo(draft, row, judgement, decision, at)
    finding = rejected(judgement.state, judgement.text)
    entries.of_decision(draft, decision, at, finding, about=judgement.change)
    return row


_HANDLERS: Mapping[Verb, Handler] = MappingProxyType(
    {
        Verb.APPROVE: rule,
        Verb.REJECT: rule,
        Verb.ROLL_BACK: _roll_back,
        Verb.FREEZE: freeze,
        Verb.UNFREEZE: unfreeze,
        Verb.EXCLUDE_WINDOW: exclude_window,
        Verb.REJECT_OUTAGE: reject_outage,
        Verb.PAUSE: pause_or_resume,
        Verb.RESUME: pause_or_resume,
    }
)
