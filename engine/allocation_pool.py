"""Campaigns that share one total and one price of money: each unit is where it is worth most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.arrays import Floats, Ints
from engine.clearing import WORTHLESS, Cleared, clear
from engine.demand import Demand
from engine.rounding import spread
from engine.whole_units import best_between, between, units_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How a pool's money is split."""

    units: Ints
    """Shape (B,), whole units that sum to the total."""
    log_price: float
    """Log of what a unit more or less is worth."""
    bound: float
    """Value that no split can exceed: that of Lagrange's dual at the price."""
    on_line: int | None = None
    """The campaign whose spend lies where its curve bends upwards; no price buys just the total."""


def settle(demand: Demand, total: int, log_price: float | None = None) -> Settled:
    """Split a total within the bounds; exact but where a curve that bends upwards is in the way.

    ``log_price`` is where to begin to look; ``total`` lies within the sums of the bounds.
    """
    if total == int(demand.low.sum()):
        return _at_an_end(demand, demand.low, total)
    if total == int(demand.high.sum()):
        return _at_an_end(demand, demand.high, total)
    cleared = clear(demand, total, log_price)
    bound = dual(demand, cleared.log_price, cleared.spend, total)
    near = between(demand, cleared.log_price, cleared.spend, total)
    if near is not None:
        units = best_between(demand, *near, total)
        return Settled(units=units, log_price=cleared.log_price, bound=bound)
    if cleared.log_price < WORTHLESS:
        units = _with_the_worthless(demand, cleared, total)
        return Settled(units=units, log_price=cleared.log_price, bound=bound)
    units, at = _along_a_line(demand, cleared, total)
    return Settled(units=units, log_price=cleared.log_price, bound=bound, on_line=at)


def dual(demand: Demand, log_price: float, spend: Floats, total: int) -> float:
    """Return Lagrange's dual: no split of the total brings more, whatever the price.

    Source: Everett, "Generalized Lagrange Multiplier Method for Solving Problems of Optimum
    Allocation of Resources", Operations Research 11 (1963).
    """
    value = float(demand.curves.value(spend).sum())
    return value + float(np.exp(log_price)) * (total - float(spend.sum()))


def _at_an_end(demand: Demand, units: Floats, total: int) -> Settled:
    one = np.ones(len(units))
    free = demand.high > demand.low
    lowest = units is demand.low
    worth = demand.curves.gain(units if lowest else np.maximum(units - 1.0, 0.0), one)[free]
    # Fixed campaigns alone have no price: any will do.
    edge = worth if worth.size else np.ones(1)
    price = float(edge.max() if lowest else edge.min())
    log_price = float(np.log(max(price, np.exp(WORTHLESS))))
    bound = dual(demand, log_price, demand.at(log_price), total)
    return Settled(units=units.astype(np.int64), log_price=log_price, bound=bound)


def _with_the_worthless(demand: Demand, cleared: Cleared, total: int) -> Ints:
    """Return the units that are worth something, and the rest in proportion to the room."""
    units = units_at(demand, cleared.log_price, cleared.spend)
    room = demand.high.astype(np.int64) - units
    rest = np.array([total - int(units.sum())])
    none = np.zeros_like(room)
    more = spread(rest, room[None].astype(np.float64), none[None], room[None])
    return np.asarray(units + more[0])


def _along_a_line(demand: Demand, cleared: Cleared, total: int) -> tuple[Ints, int]:
    """Return units where the campaigns that jump at the price do so while the money lasts."""
    # Rounded down, so that demand that is short of the total stays so.
    units = np.floor(cleared.spend).astype(np.int64)
    missing = total - int(units.sum())
    jumps = demand.jumps
    if jumps is None:
        raise AssertionError("demand without a jump buys any total at some price")
    order = np.argsort(np.abs(jumps.log_price - cleared.log_price), kind="stable")
    at = int(jumps.at[order[0]])
    for which in order.tolist():
        at = int(jumps.at[which])
        if units[at] >= jumps.high[which] - 1.0:
            continue
        more = min(missing, int(np.ceil(jumps.high[which])) - int(units[at]))
        units[at] += more
        missing -= more
        if missing == 0:
            return units, at
    return _with_more(demand, units, missing), at


def _with_more(demand: Demand, units: Ints, missing: int) -> Ints:
    """Return units with as many more as are missing, one at a time to those that gain most."""
    while missing > 0:
        worth = demand.curves.gain(units.astype(np.float64), np.ones(len(units)))
        room = np.flatnonzero(units < demand.high)
        best = room[np.argsort(-worth[room], kind="stable")][:missing]
        units[best] += 1
        missing -= len(best)
    return units
