"""Calls of the parts of the engine that the pacer and the decision do not call themselves."""

from __future__ import annotations

import numpy as np

from engine import over_delivery, platform_rules


def live() -> None:
    """Call each of them once, for two campaigns."""
    over_deliver()


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
