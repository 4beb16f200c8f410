"""A group that learns: what is set is in force the next day, and spend follows demand."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from engine.arrays import Floats
from schemas import Budget, Portfolio, Recommendation, decode, topics
from schemas.fields import BudgetPeriod
from tests.workers.allocator.groups import Allocator, a_group, a_row
from tests.workers.explain.kept import Kept
from workers.delivery.api import Step
from workers.optimizer.daily_budgets import SetBudget

CENTS = Decimal("0.01")


@dataclass
class Market:
    """Campaigns whose exponents are known, day by day."""

    exponent: Floats
    level: Floats
    """Conversions of a usual day at 100 euros."""
    demand: float = 0.03
    """Standard deviation of the log of a day's demand."""
    follows: float = 2.0
    """By how much spend follows demand."""
    persistence: float = 0.7
    seed: int = 1
    now: Floats = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        self.now = np.zeros(len(self.exponent))

    def day(self, day: int, budget: Floats) -> tuple[Floats, Floats]:
        """Return spend and conversions of a day, euros."""
        chance = np.random.default_rng([self.seed, day])
        fresh = self.demand * np.sqrt(1.0 - self.persistence**2)
        self.now = self.persistence * self.now + fresh * chance.normal(size=len(self.now))
        spend = np.round(0.98 * budget * np.exp(self.follows * self.now), 2)
        mean = self.level * (spend / 100.0) ** self.exponent * np.exp(self.now)
        return spend, chance.poisson(mean).astype(np.float64)


def a_market(seed: int, members: int, exponent: float = 0.45, **fields: Any) -> Market:  # noqa: ANN401 -- fields of a market
    """Draw members of about the same worth."""
    chance = np.random.default_rng(seed)
    return Market(
        exponent=np.clip(chance.normal(exponent, 0.05, members), 0.1, 0.9),
        level=1_000.0 * chance.lognormal(0.0, 0.1, members),
        seed=seed,
        **fields,
    )


@dataclass
class Loop:
    """A group of a market's campaigns whose advice is followed."""

    market: Market
    allocator: Allocator
    budget: list[SetBudget] = field(default_factory=list)
    """By member what is in force, cents."""
    told: list[Portfolio] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.budget = [SetBudget(10_000, 10_000)] * len(self.market.exponent)

    def names(self) -> list[str]:
        return [f"c{at:04}" for at in range(len(self.budget))]

    def live(self, first: int, last: int) -> None:
        """Close days, share out after each, and set what is advised."""
        for day in range(first, last):
            self.follow(self.allocator.rows(self.rows(day)))

    def rows(self, day: int) -> list[Portfolio]:
        budget = np.array([each.minor for each in self.budget]) / 100.0
        spend, sold = self.market.day(day, budget)
        rows = [
            a_row(
                name,
                day,
                budget=set_.minor * CENTS,
                budget_jitter=set_.jitter,
                spend=Decimal(str(spend[at])),
                conversions=float(sold[at]),
            )
            for at, (name, set_) in enumerate(zip(self.names(), self.budget, strict=True))
        ]
        self.told += rows
        return rows

    def follow(self, step: Step) -> None:
        """Set what a step advises."""
        name = self.allocator.policy.topic(topics.RECOMMENDATIONS)
        for output in step.outputs:
            if output.topic != name:
                continue
            each = decode(output.value or b"", Recommendation)
            if each.recommended_value is None:
                continue
            cents = int(each.recommended_value * 100)
            plain = each.without_jitter
            at = int(each.campaign_id[1:])
            self.budget[at] = SetBudget(cents, cents if plain is None else int(plain * 100))


def a_loop(market: Market, *, kept: bool = False, **fields: Any) -> Loop:  # noqa: ANN401 -- fields of a group
    """Return a group of a market that has as much as its members have in the beginning."""
    count = len(market.exponent)
    allocator: Allocator = Kept() if kept else Allocator()
    loop = Loop(market, allocator)
    total = Budget(amount=Decimal(100 * count), period=BudgetPeriod.DAY)
    given: dict[str, Any] = {"budget": total, "learning_share": 0.1, "autonomy": "auto"}
    loop.allocator.group(a_group(**(given | fields)))
    return loop
