"""Calls of the parts of the engine that the pacer and the decision do not call themselves."""

from __future__ import annotations

import numpy as np

from engine import conflicts, day_shapes, over_delivery, platform_rules, response


def live() -> None:
    """Call each of them once, for two campaigns."""
    over_deliver()
    collide()


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
