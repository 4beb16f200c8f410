"""Calls of the parts of the engine that the pacer and the decision do not call themselves."""

from __future__ import annotations

import numpy as np

from engine import (
    coming_events,
    conflicts,
    day_shapes,
    events,
    over_delivery,
    platform_rules,
    response,
    weeks,
)


def live() -> None:
    """Call each of them once, for two campaigns."""
    over_deliver()
    collide()
    tell()


def tell() -> None:
    """Tell of two events that overlap, with what follows them."""
    starts, ends, lift = events.disjoint(
        np.array([0, 7_200]), np.array([10_800, 90_000]), np.log([2.0, 0.5])
    )
    told = events.Events(starts=starts[None, :], ends=ends[None, :], lift=lift[None, :])
    effect = coming_events.after_effect(np.array([[80.0, 0.0]]), np.array([[100.0, 9.0]]))
    after = coming_events.with_aftermath(told, effect, 86_400)
    coming_events.day_lifts(after, np.array([[0, 86_400]]), np.ones((1, 2, 24)))
    week, gaps = weeks.WeekWeights.of(np.ones((1, 168))), np.zeros((1, 0, 2), dtype=np.int64)
    events.more_weight(week, told, gaps, (np.array([3_600]), np.array([864_000])))
    events.touched(np.array([[[0, 5_000]]]), np.array([3_600]))


def collide() -> None:
    """Ask whether two campaigns can buy their minimums."""
    shapes = day_shapes.pooled(day_shapes.no_days()).of(np.array([0, 0]))
    known = response.new_response(shapes, np.log([50.0, 80.0]), np.zeros(2))
    minimum, highest = np.array([10.0, 1e9]), np.array([np.inf, 0.2])
    conflicts.unreachable(known, np.array([3, 23]), minimum, highest)


def over_deliver() -> None:
    """Keep two caps on the 11th of a month."""
    rules = platform_rules.rules_of(["google", "meta"])
    week, month, length = over_delivery.days_after(rules, np.array([20_523, 20_523]))
    spent = np.array([400, 900])
    never = np.zeros(2, dtype=np.int64)
    delivered = over_delivery.Delivered(
        highest_today=np.array([5_000, 0]),
        today=spent,
        week=2 * spent,
        month=9 * spent,
        week_before=never,
        month_before=spent,
        week_days=never,
        month_days=month + 2,
        week_left=week,
        month_left=month,
        month_length=length,
    )
    caps = over_delivery.Rest(day=10 * spent, week=50 * spent, month=90 * spent)
    over_delivery.highest_daily(rules, delivered, caps)
