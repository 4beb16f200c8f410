"""Actions: each has one effect, on what it expects, and one entry in the audit trail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from schemas.action import Action
from schemas.audit import AuditStatus, Mode
from schemas.levers import STATUS
from workers.delivery.api import Record, Step, View
from workers.executor import entries, grants, holding, moving, ordering, pausing, returns
from workers.executor.answers import Answer, answer_on
from workers.executor.draft import Draft
from workers.executor.effects import put_in_force
from workers.executor.entries import Finding, expired, rejected
from workers.executor.obstacles import obstacles
from workers.executor.policy import ExecutorPolicy
from workers.executor.reading import carry_out_each
from workers.executor.rows import (
    Campaign,
    Held,
    Holds,
    change_key,
    held_key,
    pack,
    pack_due,
    unpack,
)
from workers.executor.tables import ACTIONS, rule_of
from workers.instants import LAST_MS, to_ms


class _Told(NamedTuple):
    """An action, at a time, with the answer that it has waited for."""

    action: Action
    at: int
    answer: Answer | None = None


def actions_step(policy: ExecutorPolicy, view: View, records: Sequence[Record]) -> Step:
    """Carry out the actions of one step, in order; a repeated one does nothing."""
    return carry_out_each(Draft(policy, view, ACTIONS), records, Action, _take)


def _take(draft: Draft, action: Action, record: Record) -> None:
    """Carry out one action, or let it wait; one that was carried out or still waits is a repeat."""
    stored = unpack(draft.read(action.key), Campaign) or Campaign()
    before = holding.holds_of(draft, action.key)
    campaign, holds = _resumed(draft, stored, before)
    at = holding.moment_of(draft, action, record.timestamp)
    waiting, answer = holds.of(action.action_id), answer_on(record)
    answered = answer is not None and waiting is not None and waiting.asked
    resumed = answered or (waiting is not None and holding.is_valid(draft, waiting, at))
    if waiting and resumed:
        # What waits is what was accepted, whatever has come under its id.
        action, holds, waiting = waiting.action, holds.without(action.action_id), None
    # A step back may wait once more after it was tried: by then it is known.
    known = bytes.fromhex(action.action_id) in campaign.memory.known
    if resumed or (waiting is None and not known):
        told = _Told(action, at, answer if answered else None)
        campaign, holds = _begin(draft, campaign, holds, told)
    elif waiting or before.of(action.action_id) is None:
        draft.count("repeats", record.topic)
    if answer is not None and not resumed and holds.of(action.action_id) is None:
        grants.give_back(draft, action, answer, at)
    if holds != before:
        draft.writes[held_key(action.key)] = pack_due(holds) if holds.held else None
    if campaign is not stored:
        draft.writes[action.key] = pack(campaign)


def _resumed(draft: Draft, campaign: Campaign, before: Holds) -> tuple[Campaign, Holds]:
    """Go on with what has waited for a plan that came: before what was released after it.

    The plan has published it once more as well, as nothing else may be read for long.
    """
    answered = [held for held in before.held if holding.was_answered(draft.view, held)]
    in_vain = [held for held in before.held if holding.was_given_up(draft.view, held)]
    holds = Holds(tuple(held for held in before.held if held not in answered + in_vain))
    for held in in_vain:
        campaign = _remember(draft, campaign, held.action, held.at)
    for held in answered:
        campaign, holds = _begin(draft, campaign, holds, _Told(held.action, held.at))
    return campaign, holds


def _begin(draft: Draft, campaign: Campaign, holds: Holds, told: _Told) -> tuple[Campaign, Holds]:
    """Let an action wait that has to and may, or carry it out."""
    action, at, answer = told
    if answer is not None:
        grants.take(draft, action, answer, at)
    untimely = next(_untimely(draft, campaign, action, at), None)
    held = None if untimely else _wait(draft, action, at)
    if held is None and untimely is None:
        held, untimely = moving.leave(draft, campaign, action, at, answer)
    room = draft.policy.remembered - len(holds.held)
    # A step back has its place since its change was made: others must not take it.
    if held and (room > 0 or action.returns_from):
        return campaign, Holds((*holds.held, held))
    if held or len(action.returns) > room:
        untimely = untimely or _too_many(draft)
    campaign = _carry_out(draft, campaign, action, at, untimely)
    return campaign, Holds((*holds.held, *returns.promised(draft, campaign, action, at)))


def _wait(draft: Draft, action: Action, at: int) -> Held | None:
    """Return how the action has to wait; a step back also where no more can wait for the platform.

    What it restores must not be lost to a queue that is full for now.
    """
    if (held := holding.wanted(draft, action, at)) is not None:
        return held
    crowded = action.returns_from and ordering.is_full(draft, action.key)
    return holding.later(draft, action, at) if crowded else None


def _carry_out(
    draft: Draft, campaign: Campaign, action: Action, at: int, obstacle: Finding | None
) -> Campaign:
    before = campaign.value_for(action)
    if action.returns_from:
        action = returns.within_plan(action, rule_of(draft.view, action.key))
    if obstacle is None and draft.policy.mode is Mode.LIVE:
        ordering.order(draft, campaign, action, at)
        return _remember(draft, campaign, action, at)
    obstacle = obstacle or next(obstacles(draft, campaign, action, at), None)
    if obstacle is not None:
        if action.field == STATUS and obstacle.status is AuditStatus.NO_OP:
            campaign = pausing.found_so(campaign, action)
        finding = obstacle._replace(before=before, after=before)
    else:
        campaign = put_in_force(draft, campaign, action, at)
        status = AuditStatus.ROLLED_BACK if action.rolls_back else AuditStatus.SIMULATED
        reason = returns.RETURNED if action.returns_from else None
        finding = Finding(status, reason, before=before, after=action.target)
    entries.of_action(draft, action, at, finding)
    return _remember(draft, campaign, action, at)


def _remember(draft: Draft, campaign: Campaign, action: Action, at: int) -> Campaign:
    until = draft.policy.matters_until(to_ms(action.expires_at), at)
    if action.returns_from:
        # It is carried out because it waits, so a repeat is none of what waits.
        until = min(until, at + draft.policy.patience_ms)
    memory, gone = campaign.memory.with_id(
        bytes.fromhex(action.action_id),
        until,
        limit=draft.policy.remembered,
    )
    for forgotten in gone:
        # Where an older release kept what it had changed.
        if draft.read(change_key(action.key, forgotten)) is not None:
            draft.writes[change_key(action.key, forgotten)] = None
    return Campaign(campaign.in_force, memory)


def _untimely(draft: Draft, campaign: Campaign, action: Action, at: int) -> Iterator[Finding]:
    """Yield why ``action`` comes too late or too early, so that it need not wait either."""
    expires = to_ms(action.expires_at)
    if expires <= at:
        detail = f"expired at {action.expires_at.isoformat()}; wait for the next recommendation"
        yield expired("expired", detail)
    if draft.policy.too_long(expires, at):
        yield entries.too_long(action.expires_at, draft.policy.longest)
    if to_ms(action.valid_from) > at + draft.policy.ahead_ms:
        limit = draft.policy.ahead
        detail = f"valid from {action.valid_from.isoformat()}; release it {limit} ahead at most"
        yield rejected("not_yet_valid", detail)
    if action.returns_from and not holding.is_held(draft, action):
        yield rejected("unknown_return", "no change in force has promised this step back")
    latest = min(at + draft.policy.ahead_ms, LAST_MS - draft.policy.return_within_ms)
    if action.returns and to_ms(action.returns[-1].at) > latest:
        limit = draft.policy.ahead
        yield rejected("returns_too_late", f"has to have returned within {limit} of its release")
    if campaign.memory.forgets(expires):
        detail = "expires before actions that were forgotten, so it could be a repeat of one"
        yield expired("could_be_a_repeat", detail)


def _too_many(draft: Draft) -> Finding:
    limit = draft.policy.remembered
    return rejected("too_many_waiting", f"{limit} actions of the campaign wait already")
