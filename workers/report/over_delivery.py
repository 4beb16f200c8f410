"""What a platform may spend at worst when it is given a daily budget that stays as it is."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine import over_delivery
from engine.over_delivery import Delivered
from engine.platform_rules import rules_of

_LONGEST_MONTH: Final = 31
_SHORTEST_MONTH: Final = 28
_WEEK: Final = 7

_STEPS: Final = 10**12
"""Minor units of the daily budget that the rules are asked about: they are proportional to it."""


def worst_case(platform: str, daily_budget: float, days: int = 1) -> float:
    """Return the most that ``days`` days may cost, in the unit of ``daily_budget``.

    They are taken to begin with a week and a month of the platform, by whose rules it goes
    (`engine.over_delivery`). A platform without rules is taken to keep to its budget.
    """
    months, rest = divmod(days, _LONGEST_MONTH)
    whole = months * _within_month(platform, _LONGEST_MONTH) if months else 0.0
    return daily_budget * (whole + (_within_month(platform, rest) if rest else 0.0))


def _within_month(platform: str, days: int) -> float:
    """Return how many daily budgets some days of one month may cost."""
    nothing, left = np.zeros(1, dtype=np.int64), np.array([days - 1])
    delivered = Delivered(
        highest_today=nothing,
        today=nothing,
        week=nothing,
        month=nothing,
        week_before=nothing,
        month_before=nothing,
        week_days=nothing,
        month_days=nothing,
        week_left=np.minimum(left, _WEEK - 1),
        month_left=left,
        month_length=np.array([days if days >= _SHORTEST_MONTH else _LONGEST_MONTH]),
    )
    daily = np.array([_STEPS])
    most = over_delivery.worst_case(rules_of([platform]), daily, delivered).month
    return int(most[0]) / _STEPS
