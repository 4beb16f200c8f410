"""What a platform may spend at worst when it is given a daily budget.

A "daily budget" is an average on the large platforms, as their documentation says: on Google a day
may cost twice as much, a month no more than 30.4 days; on Meta a day 1.75 times, a week no more
than seven days; on LinkedIn a day half as much again.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple


class Rule(NamedTuple):
    """How far a platform may go, in daily budgets."""

    one_day: float
    """Most on one day."""
    days: float
    """Most on all the days of ``span``."""
    span: float
    """Days that the second limit is for."""


RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "google": Rule(one_day=2.0, days=30.4, span=30.4),
        "meta": Rule(one_day=1.75, days=7.0, span=7.0),
        "linkedin": Rule(one_day=1.5, days=1.5, span=1.0),
    }
)
_EXACT: Final = Rule(one_day=1.0, days=1.0, span=1.0)


def worst_case(platform: str, daily_budget: float, days: int = 1) -> float:
    """Return the most that ``days`` days may cost, in the unit of ``daily_budget``.

    Platforms that are not in `RULES` are taken to keep to their budget.
    """
    rule = RULES.get(platform, _EXACT)
    spans, rest = divmod(days, rule.span)
    return daily_budget * (spans * rule.days + min(rule.one_day * rest, rule.days))
