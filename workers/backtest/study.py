"""Which campaigns of a log can be back-tested, and what is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats
from schemas import Plan
from workers.backtest.budgets import Wish, budgets, planned
from workers.backtest.exhaustion import cut_off
from workers.backtest.fit import Fit, fit
from workers.backtest.log import Log
from workers.errors import UsageError

LEAST_DAYS: Final = 3
"""Whole days with reports below which a campaign is left out."""

LEAST_HOURS: Final = 24
"""Hours with spend below which nothing can be told of a campaign."""

MOST_LEARN_DAYS: Final = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a back-test of a log is asked."""

    wish: Wish = field(default_factory=Wish)
    plans: Sequence[Plan] = ()
    """Where there are some, only their campaigns are looked at."""
    learn_days: int | None = None
    """How many first days of each campaign teach and are not scored; None for a third of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """B campaigns of a log that can be back-tested."""

    log: Log
    cut: Bools
    """Shape (B, H): hours in which a budget stood in the way."""
    fitted: Fit
    budget: Floats
    """Shape (B,), of a day."""
    scored: Bools
    """Shape (B, D)."""
    learn_days: int
    held: dict[str, tuple[str, ...]]
    """Why campaigns were left out, and which."""


def study(log: Log, question: Question) -> Study:
    """Sort out the campaigns of ``log`` and fit the rest.

    Raises
    ------
    UsageError
        No campaign can be back-tested; the text says why.
    """
    if not log.campaigns:
        raise UsageError(
            "the log has no whole day of any campaign",
            remedy="a day counts from midnight to midnight in the account's time zone; give more",
        )
    learn_days = _learn_days(log, question.learn_days)
    plan_budget = planned(log, question.plans)
    budget = plan_budget if question.plans else budgets(log, question.wish)
    cut = cut_off(log, plan_budget)
    scored = log.lived & (np.arange(log.days) >= learn_days)
    why = _holds(log, (budget, cut, scored), question.plans)
    kept = np.array([row for row, reason in enumerate(why) if not reason], dtype=np.int64)
    held: dict[str, tuple[str, ...]] = {}
    for name, reason in zip(log.campaigns, why, strict=True):
        if reason:
            held[reason] = (*held.get(reason, ()), name)
    if not kept.size:
        raise _nothing_left(held)
    log, cut, scored = log.of(kept), cut[kept], scored[kept]
    return Study(
        log=log,
        cut=cut,
        fitted=fit(log, np.repeat(log.lived, 24, axis=1) & ~cut),
        budget=budget[kept],
        scored=scored,
        learn_days=learn_days,
        held=held,
    )


def _learn_days(log: Log, asked: int | None) -> int:
    if asked is None:
        return min(max(log.days // 3, 1), MOST_LEARN_DAYS)
    if asked >= log.days:
        raise UsageError(
            f"--learn-days {asked} leaves no day to score: the log has {log.days} whole days",
            remedy="give fewer, or a longer log",
        )
    return asked


NO_PLAN: Final = "no plan"
NO_BUDGET: Final = "no daily budget in the log"
TWO_CURRENCIES: Final = "two currencies in one campaign"
OTHER_CURRENCY: Final = "the plan is in another currency"
FEW_DAYS: Final = f"fewer than {LEAST_DAYS} whole days, or none to score"
LITTLE_SPEND: Final = f"fewer than {LEAST_HOURS} hours with spend that no budget cut off"


def _holds(log: Log, facts: tuple[Floats, Bools, Bools], plans: Sequence[Plan]) -> list[str]:
    """Return why each campaign is left out, empty where it is not."""
    budget, cut, scored = facts
    paid = {plan.key.decode(): plan.currency for plan in plans}
    fair = ((log.spend > 0.0) & ~cut).sum(axis=1)
    counted = (log.spend * np.repeat(scored, 24, axis=1)).sum(axis=1) > 0.0
    found = []
    for row, name in enumerate(log.campaigns):
        currency = log.currencies[row]
        checks = {
            NO_PLAN: bool(plans) and name not in paid,
            TWO_CURRENCIES: "/" in currency,
            OTHER_CURRENCY: bool(currency) and paid.get(name, currency) != currency,
            FEW_DAYS: log.lived[row].sum() < LEAST_DAYS or not scored[row].any(),
            LITTLE_SPEND: fair[row] < LEAST_HOURS or not counted[row],
            NO_BUDGET: not budget[row] > 0.0,
        }
        found.append(next((reason for reason, holds in checks.items() if holds), ""))
    return found


_REMEDIES: Final = {
    NO_PLAN: "give plans of these campaigns, or leave --plans out",
    NO_BUDGET: "leave --budget log out, or map the column daily_budget",
    FEW_DAYS: "give a longer log",
}


def _nothing_left(held: dict[str, tuple[str, ...]]) -> UsageError:
    most = max(held, key=lambda reason: len(held[reason]))
    told = "; ".join(f"{len(names)} with {reason}" for reason, names in held.items())
    return UsageError(
        f"no campaign can be back-tested: {told}",
        remedy=_REMEDIES.get(most, "look at the log of these campaigns"),
    )
