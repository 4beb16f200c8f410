"""The simulator as a case: auctions that are really played, and no model between.

All accounts live in UTC here, so that their days begin together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np

from engine.arrays import Floats, Ints
from workers.backtest.contest import Case, Part
from workers.backtest.contract import Played
from workers.backtest.knapsack import knapsack
from workers.backtest.teaching import taught
from workers.errors import UsageError
from workers.simulator.clearing import UNCAPPED, Policy, served
from workers.simulator.market import UNITS, draw
from workers.simulator.population import World, make_world

FIRST_HOUR: Final = 24 * 20_514
"""A Monday midnight, in hours since 1970."""

_LEARNED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What is simulated."""

    campaigns: int
    days: int
    worlds: int
    """How many, each with the next seed: they are the draws."""
    seed: int
    learn_days: int | None = None
    share: float = 1.0
    """Of the day budget that each campaign was made with."""

    def __post_init__(self) -> None:
        if self.teaching >= self.days:
            raise UsageError(
                f"--learn-days {self.learn_days} leaves no day to score: {self.days} are simulated",
                remedy="give fewer, or more --days",
            )

    @property
    def teaching(self) -> int:
        """How many first days teach and are not scored."""
        return max(self.days // _LEARNED, 1) if self.learn_days is None else self.learn_days


class SimulatedMarket:
    """Hours of one world; money in units of the campaigns' currencies."""

    def __init__(self, world: World, days: int) -> None:
        utc = ("UTC",) * len(world.campaigns)
        self._market = replace(world.market, timezones=utc)
        self.size = len(world.campaigns), 24 * days

    def play(self, hour: int, multiplier: Floats, cap: Floats) -> Played:
        """Bid ``multiplier`` (B,) times the value until ``cap`` (B,) is used up."""
        auctions = draw(self._market, FIRST_HOUR + hour)
        most = np.minimum(cap * UNITS, float(UNCAPPED)).astype(np.int64)
        policy = Policy(budget=most, multiplier=multiplier, participation=np.ones(len(cap)))
        wanted, bought = served(auctions, policy)

        def summed(amounts: Floats | Ints) -> Floats:
            totals = np.bincount(auctions.owner, amounts * bought, len(cap))
            return totals.astype(np.float64)

        return Played(
            spend=summed(auctions.price) / UNITS,
            value=summed(auctions.value) / UNITS,
            wins=summed(auctions.showings),
            capped=np.bincount(auctions.owner, wanted & ~bought, len(cap)) > 0,
        )

    def best(self, budget: Floats) -> Floats:
        """Return the value (B, D) of the best purchase of each day within ``budget`` (B,)."""
        days = [self._best_of(day, budget) for day in range(self.size[1] // 24)]
        return np.array(days).T

    def _best_of(self, day: int, budget: Floats) -> Floats:
        hours = [draw(self._market, FIRST_HOUR + 24 * day + hour) for hour in range(24)]
        owner = np.concatenate([hour.owner for hour in hours])
        value = np.concatenate([hour.value for hour in hours]) / UNITS
        price = np.concatenate([hour.price for hour in hours]) / UNITS
        order = np.lexsort((price / value, owner))
        ends = np.searchsorted(owner[order], np.arange(len(budget) + 1))
        value, price = value[order], price[order]
        return np.array(
            [
                knapsack(value[first:end], price[first:end], money)[0]
                for first, end, money in zip(ends, ends[1:], budget, strict=False)
            ]
        )


def simulated_case(wish: Simulated) -> Case:
    """Return the case of some worlds of the simulator."""
    scored = np.arange(wish.days) >= wish.teaching
    return Case(
        campaigns=tuple(f"campaign-{row:03d}" for row in range(wish.campaigns)),
        scored=np.tile(scored, (wish.campaigns, 1)),
        draws=wish.worlds,
        parts=partial(_parts, wish),
        row_hours=wish.campaigns * wish.days * 24 * wish.worlds,
    )


def _parts(wish: Simulated) -> Iterator[Part]:
    for number in range(wish.worlds):
        world = make_world(wish.campaigns, seed=wish.seed + number)
        market = SimulatedMarket(world, wish.days)
        budget = wish.share * np.array([float(one.day_budget) for one in world.campaigns])
        ones = np.ones(wish.campaigns)
        # What these days would have spent at the usual bids, whatever the budget.
        hours = range(24 * wish.teaching)
        size = np.array(
            [market.play(hour, ones, np.full(len(ones), np.inf)).spend for hour in hours]
        )
        weekdays = np.tile(np.arange(wish.teaching) % 7, (wish.campaigns, 1))
        yield Part(
            market=market,
            budget=budget,
            first=ones,
            best=market.best(budget),
            conversions=np.zeros(wish.campaigns),
            repeated=ones,
            shapes=taught(size.T, np.ones(weekdays.shape, dtype=np.bool_), weekdays),
            campaigns=slice(0, wish.campaigns),
            draws=slice(number, number + 1),
        )
