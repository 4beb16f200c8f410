"""What new budgets bring, as records say it: conversions, revenue and their ratios to spend."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from engine.arrays import Floats
from schemas import Impact, MoneyRange, Range
from schemas.money import from_minor
from workers.allocator.facts import Facts

DIGITS = 6


def impact_of(facts: Facts, row: np.void) -> Impact:
    """Return what a member's budget is expected to bring until it ends."""
    told, currency = row["brings"], str(row["currency"].decode())
    other = told * row["other"]
    conversions, revenue = (other, told) if facts.by_value else (told, other)
    spend = float(row["budget"]) * facts.days
    earns, pays, counts = bool(revenue[1] > 0.0), spend > 0.0, bool(conversions[1] > 0.0)
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
