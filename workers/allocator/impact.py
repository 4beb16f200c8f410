"""What new budgets bring, as records say it: conversions, revenue and their ratios to spend."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from engine.arrays import Floats
from engine.group_budgets import Shared
from engine.group_impact import outcome
from schemas import Group, Impact, MoneyRange, Range
from schemas.fields import Objective
from schemas.money import from_minor
from workers.allocator.gathering import Gathered

DIGITS = 6


def impacts(group: Group, found: Gathered, shared: Shared, days: int) -> Sequence[Impact]:
    """Return what each member's budget is expected to bring in ``days`` days.

    Curves tell one of conversions and revenue; the other follows by the ratio of the two in the
    days that count, where there is one.
    """
    made = outcome(shared.fit, shared.budget.astype(np.float64))
    told = np.stack((made.p10, made.p50, made.p90)) * days
    by_value = group.objective is Objective.VALUE
    own, other = (
        (found.revenue, found.conversions) if by_value else (found.conversions, found.revenue)
    )
    ratio = np.divide(other, own, out=np.zeros(len(own)), where=own > 0.0)
    conversions, revenue = (told * ratio, told) if by_value else (told, told * ratio)
    spend = shared.budget.astype(np.float64) * days
    currencies = found.currencies
    return [
        _impact(currencies[i], conversions[:, i], revenue[:, i], float(spend[i]))
        for i in range(len(spend))
    ]


def _impact(currency: str, conversions: Floats, revenue: Floats, spend: float) -> Impact:
    earns, pays = bool(revenue[1] > 0.0), spend > 0.0
    counts = bool(conversions[1] > 0.0)
    return Impact(
        conversions=_range(conversions) if counts else None,
        revenue=_money(revenue, currency) if earns else None,
        roas=_range(revenue / spend) if earns and pays else None,
        cpa=_money((spend / conversions)[::-1], currency) if counts and pays else None,
    )


def _range(values: Floats) -> Range:
    low, middle, high = (round(float(each), DIGITS) for each in values)
    return Range(p10=low, p50=middle, p90=high)


def _money(values: Floats, currency: str) -> MoneyRange:
    low, middle, high = (_amount(float(each), currency) for each in values)
    return MoneyRange(p10=low, p50=middle, p90=high)


def _amount(minor: float, currency: str) -> Decimal:
    return from_minor(round(min(minor, 1e17)), currency)
