"""Moving: a raise of a daily budget in a group with a cap goes no further than its ledger lets it.

Only raises of the campaign's daily budget count: money that is moved between members is raised in
one place. What is lowered is always free, and so is what pacing sets from hour to hour.
"""

from __future__ import annotations

from decimal import Decimal

from schemas.action import Action
from schemas.codec import encode
from schemas.fields import Entity
from schemas.levers import DAILY_BUDGET
from schemas.movement import Movement, MovementVerb
from workers.executor import grants, holding
from workers.executor.answers import Answer
from workers.executor.caps import Cap, cap_on
from workers.executor.draft import Draft
from workers.executor.entries import Finding, rejected
from workers.executor.plan_rules import PlanRule
from workers.executor.rows import Campaign, Held
from workers.executor.slots import slot_of
from workers.executor.tables import rule_of
from workers.instants import from_ms, to_ms

Leave = tuple[Held | None, Finding | None]
"""How an action has to wait, or why it is not carried out; neither where it may go on."""


def leave(
    draft: Draft, campaign: Campaign, action: Action, at: int, answer: Answer | None
) -> Leave:
    """Ask the group's ledger for leave to raise a budget, or take its answer."""
    rule = rule_of(draft.view, action.key) if action.field == DAILY_BUDGET else None
    # An action for another version of the plan ends as one.
    if rule is None or not rule.budget_group_id or rule.version != action.plan_version:
        return None, None
    amount = _raise(campaign, action, rule)
    cap = cap_on(draft, rule.budget_group_id) if amount > 0 else None
    if cap is None or grants.is_granted(draft, action):
        return None, None
    if action.currency != cap.currency:
        return None, _other_currency(action, cap)
    if answer is not None:
        return _refused(draft, action, at, answer)
    grants.publish(draft, _asked(action, cap, amount, at), at)
    return holding.asked(draft, action, at, to_ms(action.expires_at)), None


def _raise(campaign: Campaign, action: Action, rule: PlanRule) -> Decimal:
    """Return by how much the action raises the campaign's daily budget; below 0 it lowers it.

    What it expects is compared with what is in force before it has an effect; where nothing is,
    the plan's own budget stands.
    """
    if action.entity is not Entity.CAMPAIGN:
        return Decimal(0)
    known = [action.expected or Decimal(0)]
    if campaign.standing(slot_of(action), action) is None and rule.day_budget is not None:
        known.append(rule.day_budget)
    return action.target - min(known)


def _asked(action: Action, cap: Cap, amount: Decimal, at: int) -> Movement:
    return Movement(
        budget_group_id=cap.group,
        verb=MovementVerb.ASK,
        action_id=action.action_id,
        amount=amount,
        currency=cap.currency,
        at=from_ms(at),
        expires_at=action.expires_at,
        group_version=cap.version,
        limit=cap.limit,
        content=encode(action),
    )


def _refused(draft: Draft, action: Action, at: int, answer: Answer) -> Leave:
    """Wait for room that there will be in time; otherwise there is none."""
    again, expires = answer.again, to_ms(action.expires_at)
    if again is not None:
        held = holding.asked(draft, action, at, again)
        if held.until < expires:
            return held, None
    currency = action.currency
    detail = (
        f"group {answer.group} may move {answer.limit} {currency} in 24 hours, "
        f"{answer.used} are moved or granted and this raise is {answer.amount}: "
    )
    if again is None:
        detail += "it alone is more; raise the group's max_movement_pct, or take smaller steps"
    else:
        detail += f"there may be room at {from_ms(again).isoformat()}, after it has expired; "
        detail += "wait for the next recommendation, or raise the group's max_movement_pct"
    return None, rejected("movement_cap", detail)


def _other_currency(action: Action, cap: Cap) -> Finding:
    detail = (
        f"group {cap.group} counts what is moved in {cap.currency}, the raise is in "
        f"{action.currency}: take max_movement_pct out of the group to let it mix currencies"
    )
    return rejected("movement_currency", detail)
