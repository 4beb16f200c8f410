"""Actions: each has one effect, on what it expects, and one entry in the audit trail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import structs

from schemas.action import Action, Release
from schemas.audit import AuditStatus
from schemas.levers import BID, DAILY_BUDGET
from workers.delivery.api import Record, Step, View
from workers.executor import entries, holding, returns, simulate
from workers.executor.draft import Draft
from workers.executor.entries import Finding, expired, rejected
from workers.executor.freezes import freeze_on
from workers.executor.policy import ExecutorPolicy
from workers.executor.reading import carry_out_each
from workers.executor.rows import (
    Campaign,
    Change,
    Holds,
    InForce,
    PlanRule,
    change_key,
    held_key,
    pack,
    pack_due,
    unpack,
)
from workers.executor.slots import slot_of, targets_of
from workers.executor.tables import ACTIONS, rule_of, said_about
from workers.instants import to_ms

_BEGUN_ELSEWHERE = (DAILY_BUDGET, BID)
"""Fields that had a value before the first action: the plan's own budget, which its version stands
for, and a bid that only reports name."""


def actions_step(policy: ExecutorPolicy, view: View, records: Sequence[Record]) -> Step:
    """Carry out the actions of one step, in order; a repeated one does nothing."""
    return carry_out_each(Draft(policy, view, ACTIONS), records, Action, _take)


def _take(draft: Draft, action: Action, record: Record) -> None:
    """Carry out one action, or let it wait; one that was carried out or still waits is a repeat."""
    stored = unpack(draft.read(action.key), Campaign) or Campaign()
    before = holding.holds_of(draft, action.key)
    campaign, holds = _resumed(draft, stored, before)
    at = holding.moment_of(draft, action, record.timestamp)
    waiting = holds.of(action.action_id)
    if waiting and holding.is_valid(draft, waiting, at):
        # What waits is what was accepted, whatever has come under its id.
        action, holds, waiting = waiting.action, holds.without(action.action_id), None
    if waiting is None and bytes.fromhex(action.action_id) not in campaign.memory.known:
        campaign, holds = _begin(draft, campaign, holds, action, at)
    elif waiting or before.of(action.action_id) is None:
        draft.count("repeats", record.topic)
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
        campaign, holds = _begin(draft, campaign, holds, held.action, held.at)
    return campaign, holds


def _begin(
    draft: Draft, campaign: Campaign, holds: Holds, action: Action, at: int
) -> tuple[Campaign, Holds]:
    """Let an action wait that has to and may, or carry it out."""
    untimely = next(_untimely(draft, campaign, action, at), None)
    held = None if untimely else holding.wanted(draft, action, at)
    room = draft.policy.remembered - len(holds.held)
    if held and room > 0:
        return campaign, Holds((*holds.held, held))
    if held or len(action.returns) > room:
        untimely = untimely or _too_many(draft)
    campaign = _carry_out(draft, campaign, action, at, untimely)
    return campaign, Holds((*holds.held, *returns.promised(draft, campaign, action, at)))


def _carry_out(
    draft: Draft, campaign: Campaign, action: Action, at: int, obstacle: Finding | None
) -> Campaign:
    before = campaign.value_for(action)
    if action.returns_from:
        action = returns.within_plan(action, rule_of(draft.view, action.key))
    obstacle = obstacle or next(_obstacles(draft, campaign, action, at), None)
    if obstacle is not None:
        finding = obstacle._replace(before=before, after=before)
    else:
        campaign = _effect(draft, campaign, action)
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
    if action.returns and to_ms(action.returns[-1].at) > at + draft.policy.ahead_ms:
        limit = draft.policy.ahead
        yield rejected("returns_too_late", f"has to have returned within {limit} of its release")
    if campaign.memory.forgets(expires):
        detail = "expires before actions that were forgotten, so it could be a repeat of one"
        yield expired("could_be_a_repeat", detail)


def _too_many(draft: Draft) -> Finding:
    limit = draft.policy.remembered
    return rejected("too_many_waiting", f"{limit} actions of the campaign wait already")


def _obstacles(draft: Draft, campaign: Campaign, action: Action, at: int) -> Iterator[Finding]:
    """Yield what keeps ``action`` from having an effect; the first one counts."""
    said = said_about(draft.view, action.key)
    if freeze := freeze_on(draft.policy, draft.view, said, action, at):
        yield rejected("frozen", freeze)
    rule = rule_of(draft.view, action.key)
    by_policy = action.released_by is Release.POLICY and not action.returns_from
    if rule and by_policy and rule.needs_person and rule.version >= action.plan_version:
        detail = f"version {rule.version} of the plan asks for a person's approval"
        yield rejected("needs_approval", detail)
    if refusal := simulate.refusal(action):
        yield refusal
    if _is_of_another_plan(action, rule):
        # Its bounds were those of that version; another one may allow less.
        detail = f"was decided for version {action.plan_version} of the plan, which holds no more"
        yield rejected("plan_changed", detail)
    yield from _compare(campaign, action)


def _is_of_another_plan(action: Action, rule: PlanRule | None) -> bool:
    """Return whether the plan that bounded a daily budget or a bid is in force no more."""
    if action.field == BID:
        newer = rule is not None and rule.version > action.plan_version
        # To go back to what was is bounded by nothing that is decided now; a cut that ends by
        # itself is held to the bounds of now.
        return newer and action.rolls_back is None and not action.returns_from
    holds = rule is not None and rule.holds and rule.version == action.plan_version
    return action.field == DAILY_BUDGET and not holds


def _compare(campaign: Campaign, action: Action) -> Iterator[Finding]:
    current = {slot: campaign.standing(slot, action) for slot in targets_of(action)}
    for found in current.values():
        if found and found.currency != action.currency:
            detail = f"{found.currency} is in force, the action is in {action.currency}"
            yield rejected("currency_mismatch", detail)
    if all(found and found.value == targets_of(action)[slot] for slot, found in current.items()):
        yield Finding(AuditStatus.NO_OP, "already_in_force")
    if action.returns_from:
        if superseded := returns.obstacle(campaign, action):
            yield superseded
        return
    own = current[slot_of(action)]
    before = own.value if own else None
    if own is None and action.field in _BEGUN_ELSEWHERE:
        return
    if before != action.expected:
        detail = f"expected {_said(action.expected)} in force, found {_said(before)}"
        yield Finding(AuditStatus.DRIFT, "not_as_expected", detail)


def _said(value: object) -> str:
    return "nothing" if value is None else str(value)


def _effect(draft: Draft, campaign: Campaign, action: Action) -> Campaign:
    """Put the target in force, and write down what a roll-back needs."""
    own = bytes.fromhex(action.action_id)
    name = slot_of(action)
    current = campaign.standing(name, action)
    unset = action.expected if action.field in _BEGUN_ELSEWHERE else None
    change = Change(
        action=action,
        before=current.value if current else unset,
        previous=current.set_by if current else b"",
    )
    draft.writes[change_key(action.key, own)] = pack(change)
    if action.rolls_back:
        _mark(draft, action.key, action.rolls_back, undone_by=own)
    values = {
        slot: InForce(target, action.currency, own, action.plan_version)
        for slot, target in targets_of(action).items()
    }
    return Campaign({**campaign.in_force, **values}, campaign.memory)


def _mark(draft: Draft, campaign: bytes, action_id: str, *, undone_by: bytes) -> None:
    """Note on a change that it is undone; if it had undone another, that one holds again."""
    key = change_key(campaign, bytes.fromhex(action_id))
    change = unpack(draft.read(key), Change)
    if change is None:
        return
    draft.writes[key] = pack(structs.replace(change, undone_by=undone_by))
    if undone_by and change.action.rolls_back:
        _mark(draft, campaign, change.action.rolls_back, undone_by=b"")
