"""What a platform's budget of a day may be, so that a plan's day and period are never passed.

A schedule that lets a day spend more counts as if it held always: with what a daily budget may be
raised to while it lasts, and with the daily budget that it comes on top of.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from schemas.action import Action
from schemas.levers import BUDGET_INCREASE
from schemas.plan import Actuator
from workers.connectors.protocol import Lever
from workers.executor.capping import highest_daily
from workers.executor.entries import Finding, rejected
from workers.executor.live.outcome import Result
from workers.executor.orders import Part
from workers.executor.plan_rules import PlanRule
from workers.executor.rows import Campaign, InForce
from workers.executor.slots import is_over
from workers.instants import to_ms


def obstacle(rule: PlanRule | None, action: Action) -> Finding | None:
    """Return why a day's budget must not be increased for a window; None where it may."""
    if action.field != BUDGET_INCREASE or not action.target:
        return None
    if rule is not None and rule.actuator is Actuator.BUDGET:
        detail = "the day's budget is set anew each hour, so as to hold it: nothing comes on top; "
        return rejected("paced_by_budget", f"{detail}choose another actuator in the plan")
    if rule is None or rule.budget is None:
        detail = "nothing says what a day may spend at most: publish the plan once more"
        return rejected("plan_not_known", detail)
    return None


def highest_of(lever: Lever, rule: PlanRule, campaign: Campaign, action: Action) -> Decimal | None:
    """Return the most that a daily budget may be set to; None is any, and for other levers.

    Of a daily budget it is what the plan's cap allows at worst, less what schedules may add. Of
    an increase it is what both may be together, which is never above the budget of the period.
    """
    capped = highest_daily(rule, action.platform)
    if lever is Lever.DAILY_BUDGET and capped is not None:
        return max(capped - _largest_increase(campaign, action.released_at), Decimal(0))
    if lever is Lever.BUDGET_INCREASE and action.target:
        return min((each for each in (capped, rule.budget) if each is not None), default=None)
    return None


def unread_after(
    unread: Mapping[str, Decimal], part: Part, found: Decimal | None, at: int
) -> dict[str, Decimal]:
    """Return what windows may have on top that nobody could read, once a part has ended ``at``.

    ``found`` is what is in force of the part then; None where that was not told.
    """
    still = {slot: most for slot, most in unread.items() if not is_over(slot, 0, at, ())}
    if found is not None:
        still.pop(part.slot, None)
    elif part.lever is Lever.BUDGET_INCREASE and part.result is Result.UNVERIFIED:
        still[part.slot] = max(part.target, still.get(part.slot, part.target))
    return still


def at_worst(campaign: Campaign, unread: Mapping[str, Decimal], currency: str) -> Campaign:
    """Return the campaign as if all that nobody could read were in force, where that is more."""
    found = {
        slot: InForce(most, currency, b"")
        for slot, most in unread.items()
        if slot not in campaign.in_force or campaign.in_force[slot].value < most
    }
    return Campaign({**campaign.in_force, **found}, campaign.memory)


def _largest_increase(campaign: Campaign, at: datetime) -> Decimal:
    told = (
        found.value
        for slot, found in campaign.in_force.items()
        if f"\0{BUDGET_INCREASE}\0" in slot and not is_over(slot, 0, to_ms(at), ())
    )
    return max(told, default=Decimal(0))
