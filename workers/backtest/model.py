"""The market that a log lets one think of: what its hours would have answered to other bids.

Each hour has a size, its spend at the usual multiplier, and each campaign a curve. At the
multiplier that was in force an hour that was not cut off answers with what was logged. One that was
cut off by a budget is drawn: what is usual for it, times a surprise of another hour of the
campaign, never below what was logged. What the log does not say is drawn anew in each of
N draws: the elasticity within its range, how soon the market sells out, and these hours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from workers.backtest.contract import Played
from workers.backtest.curve import Curve, curve_of
from workers.backtest.fit import Fit
from workers.backtest.log import Log, by_day
from workers.backtest.normal import from_log_below

ASSUMED: Final = (0.8, 4.0)
"""Elasticities between which it is drawn, even in its log, where the log does not tell."""

POSSIBLE: Final = (0.3, 9.0)
"""Elasticities that are believed at all."""

HIDDEN: Final = 1.6
"""Times the elasticity learned that it may be where bids answered spend, which hides some of it."""

WIDTH: Final = (0.4, 1.2)
"""Between which the spread of what auctions ask for is drawn, even in its log: the standard
deviation of the log of price over value. It says how soon a market sells out."""

_BELOW: Final = 0.99
"""Of the money below which an hour buys nothing: what one without spend is taken to have had. A
market that had nothing for sale at one bid may have something at a higher one."""

_MOST: Final = 20.0
"""Times what is usual that the size of an hour may be inferred to be from a bid far off."""


class LogMarket:
    """R rows, each a campaign in one draw."""

    def __init__(self, size: Floats, curve: Curve, units: tuple[Floats, Floats]) -> None:
        """Take ``size`` (R, H), spend at the usual multiplier.

        ``units`` are the impressions for each unit of money, and the money below which an hour
        buys nothing, shapes (R,).
        """
        self._size, self._curve = size, curve
        self._wins, self._least = units

    @property
    def size(self) -> tuple[int, int]:
        """How many rows there are, and how many hours."""
        rows, hours = self._size.shape
        return rows, hours

    def play(self, hour: int, multiplier: Floats, cap: Floats) -> Played:
        """Return what ``multiplier`` (R,) gets until ``cap`` (R,) is used up.

        An hour that is cut short gets its share of all that it would have had.
        """
        u = np.log(multiplier)
        wanted = self._size[:, hour] * np.exp(self._curve.log_spend(u))
        wanted = np.where(wanted < self._least, 0.0, wanted)
        spend = np.minimum(wanted, cap)
        served = spend / np.where(wanted > 0.0, wanted, 1.0)
        return Played(
            spend=spend,
            value=self._size[:, hour] * np.exp(self._curve.log_value(u)) * served,
            wins=self._wins * spend,
            capped=wanted > cap,
        )

    def best(self, budget: Floats) -> Floats:
        """Return the value (R, D) of the best purchase of each day within ``budget`` (R,).

        The multiplier is the price of value at the margin in every hour, so the best is one
        constant multiplier for the day.
        """
        size = by_day(self._size).sum(axis=2)
        asked = np.log(budget[:, None] / np.maximum(size, 1e-300))
        u = self._curve.spending(np.minimum(asked, self._curve.log_everything[:, None]))
        return np.asarray(size * np.exp(self._curve.log_value(u.T).T))


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """What is drawn for N draws; the same for all campaigns, so that errors do not cancel out."""

    elasticity: Floats
    """Shape (N,), in (0, 1): where in its range each campaign's elasticity lies."""
    width: Floats
    """Shape (N,), as ``elasticity``, of the spread of what auctions ask for."""
    seed: int


def draws(count: int, seed: int) -> Draws:
    """Return ``count`` draws that cover both ranges evenly (a Latin hypercube)."""
    chance = np.random.default_rng(seed)
    middles = (np.arange(count) + 0.5) / count
    return Draws(elasticity=middles, width=chance.permutation(middles), seed=seed)


def elasticities(fit: Fit, drawn: Draws) -> Floats:
    """Return each campaign's elasticity in each draw, (B, N)."""
    at = drawn.elasticity[None, :]
    low, high = ASSUMED
    assumed = low * (high / low) ** at
    told = fit.elasticity[:, None] + fit.error[:, None] * from_log_below(np.log(at))
    told = told * np.where(fit.answered[:, None], HIDDEN**at, 1.0)
    return np.clip(np.where(np.isnan(told), assumed, told), *POSSIBLE)


def markets(log: Log, fitted: Fit, cut: Bools, drawn: Draws) -> LogMarket:
    """Return the market of B campaigns in N draws: row ``b * N + n`` is campaign b in draw n."""
    count = len(drawn.elasticity)
    low, high = WIDTH
    width = np.tile(low * (high / low) ** drawn.width, len(log.campaigns))
    curve = curve_of(elasticities(fitted, drawn).ravel(), width)
    rows = np.repeat(np.arange(len(log.campaigns)), count)
    living = np.repeat(log.lived, 24, axis=1)
    unseen = cut & living
    least = _least(log.spend)
    nothing = living & ~cut & (log.spend == 0.0)
    told = np.where(nothing, _BELOW * least[:, None], log.spend)
    size = _sizes(replace(log, spend=told), fitted, curve, rows)
    for row in np.flatnonzero(unseen.any(axis=1)).tolist():
        these = slice(row * count, row * count + count)
        size[these] = _drawn(
            log.of(np.array([row])), fitted.usual[row], unseen[row], size[these], drawn
        )
    money = np.maximum(log.spend.sum(axis=1), 1e-300)
    wins = np.repeat(log.impressions.sum(axis=1) / money, count)
    return LogMarket(size, curve, (wins, least[rows]))


def _least(spend: Floats) -> Floats:
    """Return the money (B,) below which an hour buys nothing: half the least that one has spent."""
    least = np.where(spend > 0.0, spend, np.inf).min(axis=1)
    return np.where(np.isinf(least), 0.0, 0.5 * least)


def _sizes(log: Log, fitted: Fit, curve: Curve, rows: Ints) -> Floats:
    """Return what each hour would have spent at the usual multiplier, by its spend, (R, H)."""
    size = np.empty((len(rows), log.spend.shape[1]))
    for hour in range(size.shape[1]):
        factor = np.exp(curve.log_spend(fitted.u[rows, hour]))
        size[:, hour] = log.spend[rows, hour] / factor
    most = np.maximum(_MOST * fitted.usual, log.spend)[rows]
    return np.minimum(size, most)


def _drawn(log: Log, usual: Floats, unseen: Bools, size: Floats, drawn: Draws) -> Floats:
    """Return sizes (N, H) of one campaign with its unseen hours drawn."""
    chance = np.random.default_rng([drawn.seed, *log.campaigns[0].encode()])
    fair = log.reported[0] & ~unseen & (usual > 0.0)
    least = size[:, unseen]
    if not fair.any():
        return size
    surprise = np.sort(size[:, fair] / usual[fair], axis=1)
    wanted = usual[unseen]
    filled = size.copy()
    for draw, (known, bound) in enumerate(zip(surprise, least, strict=True)):
        # Only surprises that bring at least what was logged: it is a lower bound.
        first = np.searchsorted(known, bound / np.maximum(wanted, 1e-300))
        at = first + (chance.random(len(wanted)) * (len(known) - first)).astype(np.int64)
        picked = known[np.minimum(at, len(known) - 1)]
        filled[draw, unseen] = np.maximum(wanted * picked, bound)
    return filled
