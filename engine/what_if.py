"""What another budget, target or strategy would bring: spend, conversions, value, with intervals.

Two ways of spending are told apart. A campaign that is **spread** has hourly budgets and leaves its
bids alone: an hour buys what its budget allows of what there is, at the price of now. A campaign
that is **paced** moves one multiplier on all bids: it buys more where its budget or target allows,
and pays more for what it buys last. In a second-price auction what is bought last costs its bid, so
that conversions follow from the curve of spend alone:

    d conversions / d u = (d spend / d u) / (price * exp(u))

with ``u`` the log multiplier, and ``price`` set so that the multiplier of the past has bought what
it did. So more money never buys less, and each further conversion costs more than the one before.

Source of the identity: Myerson, "Optimal Auction Design" (1981): where what is paid is the lowest
bid that still wins, spend is the integral of the bid over what is won. Overdispersed counts as
gamma quantiles by Wilson and Hilferty, "The Distribution of Chi-square" (1931).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.futures import Chance, Futures
from engine.response import LEAST_ELASTICITY

PERCENTS: Final = (10.0, 50.0, 90.0)

FURTHEST: Final = float(np.log(8.0))
"""How far from the anchor the multiplier is ever thought to go, natural log."""

ALIKE: Final = 20.0
"""Conversions in each hour of the day that count for hours being alike in what money buys."""

_STEPS: Final = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What money has bought of late; B campaigns."""

    conversions: Floats
    """Shape (B, 24), >= 0: by hour of the day."""
    cost: Floats
    """Shape (B, 24), >= 0, minor units: of these conversions, as far as they are reported."""
    log_multiplier: Floats
    """Shape (B,): at which they were bought, on average, natural log."""
    dispersion: Floats
    """Shape (B,), >= 1: variance of counts over their mean."""
    value: Floats
    """Shape (B,), >= 0, minor units: of one conversion."""
    value_sd: Floats
    """Shape (B,), >= 0: standard deviation of the value of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of B campaigns."""

    paced: Bools
    """Shape (B,): whether the multiplier moves, or hourly budgets do."""
    budget: Floats
    """Shape (B,), >= 0, minor units, of each day."""
    weights: Floats
    """Shape (B, H), >= 0: how a day is spread over its hours; paced ones do without."""
    cost_per_conversion: Floats
    """Shape (B,), > 0: the most that one may cost on average; infinite for no target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is expected over the horizon: shapes (3, B), at the `PERCENTS`, and means (B,)."""

    spend: Floats
    conversions: Floats
    value: Floats
    mean_spend: Floats
    mean_conversions: Floats
    mean_value: Floats
    exhausted: Floats
    """Shape (B,), in [0, 1]: how likely the budget is spent but for 1 %."""


def what_if(future: Futures, worth: Worth, asked: Asked, cells: Ints, chance: Chance) -> Outcome:
    """Return what is expected of the hours ``cells`` (H,), with the ``chance`` they were drawn by.

    The expected value, and each percentile, never falls with the budget.
    """
    spread, spread_counts = _spread(future, worth, asked, cells, chance)
    paced, paced_counts = _paced(future, worth, asked, cells, chance)
    spend = np.where(asked.paced[:, None], paced, spread)
    expected = np.where(asked.paced[:, None], paced_counts, spread_counts)
    counts = _drawn(expected, worth.dispersion, chance.counts)
    value = _value(counts, worth, chance)
    budget = asked.budget * (len(cells) / 24)
    return Outcome(
        spend=np.percentile(spend, PERCENTS, axis=1),
        conversions=np.percentile(counts, PERCENTS, axis=1),
        value=np.percentile(value, PERCENTS, axis=1),
        mean_spend=spend.mean(axis=1),
        mean_conversions=expected.mean(axis=1),
        mean_value=worth.value * expected.mean(axis=1),
        exhausted=(spend >= 0.99 * budget[:, None]).mean(axis=1),
    )


def _spread(
    future: Futures, worth: Worth, asked: Asked, cells: Ints, chance: Chance
) -> tuple[Floats, Floats]:
    """Return spend and expected conversions (B, K) of hourly budgets, hour by hour.

    What an hour leaves is spread anew over the rest of its day; what a day leaves is lost.
    """
    rate, hourly = _rates(worth, chance)
    moved = worth.log_multiplier - future.anchor
    there = future.size * np.exp(_log_spend(future, moved[:, None]))[:, :, None]
    rest = _rest_of_day(asked.weights, cells)
    share = np.divide(asked.weights, rest, out=np.zeros(rest.shape), where=rest > 0.0)
    left, spend, counts = np.zeros(rate.shape), np.zeros(rate.shape), np.zeros(rate.shape)
    for hour, cell in enumerate(cells % 24):
        left = np.broadcast_to(asked.budget[:, None], rate.shape) if not cell else left
        bought = np.minimum(there[:, :, hour], left * share[:, hour, None])
        left = left - bought
        spend = spend + bought
        counts = counts + bought * rate * hourly[:, :, cell]
    return spend, counts


