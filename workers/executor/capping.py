"""What an hour may spend beside a multiplier of bids: the day's budget is to hold it.

No platform has a cap of an hour, so the day's budget is set with the bids. Bids are set also where
it cannot be: whoever decides them reckons with the cap, so the trail says that nothing holds it.
"""

from __future__ import annotations

from decimal import Decimal

from engine.platform_rules import rules_of
from schemas.action import Action
from schemas.fields import Entity
from schemas.levers import BID_MULTIPLIER
from workers.connectors.protocol import Lever
from workers.executor.orders import OpenOrder, Orders, Part
from workers.executor.plan_rules import PlanRule
from workers.executor.platforms import KnownPlatforms


def has_cap(action: Action) -> bool:
    """Return whether the action says what an hour may spend beside what it sets."""
    return action.field == BID_MULTIPLIER and action.hourly_cap is not None


def uncapped(platforms: KnownPlatforms, action: Action) -> str:
    """Return why the day's budget cannot be set with the action; empty where it can."""
    if not platforms.can_set(action, Entity.CAMPAIGN, Lever.DAILY_BUDGET):
        return f"{action.platform} lets nobody set {Lever.DAILY_BUDGET} of a campaign"
    return "the action names no day_budget" if action.day_budget is None else ""


def highest_daily(rule: PlanRule, platform: str) -> Decimal | None:
    """Return the daily budget whose worst day keeps to the plan's cap of a day; None without a cap.

    It is the same at every hour, however little was spent. On a day on which the budget changes,
    Google's limit is twice the highest budget chosen for that day (Google Ads Help 10487143, read
    2026-11): a limit of the whole day. What was spent is part of it, so of a cap of 100 a day with
    50 spent at 23:00 a budget of 55 lets the platform spend 60 more, and 110 in all. Meta and
    LinkedIn document no other limit of a day; where Meta prorates a change, it spends less.
    """
    if rule.daily_cap is None:
        return None
    (known,) = rules_of([platform])
    return rule.daily_cap * 100 / known.day


def is_left(orders: Orders, part: Part, at: int) -> bool:
    """Return whether what is set beside others is left to whoever has set it, or was refused."""
    until = max(orders.hands_off.get(part.slot, 0), orders.refused.get(part.slot, 0))
    return part.beside and until > at


def unheld(platforms: KnownPlatforms, opened: OpenOrder) -> str:
    """Return that nothing holds an hour to what it may spend, and why; empty where something is."""
    action = opened.action
    if not has_cap(action) or any(part.beside for part in opened.parts):
        return ""
    why = uncapped(platforms, action)
    why = why or "the day's budget was refused, or somebody else has set it, not long ago"
    return f"; nothing holds the hour to {action.hourly_cap}: {why}"
