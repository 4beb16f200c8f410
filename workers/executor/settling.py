"""Settling: what the platform has said becomes what is in force, and an entry in the audit trail.

What is set in several places is all set or put back: where one part fails, those before it go
back to what was found there.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from msgspec import structs

from schemas.action import Action
from schemas.audit import AuditStatus
from schemas.levers import HOURLY_BUDGET, STATUS
from workers.connectors.protocol import Lever
from workers.delivery.api import Step, View
from workers.executor import entries, holding, pausing, returns
from workers.executor.attributing import forget_let_go, note_outcome, set_by
from workers.executor.draft import Draft
from workers.executor.edit_histories import KnownEdit
from workers.executor.edited import raised_hour
from workers.executor.effects import put_in_force
from workers.executor.endings import back_of, finding_of, of_all, status_of_all, undone
from workers.executor.entries import Finding
from workers.executor.hearing import writable
from workers.executor.live.outcome import IN_FORCE, Outcome, Result
from workers.executor.ordering import next_begun
from workers.executor.orders import OpenOrder, Orders
from workers.executor.policy import ExecutorPolicy
from workers.executor.progress import Ended, keep, keep_end, noted, orders_of, with_end
from workers.executor.rails import counted
from workers.executor.rows import Campaign, InForce, pack, unpack
from workers.executor.slots import slot_of, targets_of
from workers.executor.tables import ACTIONS, rule_of

_FOR_NOW: Final = frozenset({Result.FROZEN, Result.FAILED, Result.AUTH_FAILED})
"""Results that another try, later, may not have."""
_LONGEST_FAILURE: Final = 1_000
"""Characters of why, so that what could not be put back is told behind it."""
_OWN: Final = frozenset(
    {Lever.DAILY_BUDGET, Lever.BID, Lever.STATUS, Lever.SEASONALITY, Lever.BUDGET_INCREASE}
)
"""Levers that an action may set as such."""


def settled_step(policy: ExecutorPolicy, view: View, campaign: bytes, told: Outcome) -> Step:
    """Take up how the next part of a campaign's order has ended; told twice, it does nothing."""
    draft = Draft(policy, view, ACTIONS)
    orders = orders_of(draft, campaign)
    opened = orders.under_way
    if opened is None or opened.at is None or opened.order_id != told.action_id:
        draft.count("repeats", "outcomes")
        return draft.done()
    _Settling(draft, orders, opened, writable(told, opened.begun)).settle()
    draft.count("platform_orders", opened.action.platform, told.result)
    return draft.done()


