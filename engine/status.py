"""How campaigns stand: use of budgets, what they bring, how sure that is, and what may go wrong.

For one campaign, for many, or for an account: `together` adds campaigns of one currency up, and
the account is a campaign like any other.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.intervals import Interval, per_cost, per_count, share
from engine.ratios import ratio

UNKNOWN: Final = -1.0
"""Stands for a share or ratio of which there is no basis."""

HALF_SURE: Final = 20.0
"""Conversions at which the confidence is a half."""

CLEAR: Final = 1.96
"""Standard deviations from which a trend is no chance."""

FAST, SLOW = 1.2, 0.8
"""Paces from which a budget runs out early, or is left over."""

USED_UP: Final = 0.998
"""Share of a budget from which it counts as used up: prices cannot be divided."""

LITTLE: Final = 0.5
"""Confidence below which little is known."""

RISKS: Final = (
    "budget_used_up",
    "runs_out_early",
    "left_over",
    "target_missed",
    "nothing_comes_back",
    "getting_worse",
    "little_known",
)
"""Names of the risks, in the order of the columns of `Status.risks`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What B campaigns did in a stretch of time; shapes (B,), >= 0, money in any one unit."""

    spend: Floats
    clicks: Floats
    conversions: Floats
    revenue: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """Budgets of B campaigns and what is spent of them; shapes (B, 3): day, week, month.

    A budget of 0 is none.
    """

    budget: Floats
    spent: Floats
    expected: Floats
    """What was meant to be spent by now, by the learned pattern, of each budget."""
    target_cpa: Floats
    """Shape (B,): most that a conversion may cost on average, 0 where there is no target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How B campaigns stand; shapes (B,) unless said otherwise."""

    utilisation: Floats
    """Shape (B, 3): share of the budget of day, week and month that is spent, or `UNKNOWN`."""
    pace: Floats
    """Shape (B, 3): spent over what was meant to be by now, 1 is as meant, or `UNKNOWN`."""
    conversion_rate: Interval
    """Conversions per click, by Wilson's interval."""
    cost_per_conversion: Interval
    """By the limits of a Poisson count."""
    revenue_per_cost: Interval
    """By the delta method."""
    efficiency: Floats
    """Target over cost per conversion: above 1 is better than asked; `UNKNOWN` without a target."""
    confidence: Floats
    """In [0, 1): conversions over conversions and `HALF_SURE`."""
    trend: Ints
    """1 where conversions cost clearly less than in the stretch before, -1 where more, else 0."""
    risks: Bools
    """Shape (B, R), by `RISKS`."""


def together(parts: Counts) -> Counts:
    """Return the sums of all campaigns, as one, shape (1,): an account, in one currency."""
    return Counts(
        **{each.name: getattr(parts, each.name).sum(keepdims=True) for each in fields(Counts)}
    )


def budgets_together(parts: Budgets, conversions: Floats) -> Budgets:
    """Return the budgets of all campaigns as one.

    Its target is what the conversions of the campaigns that have one may cost on average; there
    is one only if all have.
    """
    asked = (parts.target_cpa * conversions).sum(keepdims=True)
    total = conversions.sum(keepdims=True)
    mean = np.divide(asked, total, out=np.zeros(1), where=total > 0.0)
    return Budgets(
        budget=parts.budget.sum(axis=0, keepdims=True),
        spent=parts.spent.sum(axis=0, keepdims=True),
        expected=parts.expected.sum(axis=0, keepdims=True),
        target_cpa=np.where((parts.target_cpa > 0.0).all(), mean, 0.0),
    )


def status(now: Counts, before: Counts, budgets: Budgets) -> Status:
    """Return how campaigns stand by a stretch of time and the one before it.

    Parameters
    ----------
    now, before
        Mature conversions only, or divided by their maturity: an immature hour is not judged.
    """
    cost = per_count(now.spend, now.conversions)
    aims = budgets.target_cpa > 0.0
    bought = aims & (now.spend > 0.0)
    reached = budgets.target_cpa * now.conversions
    utilisation = ratio(budgets.spent, budgets.budget, UNKNOWN)
    pace = ratio(budgets.spent, budgets.expected, UNKNOWN)
    trend = _trend(now, before)
    confidence = now.conversions / (now.conversions + HALF_SURE)
    risks = (
        (utilisation >= USED_UP).any(axis=1),
        (pace > FAST).any(axis=1),
        ((pace < SLOW) & (pace != UNKNOWN)).any(axis=1),
        aims & (cost.low > budgets.target_cpa),
        aims & (now.conversions <= 0.0) & (now.spend > 2.0 * budgets.target_cpa),
        trend < 0,
        confidence < LITTLE,
    )
    return Status(
        utilisation=utilisation,
        pace=pace,
        conversion_rate=share(now.conversions, now.clicks),
        cost_per_conversion=cost,
        revenue_per_cost=per_cost(now.revenue, now.spend, now.conversions),
        efficiency=np.divide(reached, now.spend, out=np.full(reached.shape, UNKNOWN), where=bought),
        confidence=confidence,
        trend=trend,
        risks=np.stack(risks, axis=1),
    )


def _trend(now: Counts, before: Counts) -> Ints:
    """Compare two Poisson rates per cost, by the logs of their ratio."""
    known = (now.spend > 0.0) & (before.spend > 0.0)
    some = [np.maximum(each.conversions, 0.0) + 0.5 for each in (now, before)]
    money = [np.where(known, each.spend, 1.0) for each in (now, before)]
    change = np.log(some[0] / money[0]) - np.log(some[1] / money[1])
    score = change / np.sqrt(1.0 / some[0] + 1.0 / some[1])
    return np.where(known & (np.abs(score) > CLEAR), np.sign(score), 0.0).astype(np.int64)
