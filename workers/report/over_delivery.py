"""What a platform may spend at worst when it is given a daily budget that stays as it is."""

from __future__ import annotations

from math import inf
from typing import Final

from engine.platform_rules import NO_LIMIT, OF_DAYS, rules_of

_MONTH_DAYS: Final = 30.4
_HUNDREDTHS: Final = 100


def worst_case(platform: str, daily_budget: float, days: int = 1) -> float:
    """Return the most that ``days`` days may cost, in the unit of ``daily_budget``.

    Whole weeks and months of the platform are held to its limits for them, as
    `engine.platform_rules` has them. A platform without rules is taken to keep to its budget.
    """
    (rule,) = rules_of([platform])
    by_day = rule.day / _HUNDREDTHS
    week = inf if rule.week == NO_LIMIT else rule.week / _HUNDREDTHS
    month = _MONTH_DAYS if rule.month == OF_DAYS else rule.month / _HUNDREDTHS or inf
    weeks, rest = divmod(days, 7)
    by_week = weeks * min(week, 7 * by_day) + min(by_day * rest, week)
    months, over = divmod(days, _MONTH_DAYS)
    by_month = months * month + min(by_day * over, month) if month < inf else inf
    return daily_budget * min(by_day * days, by_week, by_month)
