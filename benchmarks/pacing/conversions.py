"""Conversions in a market that can be played again: late, and some of them withdrawn.

Each auction converts, when it is won, with a probability proportional to its value, the same for
every controller; when it is reported and whether it is withdrawn is drawn with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.pacing.world import Hour, World
from engine.arrays import Floats
from workers.backtest.contract import Played

RATE: Final = 0.002
"""Conversions per unit of value: 8 to 170 a day, 50 and 100 in the middle, for the two budgets."""

DELAY: Final = 12.0
"""Mean hours from click to report, exponential."""

WITHDRAWN: Final = 0.08
KEPT_FOR: Final = 48.0
"""Share of the conversions that is withdrawn, and mean hours from report to that, exponential."""

_STEP: Final = 0.001
_MULTIPLIERS: Final = np.exp(np.arange(np.log(0.02), np.log(50.0), _STEP))


@dataclass(frozen=True, slots=True)
class Sales:
    """The auctions of an hour that convert when they are won; shapes (S,)."""

    auction: NDArray[np.int64]
    owner: NDArray[np.int64]
    reported: NDArray[np.int64]
    """Age of the hour, whole hours since its end, from which the conversion is counted."""
    withdrawn: NDArray[np.int64]
    """The age from which it is not counted any more; `NEVER` for most."""


NEVER: Final = 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """What B campaigns got in an hour."""

    played: Played
    counts: Floats
    """Shape (B, A), conversions that are reported at ages 0 to A - 1 of the hour."""
    final: Floats
    """Shape (B,), conversions that will never be withdrawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """What B campaigns buy in a day by their multiplier; shapes (B, G)."""

    cost: Floats
    value: Floats


class Market:
    """A world whose auctions convert."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.count = world.setting.campaigns
        self._sales = [_drawn(auctions, [seed, at, 1]) for at, auctions in enumerate(world.hours)]

    def play(self, hour: int, multiplier: Floats, cap: Floats) -> Bought:
        """Bid ``multiplier`` (B,) times the value until ``cap`` (B,) is used up."""
        _, served = self.world.served(hour, multiplier, cap)
        sales = self._sales[hour]
        won = served[sales.auction]
        owner, ages = sales.owner[won], len(self._sales) - hour
        change = np.zeros((self.count, ages + 1))
        np.add.at(change, (owner, np.minimum(sales.reported[won], ages)), 1.0)
        np.add.at(change, (owner, np.minimum(sales.withdrawn[won], ages)), -1.0)
        stays = sales.withdrawn[won] == NEVER
        return Bought(
            played=self.world.play(hour, multiplier, cap),
            counts=np.cumsum(change, axis=1)[:, :ages],
            final=np.bincount(owner, stays, self.count).astype(np.float64),
        )

    @cached_property
    def days(self) -> list[Curve]:
        """What can be bought, day by day."""
        hours = [self._curve(hour) for hour in range(len(self._sales))]
        return [
            Curve(
                cost=np.sum([hour.cost for hour in hours[at : at + 24]], axis=0),
                value=np.sum([hour.value for hour in hours[at : at + 24]], axis=0),
            )
            for at in range(0, len(hours), 24)
        ]

    def _curve(self, hour: int) -> Curve:
        auctions = self.world.hours[hour]
        size = len(_MULTIPLIERS) + 1
        # The first multiplier of the grid that wins the auction; those beyond it fall out.
        first = np.searchsorted(_MULTIPLIERS, auctions.price / auctions.value)
        cells = auctions.owner * size + first

        def summed(amounts: Floats) -> Floats:
            flat = np.bincount(cells, amounts, self.count * size).astype(np.float64)
            return np.cumsum(flat.reshape(self.count, size)[:, :-1], axis=1)

        return Curve(cost=summed(auctions.price), value=summed(auctions.value))


def best(days: list[Curve], budget: Floats, target: Floats) -> tuple[Floats, Floats, Floats]:
    """Return value, cost and multiplier (B,) of the best purchase over some days.

    A day may cost ``budget`` (B,), a conversion that is expected and not withdrawn ``target`` (B,)
    over all the days. Within both, the best is one multiplier, less on days on which the budget
    does not afford it: by exhaustive search in steps of a thousandth.
    """
    within = [_within(day, budget) for day in days]
    cost, value = (
        np.sum([getattr(day, name) for day in within], axis=0) for name in ("cost", "value")
    )
    keeps = cost <= target[:, None] * expected(value)
    chosen = np.argmax(np.where(keeps, value, 0.0), axis=1)
    rows = np.arange(len(budget))
    return value[rows, chosen], cost[rows, chosen], _MULTIPLIERS[chosen]


def expected(value: Floats) -> Floats:
    """Return the conversions that are expected of some value and not withdrawn."""
    return (1.0 - WITHDRAWN) * RATE * value


def price_above(multiplier: Floats, target: Floats) -> Floats:
    """Return what one unit of money above ``target`` (B,) can buy at the optimum, (B,).

    The last auctions that the optimum buys cost its ``multiplier`` (B,) for each unit of value, of
    which the target pays for a part (the Lagrange multiplier of the target). Where it does not
    bind, that part may be nearly all.
    """
    paid = target * expected(np.ones_like(target))
    return 1.0 / np.maximum(multiplier - paid, 0.1 * multiplier)


def _within(day: Curve, budget: Floats) -> Curve:
    """Return a day's curve, flat from the multiplier that uses up the budget."""
    cost, value = day.cost.copy(), day.value.copy()
    for row, money in enumerate(budget):
        end = int(np.searchsorted(day.cost[row], money, side="right"))
        value[row, end:] = np.interp(money, day.cost[row], day.value[row])
        cost[row, end:] = np.minimum(money, day.cost[row, -1])
    return Curve(cost=cost, value=value)


def _drawn(auctions: Hour, seed: list[int]) -> Sales:
    chance = np.random.default_rng(seed)
    auction = np.flatnonzero(chance.random(len(auctions.owner)) < RATE * auctions.value)
    size = len(auction)
    # A click comes at any moment of its hour, whose age is counted from the end.
    reported = chance.exponential(DELAY, size) - chance.random(size)
    until = reported + chance.exponential(KEPT_FOR, size)
    goes = chance.random(size) < WITHDRAWN
    return Sales(
        auction,
        auctions.owner[auction],
        np.maximum(np.ceil(reported), 0.0).astype(np.int64),
        np.where(goes, np.maximum(np.ceil(until), 0.0), NEVER).astype(np.int64),
    )
