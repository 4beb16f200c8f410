"""What a group does to learn: a share of its day's total lies elsewhere than it would bring most.

Of the share half at most pays for coins: each budget is moved up or down by a little, so that spend
varies for no reason of the market's, which is what exponents are learned from without bias
(`engine.instruments`). The rest is split as if curves drawn from what is known of them were true,
which tries those of whom little is known (Thompson sampling). Draws depart by half of what is not
known: that learns as much and costs less. Who is within the band of the drawn price stays.

Money is moved within groups only, so that every total and every bound of a group holds; campaigns
stay within their own bounds and the largest change. While a total finds no place, or is cut at
once, nothing is explored.

Source: Thompson, "On the Likelihood that One Unknown Probability Exceeds Another in View of the
Evidence of Two Samples", Biometrika 25 (1933).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.balanced import balanced, by_chance
from engine.curve_fitting import Fit
from engine.group_budgets import UNUSED, Members
from engine.group_split import GO, KEPT, Shared, split

FARTHEST: Final = 0.1
"""Most of its budget that a coin moves a campaign by: with a tenth bias is gone, with less not."""

SCALE: Final = 0.5
"""Share of what is not known of a curve that a draw departs by."""

COINS: Final = 4
"""Numbers by chance that a campaign needs for a day."""

_WIDEST: Final = 1.0
_SOME: Final = 1e-9
_LEAST: Final = 1e-300


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """What B campaigns may explore with, and the coins of the day."""

    share: Floats
    """Shape (B,), in [0, 1]: of what its group has for the day."""
    change: Floats
    """Shape (B,), > 0: the largest change, as a share of a budget."""
    coins: Floats
    """Shape (B, `COINS`), in [0, 1), as `engine.exploration.coin` gives them."""
    of: Ints
    """Shape (B,): the group that each is in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explored:
    """A split with what is done to learn; arrays of shape (B,), money in minor units."""

    settled: Shared
    """The split that brings most."""
    shared: Shared
    """What is to be set: ``settled`` with what is moved to learn."""
    without_jitter: Ints
    """Its budgets without what the coins moved."""
    reserve: Ints
    """What may lie elsewhere in each campaign's group."""
    elsewhere: Ints
    """What does, the same for all of a group; never more than the reserve."""
    cost: Floats
    """What that is expected to cost the group in a day, in the value of the curves, >= 0."""
    worth: Floats
    """What money brings as much, at what it is worth where it was moved."""


def explored(members: Members, settled: Shared, chances: Chances) -> Explored:
    """Return a split of a day's total with what is moved to learn.

    Nothing is moved where shares are 0; the holds then say who keeps what is in force.
    """
    free = np.isin(settled.hold, (GO, KEPT)) & (settled.total > 0)
    open_ = free & (chances.share > 0.0) & (settled.unplaced == 0) & (not settled.forced)
    size = np.minimum(np.minimum(FARTHEST, chances.share), chances.change / 2.0)
    has = _of_groups(np.where(open_, settled.budget, 0), chances.of)
    reserve = np.floor(chances.share * has).astype(np.int64)
    for_coins = np.ceil(size * has / 2.0).astype(np.int64)
    within = _leaving_room(settled, np.ceil(size * settled.budget).astype(np.int64))
    drawn = _drawn(settled, open_, chances, within, np.maximum(reserve - for_coins, 0))
    plain = settled.budget + drawn
    used = members.used >= UNUSED
    most = np.where(open_ & used, _room(settled, plain, np.floor(size * plain)), 0)
    budget = plain + by_chance(most, chances.of, chances.coins[:, :2])
    hold = np.where(free, np.where(budget == members.budget, KEPT, GO), settled.hold)
    gone = _of_groups(np.abs(budget - settled.budget), chances.of) // 2
    cost, worth = (_sums(each, chances.of) for each in _cost(settled, budget))
    return Explored(
        settled=settled,
        shared=replace(settled, budget=budget, hold=hold),
        without_jitter=plain,
        reserve=reserve,
        elsewhere=gone,
        cost=cost,
        worth=worth,
    )


def _of_groups(amounts: Ints, of: Ints) -> Ints:
    """Return the sum of each one's group, (B,)."""
    sums = np.zeros(int(of.max()) + 1, dtype=np.int64)
    np.add.at(sums, of, amounts)
    return np.asarray(sums[of])


def _room(settled: Shared, plain: Ints, most: Floats) -> Ints:
    """Return how far each can be moved both ways: one that cannot go up is not moved down."""
    room = np.minimum(settled.high - plain, plain - settled.low)
    return np.asarray(np.maximum(np.minimum(room, most.astype(np.int64)), 0))


def _leaving_room(settled: Shared, size: Ints) -> tuple[Ints, Ints]:
    """Return bounds of draws: a budget that was drawn to its bound could not be moved by a coin."""
    low = np.minimum(settled.low + size, settled.budget)
    return low, np.maximum(settled.high - size, settled.budget)


def _drawn(
    settled: Shared, open_: Bools, chances: Chances, within: tuple[Ints, Ints], most: Ints
) -> Ints:
    """Return what moves towards a split by drawn curves, within what may lie elsewhere."""
    moves, draw = np.zeros_like(settled.budget), _draw(settled.fit, chances.coins[:, 2:])
    before, inside = replace(settled, fit=draw), np.flatnonzero(open_)
    inside = inside[np.argsort(chances.of[inside], kind="stable")]
    for rows in np.split(inside, np.flatnonzero(np.diff(chances.of[inside])) + 1):
        own, low, high = before.only(rows), within[0][rows], within[1][rows]
        free = np.ones(len(rows), dtype=np.bool_)
        made = split(own, free, (low, high), int(own.budget.sum()), None)
        away = made.budget - own.budget
        far = int(np.abs(away).sum()) // 2
        part = min(1.0, int(most[rows[0]]) / far) if far else 0.0
        moves[rows] = np.trunc(part * away).astype(np.int64)
    order = np.argsort(chances.coins[:, 1], kind="stable")
    moves[order] = balanced(moves[order], chances.of[order])
    return moves


def _draw(fit: Fit, coins: Floats) -> Fit:
    """Return curves drawn from what is known of them.

    Source: Box and Muller, "A Note on the Generation of Random Normal Deviates", Annals of
    Mathematical Statistics 29 (1958).
    """
    radius, angle = np.sqrt(-2.0 * np.log1p(-coins[:, 0])), 2.0 * np.pi * coins[:, 1]
    spread = np.minimum(1.0 / np.sqrt(np.maximum(fit.level_precision, _SOME)), _WIDEST)
    return replace(
        fit,
        exponent=fit.exponent + SCALE * fit.exponent_deviation * radius * np.cos(angle),
        level=fit.level * np.exp(SCALE * spread * radius * np.sin(angle)),
    )


def _cost(settled: Shared, budget: Ints) -> tuple[Floats, Floats]:
    """Return what each move is expected to cost, in value and in money, (B,), both >= 0.

    Within the band a move may even seem to gain: that is not counted.
    """
    curves, before, after = settled.fit.curves(), settled.budget, budget
    lost = curves.value(before.astype(np.float64)) - curves.value(after.astype(np.float64))
    price = np.exp(settled.log_price)
    cost = np.maximum(lost + price * (after - before), 0.0)
    cost = np.where(before == after, 0.0, cost)
    return cost, cost / np.maximum(price, _LEAST)


def _sums(amounts: Floats, of: Ints) -> Floats:
    sums = np.zeros(int(of.max()) + 1)
    np.add.at(sums, of, amounts)
    return np.asarray(sums[of])