def _rest_of_day(weights: Floats, cells: Ints) -> Floats:
    """Return the weights of each hour and those after it on its day, (B, H)."""
    rest, total = np.zeros(weights.shape), np.zeros(len(weights))
    for hour in range(len(cells) - 1, -1, -1):
        total = total + weights[:, hour]
        rest[:, hour] = total
        total = total if cells[hour] % 24 else np.zeros(len(weights))
    return rest


def _paced(
    future: Futures, worth: Worth, asked: Asked, cells: Ints, chance: Chance
) -> tuple[Floats, Floats]:
    """Return spend and expected conversions (B, K) of one multiplier over the whole horizon.

    It is the best one of each draw: a controller that hears every hour comes close to it.
    """
    rate, _ = _rates(worth, chance)
    total = future.size.sum(axis=2)
    spend, counts = _curves(future, worth, total, rate)
    budget = asked.budget * (len(cells) / 24)
    shape = total.shape
    bought, expected = np.zeros(shape), np.zeros(shape)
    for b, k in np.ndindex(shape):
        curve, won = spend[b, k], counts[b, k]
        price = curve / np.maximum(won, np.finfo(np.float64).tiny)
        most = np.interp(asked.cost_per_conversion[b], price, curve, left=0.0)
        bought[b, k] = min(budget[b], most)
        expected[b, k] = np.interp(bought[b, k], np.r_[0.0, curve], np.r_[0.0, won])
    return bought, expected


def _curves(future: Futures, worth: Worth, total: Floats, rate: Floats) -> tuple[Floats, Floats]:
    """Return spend and conversions (B, K, G) at multipliers from far below to far above.

    Spend stops growing where the model's curve does: from there on more buys nothing.
    """
    top = (future.elasticity - LEAST_ELASTICITY) / future.curvature
    at = np.linspace(-2.0 * FURTHEST, FURTHEST, _STEPS)
    u = np.minimum(at, np.maximum(top, -FURTHEST)[:, :, None])
    spend = total[:, :, None] * np.exp(_log_spend(future, u))
    steps = np.diff(spend, axis=2)
    middle = np.exp(-0.5 * (u[:, :, 1:] + u[:, :, :-1]))
    first = spend[:, :, :1] * np.exp(-u[:, :, :1])
    won = np.concatenate([first, first + np.cumsum(steps * middle, axis=2)], axis=2)
    past = worth.log_multiplier - future.anchor
    scale = np.zeros(total.shape)
    for b, k in np.ndindex(total.shape):
        bought = np.interp(past[b], u[b, k], spend[b, k])
        scale[b, k] = rate[b, k] * bought / np.interp(past[b], u[b, k], won[b, k])
    return spend, scale[:, :, None] * won


def _log_spend(future: Futures, u: Floats) -> Floats:
    """Return by how much log spend differs at ``u`` from the anchor: (B, 1) or (B, K, G)."""
    new = (slice(None), slice(None)) + (None,) * (u.ndim - 2)
    return np.asarray(future.elasticity[new] * u - 0.5 * future.curvature[new] * u * u)


def _rates(worth: Worth, chance: Chance) -> tuple[Floats, Floats]:
    """Return draws of conversions per money (B, K), and of each hour's factor on it (B, K, 24).

    Factors are those of the hours' own conversions, shrunk to 1, and 1 in the mean over money.
    """
    counts, cost = worth.conversions.sum(axis=1), np.maximum(worth.cost.sum(axis=1), 1e-9)
    rate = _drawn(counts[:, None], worth.dispersion, chance.rate) / cost[:, None]
    meant = worth.cost * (counts / cost)[:, None]
    own = (worth.conversions + ALIKE) / worth.dispersion[:, None]
    draws = np.stack([_gamma(own[:, hour, None], chance.hourly[:, hour]) for hour in range(24)], 2)
    factors = draws * (worth.dispersion[:, None] / (meant + ALIKE))[:, None]
    weights = worth.cost / cost[:, None]
    return rate, factors / np.einsum("bkh,bh->bk", factors, weights)[:, :, None]


def _value(counts: Floats, worth: Worth, chance: Chance) -> Floats:
    """Return draws (B, K) of what so many conversions are worth together."""
    scale = np.divide(
        worth.value_sd**2, worth.value, out=np.zeros(len(counts)), where=worth.value > 0.0
    )
    plain = worth.value[:, None] * counts
    return np.where(scale[:, None] > 0.0, _drawn(plain, scale, chance.worth), plain)


def _drawn(mean: Floats, over: Floats, normals: Floats) -> Floats:
    """Return numbers of a ``mean`` (B, K) whose variance is ``over`` (B,) times as large."""
    unit = np.where(over > 0.0, over, 1.0)[:, None]
    return unit * _gamma(mean / unit, normals)


def _gamma(mean: Floats, normals: Floats) -> Floats:
    """Return gamma numbers of unit scale by their ``mean``, at standard normal ``normals``.

    Both grow together: a larger mean never gives a smaller number at the same chance.
    """
    some = np.maximum(mean, 1e-3)
    root = 1.0 - 1.0 / (9.0 * some) + np.clip(normals, -4.0, 4.0) / (3.0 * np.sqrt(some))
    return np.where(mean > 0.0, some * np.maximum(root, 0.0) ** 3, 0.0)