class _Settling:
    """One outcome on its way into the tables."""

    def __init__(self, draft: Draft, orders: Orders, opened: OpenOrder, told: Outcome) -> None:
        self._draft, self._orders, self._opened, self._told = draft, orders, opened, told
        self._at = round(told.at * 1000)
        self._action = opened.action
        self._edit: KnownEdit | None = None
        """Which has set what was found in place of what was expected, where that is known."""
        stored = unpack(draft.read(self._action.key), Campaign)
        self._campaign = stored or Campaign()
        self._waived = False
        self._ended: Ended

    def settle(self) -> None:
        before, begun = self._campaign, self._opened
        self._note(self._told)
        if self._goes_on() and self._opened.at is not None:
            keep_end(self._draft, self._action.key, begun, self._ended)
            return
        if not self._goes_on():
            self._try_later()
            self._put_back()
        if self._opened.at is not None and self._goes_on():
            self._orders = structs.replace(self._orders, under_way=self._opened)
        else:
            self._end()
            orders = structs.replace(self._orders, under_way=None)
            self._orders = next_begun(self._draft, self._campaign, orders, self._at)
        if self._campaign is not before:
            self._draft.writes[self._action.key] = pack(self._campaign)
        keep(self._draft, self._action.key, self._orders)

    def _note(self, told: Outcome) -> None:
        """Write down how the part has ended."""
        part = self._opened.parts[self._opened.at or 0]
        # What was sent is the nearest value that the platform can have.
        target = told.after if told.result in IN_FORCE and told.after is not None else part.target
        self._ended = Ended.of(told, target, self._at)
        ended = with_end(part, self._ended)
        before, opened = self._orders, self._opened
        self._edit = note_outcome(self._draft, opened, ended, told)
        self._orders = noted(before, ended, self._ended)
        forget_let_go(self._draft, opened.action.key, before, self._orders, ended.slot)
        self._opened, self._waived = opened.with_part(ended), ended.is_waived
        if not _is_own(self._opened):
            finding = self._named(finding_of(told))
            entries.of_part(self._draft, self._opened, ended, self._at, finding)

    def _named(self, finding: Finding) -> Finding:
        """Return a finding that names who has set what was found, where that is known."""
        if self._edit is None:
            return finding
        return finding._replace(detail=f"{finding.detail}; {set_by(self._edit)}", edit=self._edit)

    def _goes_on(self) -> bool:
        """Return whether the next part is to be set: all of what is put back, whatever fails."""
        opened, result = self._opened, self._told.result
        return opened.undoing or opened.shadow or result in IN_FORCE or self._waived

    def _put_back(self) -> None:
        """Begin to put back what was set before a part that failed, if anything was."""
        opened = self._opened
        if not any(part.was_set for part in opened.parts):
            return
        why = self._told.text[:_LONGEST_FAILURE]
        self._opened = structs.replace(opened, parts=back_of(opened), undoing=True, failure=why)
        if self._opened.at is not None:
            finding = Finding(AuditStatus.INTENT, "to_be_put_back", why)
            entries.of_action(self._draft, self._action, self._at, finding)

    def _end(self) -> None:
        """Tell how the action ended, and what is in force now."""
        opened, action, told = self._opened, self._action, self._told
        before = self._found_before()
        if any(part.may_be_set for part in opened.parts):
            rule = rule_of(self._draft.view, action.key)
            self._orders = counted(self._orders, rule, action, self._at)
        finding = undone(opened) if opened.undoing else of_all(opened, told)
        after: Decimal | None = action.target
        made = all(part.result in IN_FORCE or part.is_waived for part in opened.parts)
        if made and not opened.undoing:
            finding = self._take_effect(finding)
        else:
            self._campaign = _found(opened, self._campaign, told)
            unknown = finding.status is AuditStatus.UNVERIFIED
            after = None if unknown else self._campaign.value_for(action)
        finding = self._named(finding)._replace(before=before, after=after)
        entries.of_action(self._draft, action, self._at, finding)

    def _try_later(self) -> None:
        """Let a step back wait that was kept from it for now: what it restores must not be lost."""
        if self._action.returns_from and self._told.result in _FOR_NOW:
            later = holding.later(self._draft, self._action, self._at)
            holding.keep(self._draft, self._action.key, [later])

    def _found_before(self) -> Decimal | None:
        """Return what was in force: read from the platform where that is the action's own value."""
        found = self._told.before if _is_own(self._opened) else None
        return self._campaign.value_for(self._action) if found is None else found

    def _take_effect(self, finding: Finding) -> Finding:
        """Put the action's target in force; return how it came to be."""
        action, campaign = self._action, self._campaign
        status = status_of_all(self._opened)
        changed = status is not AuditStatus.NO_OP
        if action.field == STATUS and not changed:
            self._campaign = pausing.found_so(campaign, action)
        elif changed or not _stands(campaign, action):
            found = self._found_before()
            self._campaign = put_in_force(self._draft, campaign, action, self._at, found)
        if promised := returns.promised(self._draft, self._campaign, action, self._at):
            holding.keep(self._draft, action.key, promised)
        if action.rolls_back and changed:
            status = AuditStatus.ROLLED_BACK
        if action.field == STATUS:
            # A word was sent, of which the text tells, and who has asked for it has said why.
            detail = "; ".join(filter(None, (action.why, finding.detail)))
            finding = finding._replace(detail=detail)
        return finding._replace(status=status)


def _stands(campaign: Campaign, action: Action) -> bool:
    """Return whether all that the action puts in force is so already, as far as we know."""
    found = ((campaign.standing(slot, action), to) for slot, to in targets_of(action).items())
    return all(own and (own.value, own.currency) == (to, action.currency) for own, to in found)


def _found(opened: OpenOrder, campaign: Campaign, told: Outcome) -> Campaign:
    """Return the campaign with what somebody else has set, where that is a value of its own."""
    action, part = opened.action, opened.parts[0]
    if told.result is not Result.DRIFT or told.after is None:
        return campaign
    hour = campaign.standing(slot_of(action), action) if action.field == HOURLY_BUDGET else None
    if hour is not None and hour.currency == action.currency:
        after = raised_hour(hour.value, part.expected, told.after)
        set_by = hour.set_by if after == hour.value else b""
        found = structs.replace(hour, value=after, set_by=set_by, at=round(told.at * 1000))
    elif part.target == action.target and _is_own(opened):
        at = round(told.at * 1000)
        found = InForce(told.after, action.currency, b"", action.plan_version, at=at)
    else:
        return campaign
    return Campaign({**campaign.in_force, slot_of(action): found}, campaign.memory)


def _is_own(opened: OpenOrder) -> bool:
    """Return whether what is set on the platform is the action's own value, and nothing else."""
    action, part = opened.action, opened.parts[0]
    same = (part.entity, part.entity_id) == (action.entity, action.entity_id)
    own = part.lever in _OWN and part.lever == action.field
    return len(opened.parts) == 1 and not opened.undoing and same and own
