"""What keeps an action from having its effect: freezes, rules of the plan, what is in force."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.action import Action, Release
from schemas.audit import AuditStatus, Mode
from schemas.levers import BID, DAILY_BUDGET, FORETOLD, STATUS
from workers.executor import day_limits, pausing, returns, simulate
from workers.executor.draft import Draft
from workers.executor.entries import Finding, rejected
from workers.executor.freezes import freeze_on
from workers.executor.plan_rules import PlanRule
from workers.executor.rows import Campaign
from workers.executor.slots import slot_of, targets_of
from workers.executor.tables import rule_of, said_about

NOT_AS_EXPECTED = "not_as_expected"
"""Reason of what is not done as another value is in force."""

BEGUN_ELSEWHERE = (DAILY_BUDGET, BID, STATUS, *FORETOLD)
"""Fields that had a value before the first action: the plan's own budget, which its version stands
for, a bid that only reports name, whether a campaign delivers, nothing told of times to come."""


def obstacles(draft: Draft, campaign: Campaign, action: Action, at: int) -> Iterator[Finding]:
    """Yield what keeps ``action`` from having an effect; the first one counts."""
    said = said_about(draft.view, action.key)
    if freeze := freeze_on(draft.policy, draft.view, said, action, at):
        yield rejected("frozen", freeze)
    rule = rule_of(draft.view, action.key)
    by_policy = action.released_by is Release.POLICY and not action.returns_from
    if (
        rule
        and by_policy
        and rule.needs_person(action.field)
        and rule.version >= action.plan_version
    ):
        detail = f"version {rule.version} of the plan asks for a person's approval"
        yield rejected("needs_approval", detail)
    if refusal := simulate.refusal(action):
        yield refusal
    if _is_of_another_plan(action, rule):
        # Its bounds were those of that version; another one may allow less.
        detail = f"was decided for version {action.plan_version} of the plan, which holds no more"
        yield rejected("plan_changed", detail)
    if refusal := pausing.obstacle(campaign, action) or day_limits.obstacle(rule, action):
        yield refusal
    yield from compare(draft, campaign, action)


def _is_of_another_plan(action: Action, rule: PlanRule | None) -> bool:
    """Return whether the plan that bounded what was decided, or approved, is in force no more.

    A person's own word on the status goes by no plan, nor does going back to what was.
    """
    approved = action.released_by is Release.PERSON and action.recommendation_id is not None
    if approved and not action.returns_from:
        # It is approved under the plan that it was advised for, and no other.
        return rule is None or not rule.holds or rule.version != action.plan_version
    if action.field in (STATUS, *FORETOLD):
        newer = rule is None or rule.version != action.plan_version
        return newer and action.recommendation_id is not None
    if action.field == BID:
        newer = rule is not None and rule.version > action.plan_version
        # To go back to what was is bounded by nothing that is decided now; a cut that ends by
        # itself is held to the bounds of now.
        return newer and action.rolls_back is None and not action.returns_from
    holds = rule is not None and rule.holds and rule.version == action.plan_version
    return action.field == DAILY_BUDGET and not holds


def compare(draft: Draft, campaign: Campaign, action: Action) -> Iterator[Finding]:
    """Yield what is not as ``action`` expects, by what is in force for the campaign."""
    current = {slot: campaign.standing(slot, action) for slot in targets_of(action)}
    for found in current.values():
        if found and found.currency != action.currency:
            detail = f"{found.currency} is in force, the action is in {action.currency}"
            yield rejected("currency_mismatch", detail)
    # What is believed to be there already is found out on a platform by reading.
    simulates = draft.policy.mode is Mode.SIMULATE
    if simulates and all(
        found and found.value == targets_of(action)[slot] for slot, found in current.items()
    ):
        yield Finding(AuditStatus.NO_OP, "already_in_force")
    yield from _otherwise(draft, campaign, action)


def _otherwise(draft: Draft, campaign: Campaign, action: Action) -> Iterator[Finding]:
    """Yield that another value is in force than the action goes by, where it goes by one."""
    if action.returns_from:
        if superseded := returns.obstacle(campaign, action):
            yield superseded
    elif not pausing.is_own_word(action) and (drifted := _drifted(draft, campaign, action)):
        yield drifted


def _drifted(draft: Draft, campaign: Campaign, action: Action) -> Finding | None:
    own = campaign.standing(slot_of(action), action)
    before = own.value if own else None
    # A platform has a value before our first; what is expected there is found out by reading.
    begun_elsewhere = action.field in BEGUN_ELSEWHERE or draft.policy.mode is Mode.LIVE
    if before == action.expected or (own is None and begun_elsewhere):
        return None
    detail = f"expected {_said(action.expected)} in force, found {_said(before)}"
    return Finding(AuditStatus.DRIFT, NOT_AS_EXPECTED, detail)


def _said(value: object) -> str:
    return "nothing" if value is None else str(value)
