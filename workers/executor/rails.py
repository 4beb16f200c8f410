"""How fast a campaign may change: a plan's guard rails, kept where changes are made as well.

They hold for what policy has released; people, roll-backs and steps back are free. The optimizer
keeps them when it decides, by what it knows then; here it is what really was changed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import structs

from schemas.action import Action, Release
from workers.executor.entries import Finding, rejected
from workers.executor.orders import Orders, Speed
from workers.executor.plan_rules import PlanRule
from workers.executor.slots import is_over, slot_of
from workers.instants import day_number, from_ms

_MINUTE_MS: Final = timedelta(minutes=1) // timedelta(milliseconds=1)


def too_fast(orders: Orders, rule: PlanRule | None, action: Action, at: int) -> Finding | None:
    """Return which guard rail an action would break by coming now; None if none."""
    speed = orders.speeds.get(slot_of(action))
    if speed is None or rule is None or _is_free(action):
        return None
    again = speed.last + rule.cooldown_minutes * _MINUTE_MS
    # A record may have been stamped before the platform's answer to the one before it.
    if rule.cooldown_minutes and at < again:
        detail = f"changed at {from_ms(speed.last).isoformat()}; the plan wants a pause until "
        return rejected("cooldown", f"{detail}{from_ms(again).isoformat()}")
    most = rule.max_changes_per_day
    if most is not None and speed.day == _local_day(rule, at) and speed.changes >= most:
        detail = f"{most} changes were made today, as many as the plan allows; approve more by hand"
        return rejected("too_many_changes", detail)
    return None


def counted(orders: Orders, rule: PlanRule | None, action: Action, at: int) -> Orders:
    """Return the orders with one more change of the action's field."""
    if rule is None or _is_free(action):
        return orders
    day, before = _local_day(rule, at), orders.speeds.get(slot_of(action))
    changes = before.changes if before and before.day == day else 0
    named = frozenset(rule.ad_sets)
    stay = {
        slot: speed
        for slot, speed in orders.speeds.items()
        if not is_over(slot, speed.last, at, named)
    }
    speeds = {**stay, slot_of(action): Speed(day, changes + 1, at)}
    return structs.replace(orders, speeds=speeds)


def _is_free(action: Action) -> bool:
    goes_back = action.rolls_back or action.returns_from
    # The same value once more is no change that anybody has decided.
    stays = action.expected == action.target
    return action.released_by is not Release.POLICY or bool(goes_back) or stays


def _local_day(rule: PlanRule, at: int) -> int:
    return day_number(from_ms(at).astimezone(ZoneInfo(rule.timezone or "UTC")).date())
