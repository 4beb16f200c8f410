"""Which budget each campaign's days have in a back-test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from engine.arrays import Floats
from schemas import BudgetPeriod, Plan
from workers.backtest.log import Log
from workers.errors import UsageError

AS_LOGGED: Final = "log"
"""Says: the daily budget that the log names."""

_MONTH: Final = 30.4
"""Mean days of a month, as platforms reckon it."""

_FORMS: Final = "an amount a day such as 250, a share of the mean daily spend such as 80%, or log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for; where nothing was, it is the mean daily spend."""

    amount: float | None = None
    """For each campaign and day, units of its currency, > 0."""
    share: float = 1.0
    """Of the mean daily spend."""
    as_logged: bool = False

    def told(self) -> str:
        """Say it in words."""
        if self.as_logged:
            return "the daily budget that the log names"
        if self.amount is not None:
            return f"{self.amount:,g} a day for each campaign"
        mean = "each campaign's mean daily spend"
        return mean if self.share == 1.0 else f"{self.share:.0%} of {mean}"


def wish_of(text: str | None) -> Wish:
    """Read what was asked for on the command line.

    Raises
    ------
    UsageError
        It is none of an amount, a percentage and ``log``.
    """
    if text is None:
        return Wish()
    if text == AS_LOGGED:
        return Wish(as_logged=True)
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        number = 0.0
    if not 0.0 < number < float("inf"):
        raise UsageError(f"--budget {text}: no such budget", remedy=f"give {_FORMS}")
    return Wish(share=number / 100.0) if text.endswith("%") else Wish(amount=number)


def budgets(log: Log, wish: Wish) -> Floats:
    """Return the budget (B,) of a day of each campaign; 0 where there is none to be had."""
    if wish.as_logged:
        counts = (~np.isnan(log.day_budget)).sum(axis=1)
        return np.asarray(np.nansum(log.day_budget, axis=1) / np.maximum(counts, 1))
    if wish.amount is not None:
        return np.full(len(log.campaigns), wish.amount)
    return np.asarray(wish.share * log.spend.sum(axis=1) / np.maximum(log.lived.sum(axis=1), 1))


def planned(log: Log, plans: Sequence[Plan]) -> Floats:
    """Return the budget (B,) of a day by the plans: an equal part of its week, month or flight.

    It is NaN where a campaign has no plan.
    """
    by_key = {plan.key.decode(): day_budget(plan) for plan in plans}
    return np.array([by_key.get(name, np.nan) for name in log.campaigns])


def day_budget(plan: Plan) -> float:
    """Return an equal part of the plan's budget for each of its days, units of its currency."""
    days = {BudgetPeriod.DAY: 1.0, BudgetPeriod.WEEK: 7.0, BudgetPeriod.MONTH: _MONTH}
    return float(plan.budget.amount) / days.get(plan.budget.period, _flight_days(plan))


def _flight_days(plan: Plan) -> float:
    first, last = plan.flight_start, plan.flight_end
    if not isinstance(first, date) or not isinstance(last, date):
        return 1.0
    gaps = sum((gap.last - gap.first).days + 1 for gap in plan.flight_gaps)
    return float(max((last - first).days + 1 - gaps, 1))
