"""A second-price market that can be played again: the same auctions for every controller.

Traffic follows the hours of a week, a level that differs from day to day and a noise that
fades within hours; values and prices are log-normal and correlated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.arrays import Floats
from engine.calendar import HOURS_OF_WEEK
from workers.backtest.contract import Played
from workers.backtest.knapsack import knapsack

SHOCK = 5
"""The day on which something happens, where something does."""

DAY_SD = 0.1
HOUR_SD = 0.1
"""Standard deviations of a day's level, and of what an hour adds to the unrest, natural log."""

FADING = 0.7
"""What an hour leaves of the unrest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What B campaigns meet in each of H hours; shapes (B, H)."""

    auctions: Floats
    """Expected auctions."""
    price: Floats
    """Factor on all prices."""
    value: Floats
    """Factor on all values."""


Shock = Callable[[Traffic], Traffic]


def calm(traffic: Traffic) -> Traffic:
    """Let nothing special happen."""
    return traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One kind of world."""

    campaigns: int = 60
    days: int = 10
    auctions_a_day: float = 50_000.0
    noise: float = 1.0
    """Factor on `DAY_SD` and `HOUR_SD`."""
    shock: Shock = calm


@dataclass(frozen=True, slots=True)
class Hour:
    """All auctions of one hour, campaign after campaign, in the order they come up."""

    owner: NDArray[np.int64]
    value: Floats
    price: Floats
    starts: NDArray[np.int64]


class World:
    """The auctions of B campaigns over some days."""

    def __init__(self, setting: Setting, shapes: Floats, seed: int) -> None:
        """Draw a world in which campaigns have random rows of ``shapes``, (S, 168), mean 1.

        ``usual`` (B, H) are the auctions to expect of each hour; ``kinds`` (4, B) the campaigns'
        standard deviation of log values, mean and deviation of log prices, and correlation.
        """
        self.setting = setting
        chance = np.random.default_rng(seed)
        count, hours = setting.campaigns, setting.days * 24
        shape = shapes[chance.integers(0, len(shapes), count)]
        level = chance.normal(0.0, DAY_SD * setting.noise, (count, setting.days))
        self.usual = setting.auctions_a_day / 24 * shape[:, np.arange(hours) % HOURS_OF_WEEK]
        unrest = _unrest(chance, setting)
        traffic = self.usual * np.exp(np.repeat(level, 24, axis=1) + unrest)
        ones = np.ones_like(traffic)
        plain = Traffic(auctions=traffic, price=ones, value=ones)
        self.kinds = np.array(
            (
                chance.uniform(0.5, 1.2, count),
                chance.normal(0.0, 0.3, count),
                chance.uniform(0.4, 1.2, count),
                chance.uniform(0.0, 0.6, count),
            )
        )
        shocked = setting.shock(plain)
        self.hours = [self._hour(shocked, hour, seed) for hour in range(hours)]

    @property
    def size(self) -> tuple[int, int]:
        """How many campaigns there are, and how many hours they live."""
        return self.setting.campaigns, 24 * self.setting.days

    def _hour(self, traffic: Traffic, hour: int, seed: int) -> Hour:
        chance = np.random.default_rng([seed, hour])
        counts = chance.poisson(traffic.auctions[:, hour])
        owner = np.repeat(np.arange(len(counts)), counts)
        value_sd, price_mean, price_sd, alike = (kind[owner] for kind in self.kinds)
        worth, rivals = chance.normal(size=(2, len(owner)))
        mixed = alike * worth + np.sqrt(1.0 - alike**2) * rivals
        price = np.exp(price_mean + price_sd * mixed) * traffic.price[owner, hour]
        value = np.exp(value_sd * worth) * traffic.value[owner, hour]
        starts = np.concatenate(([0], np.cumsum(counts)))
        return Hour(owner, value, price, starts)

    def play(self, hour: int, multiplier: Floats, cap: Floats) -> Played:
        """Bid ``multiplier`` (B,) times the value until ``cap`` (B,) is used up."""
        auctions = self.hours[hour]
        wanted, served = self.served(hour, multiplier, cap)
        return Played(
            spend=self._by_campaign(auctions.owner, auctions.price * served),
            value=self._by_campaign(auctions.owner, auctions.value * served),
            wins=self._by_campaign(auctions.owner, served),
            capped=self._by_campaign(auctions.owner, wanted & ~served) > 0,
        )

    def served(
        self, hour: int, multiplier: Floats, cap: Floats
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which auctions of an hour the bids win, and which of them ``cap`` pays for."""
        auctions = self.hours[hour]
        owner = auctions.owner
        wanted = multiplier[owner] * auctions.value >= auctions.price
        running = np.concatenate(([0.0], np.cumsum(np.where(wanted, auctions.price, 0.0))))
        within = running[1:] - running[auctions.starts[:-1]][owner] <= cap[owner]
        return wanted, wanted & within

    def everything(self) -> Floats:
        """Return what buying every auction costs on a mean day, (B,)."""
        total = sum(self._by_campaign(hour.owner, hour.price) for hour in self.hours)
        return np.asarray(total / self.setting.days)

    def hindsight(self, budget: Floats, first: int, last: int) -> tuple[Floats, Floats]:
        """Return the value of the best purchase within ``budget`` in hours [first, last).

        Each array has shape (B,). The best purchase takes auctions by value per money, which is
        one multiplier for all hours; the second array is that multiplier.
        """
        chosen = self.hours[first:last]
        owner, value, price = (
            np.concatenate([getattr(hour, name) for hour in chosen])
            for name in ("owner", "value", "price")
        )
        order = np.lexsort((price / value, owner))
        owner, value, price = owner[order], value[order], price[order]
        ends = np.searchsorted(owner, np.arange(len(budget) + 1))
        best = [
            knapsack(value[start:end], price[start:end], money)
            for start, end, money in zip(ends, ends[1:], budget, strict=False)
        ]
        worth, multipliers = np.array(best).T
        return worth, multipliers

    def _by_campaign(self, owner: NDArray[np.int64], amounts: NDArray[Any]) -> Floats:
        return np.bincount(owner, amounts, self.setting.campaigns).astype(np.float64)


def _unrest(chance: np.random.Generator, setting: Setting) -> Floats:
    steps = chance.normal(0.0, HOUR_SD * setting.noise, (setting.campaigns, setting.days * 24))
    unrest = np.zeros_like(steps)
    for hour in range(1, steps.shape[1]):
        unrest[:, hour] = FADING * unrest[:, hour - 1] + steps[:, hour]
    return unrest


def outage(traffic: Traffic) -> Traffic:
    """Let nothing come up from 11:00 to 14:00 on the day of the shock."""
    return replace(traffic, auctions=traffic.auctions * ~_hours(traffic, 11, 14))


def dearer(traffic: Traffic) -> Traffic:
    """Double all prices from noon on, on the day of the shock."""
    return replace(traffic, price=traffic.price * np.where(_hours(traffic, 12, 24), 2.0, 1.0))


def spike(traffic: Traffic) -> Traffic:
    """Let three times the traffic come from 10:00 to 13:00 of the day of the shock."""
    factor = np.where(_hours(traffic, 10, 13), 3.0, 1.0)
    return replace(traffic, auctions=traffic.auctions * factor)


def _hours(traffic: Traffic, first: int, end: int) -> NDArray[np.bool_]:
    """Return whether an hour is between two hours of the day, on the day of the shock."""
    hours = np.arange(traffic.auctions.shape[1])
    of_day, day = hours % 24, hours // 24
    return np.asarray((of_day >= first) & (of_day < end) & (day == SHOCK))
