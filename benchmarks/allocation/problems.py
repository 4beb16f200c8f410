"""Totals to share out: campaigns with today's budgets, curves around them, and bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.allocation import Groups
from engine.arrays import Floats, Ints
from engine.curve_families import EXPONENTIAL, HILL, LOGARITHM, MICHAELIS_MENTEN, POWER
from engine.curves import Curves, power

CONCAVE = (POWER, LOGARITHM, EXPONENTIAL, MICHAELIS_MENTEN)
PLATFORMS, PORTFOLIOS = 8, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Campaigns, in minor units of money."""

    curves: Curves
    now: Ints
    """Shape (B,): today's budgets, which sum to the total; where every contender begins."""
    low: Ints
    high: Ints
    groups: Groups | None = None

    @property
    def total(self) -> int:
        """What is to be shared out."""
        return int(self.now.sum())


def flat(count: int, seed: int = 1) -> Problem:
    """Draw power curves, each budget between a fifth and four times of today's."""
    chance = np.random.default_rng([seed, count])
    now = _budgets(chance, count)
    curves = _powers(chance, now)
    return Problem(curves=curves, now=now, low=now // 5, high=4 * now)


def mixed(count: int, kinds: tuple[int, ...], seed: int = 1) -> Problem:
    """Draw curves of several families that bend around today's budgets."""
    chance = np.random.default_rng([seed, count, len(kinds)])
    now = _budgets(chance, count)
    family = chance.choice(kinds, count)
    value = now * _returns(chance, count)
    steep = np.where(family == HILL, chance.uniform(0.5, 4.0, count), 0.0)
    exponent = np.where(family == POWER, chance.uniform(0.45, 0.85, count), steep)
    scale = np.where(family == POWER, value / now**exponent, 2.0 * value)
    half = now * chance.uniform(0.5, 2.0, count)
    curves = Curves(family, scale, half, exponent)
    return Problem(curves=curves, now=now, low=now // 5, high=4 * now)


def tree(count: int, seed: int = 1) -> Problem:
    """Draw a root, 8 platforms and up to 200 portfolios, whose bounds of 3 to 8 % bind."""
    chance = np.random.default_rng([seed, count, 8])
    now = _budgets(chance, count)
    portfolios = min(PORTFOLIOS, count // 4)
    parent = np.concatenate(
        ([-1], np.zeros(PLATFORMS, np.int64), chance.integers(1, PLATFORMS + 1, portfolios))
    )
    of = PLATFORMS + 1 + chance.integers(0, portfolios, count)
    # What is good at one portfolio is good at all its campaigns: money wants to move between them.
    luck = np.exp(chance.normal(0.0, 0.3, len(parent)))
    curves = _powers(chance, now, luck[of] * luck[parent[of]])
    free = Groups(parent=parent, low=0 * parent, high=0 * parent + 2**60, of=of)
    sums = free.sums(now).astype(np.float64)
    width = chance.uniform(0.03, 0.08, len(parent))
    groups = Groups(
        parent=parent,
        low=np.floor(sums * (1.0 - width)).astype(np.int64),
        high=np.ceil(sums * (1.0 + width)).astype(np.int64),
        of=of,
    )
    return Problem(curves=curves, now=now, low=now // 2, high=2 * now, groups=groups)


def _budgets(chance: np.random.Generator, count: int) -> Ints:
    return np.ceil(chance.lognormal(10.0, 1.0, count)).astype(np.int64)


def _returns(chance: np.random.Generator, count: int) -> Floats:
    return chance.lognormal(1.0, 0.35, count)


def _powers(chance: np.random.Generator, now: Ints, luck: Floats | float = 1.0) -> Curves:
    """Return curves that bring a drawn return at today's budgets."""
    exponent = chance.uniform(0.45, 0.85, len(now))
    value = now * _returns(chance, len(now)) * luck
    return power(value * now**-exponent, exponent)
