"""A total split over a tree of groups, curves taken as concave as they are from above."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

import numpy as np

from engine.allocation_exchange import improved
from engine.allocation_groups import Groups, by_number, fit_within, runs_of, tightened
from engine.allocation_pool import dual, settle
from engine.allocation_repair import brought_within
from engine.allocation_tree import Pools, pools_of
from engine.arrays import Floats, Ints
from engine.clearing import first_price
from engine.curves import Curves
from engine.demand import Demand, demand_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A total in whole units over B campaigns."""

    units: Ints
    log_price: Floats
    """Shape (B,): log of what a unit more is worth to the pool of a campaign."""
    value: float
    bound: float
    """No split within the bounds brings more."""
    on_line: int | None
    demand: Demand


def split(
    curves: Curves, bounds: tuple[Ints, Ints], total: int, groups: Groups | None = None
) -> Split:
    """Split a total; the best there is where no curve bends upwards inside its bounds.

    Raises
    ------
    InfeasibleAllocation
        The bounds of campaigns or groups do not allow the total; says which.
    """
    # Maximums that are none sum to more than a whole number of 64 bits holds.
    most = int(bounds[1].sum(dtype=np.float64))
    fit_within("the total", (total, total), (int(bounds[0].sum()), most))
    demand = demand_of(curves, *bounds)
    if groups is None:
        found = settle(demand, total)
        price = np.full(len(curves), found.log_price)
        return Split(
            units=found.units,
            log_price=price,
            value=_value(curves, found.units),
            bound=found.bound,
            on_line=found.on_line,
            demand=demand,
        )
    return _split_tree(demand, bounds, groups, total)


def _value(curves: Curves, units: Ints) -> float:
    return float(curves.value(units.astype(np.float64)).sum())


def _split_tree(demand: Demand, bounds: tuple[Ints, Ints], groups: Groups, total: int) -> Split:
    least, most = tightened(groups, *bounds)
    fit_within("the total", (total, total), (int(least[0]), int(most[0])))
    begin = first_price(demand, total)
    pools = pools_of(demand, groups, (least, most), total, begin)
    tight = Groups(parent=groups.parent, low=least, high=most, of=groups.of)
    filled = _filled(demand, tight, pools)
    # Bounds were weighed against spends that are not whole yet: what that has wrong is few units.
    units = brought_within(tight, filled.units, bounds, total)
    units = improved(demand.curves, units, bounds, tight, 100 + 10 * isqrt(len(units)))
    return Split(
        units=units,
        log_price=filled.log_price[pools.head][groups.of],
        value=_value(demand.curves, units),
        bound=filled.bound,
        on_line=filled.on_line,
        demand=demand,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filled:
    """Pools whose own campaigns have what their held groups leave."""

    units: Ints
    log_price: Floats
    """Shape (G,), of the heads of pools."""
    bound: float
    on_line: int | None


def _filled(demand: Demand, groups: Groups, pools: Pools) -> _Filled:
    heads = np.flatnonzero(pools.head == np.arange(len(pools.head)))
    own = pools.total.copy()
    np.subtract.at(own, pools.head[groups.parent[heads[1:]]], pools.total[heads[1:]])
    units = np.empty(len(groups.of), dtype=np.int64)
    price, bound, on_line = np.zeros(len(own)), 0.0, None
    runs = runs_of(groups.of)
    order, ends = by_number(np.searchsorted(heads, pools.head[runs.groups]), len(heads))
    for head, own_runs in zip(heads.tolist(), np.split(order, ends[:-1]), strict=True):
        rows = runs.rows(own_runs)
        some = demand.of(rows)
        total = int(np.clip(own[head], some.low.sum(), some.high.sum()))
        found = settle(some, total, float(pools.log_price[head]))
        units[rows] = found.units
        # Where its own campaigns cannot have what a pool has for them, they do not tell its price.
        told = total == own[head] and len(some.low) > 0
        own_price = found.log_price if told else float(pools.log_price[head])
        price[head], moved = _signed(groups, pools, head, own_price, price)
        bound += found.bound if told and not moved else _dual(some, price[head], own[head])
        if found.on_line is not None:
            on_line = int(np.arange(len(units))[rows][found.on_line])
    return _Filled(units=units, log_price=price, bound=bound, on_line=on_line)


def _signed(
    groups: Groups, pools: Pools, head: int, log_price: float, prices: Floats
) -> tuple[float, bool]:
    """Return a pool's price on the side of its parent's where its held bound has it.

    Where a group is held at its most, money is worth more inside than outside, and less where it
    is held at its least. Prices are found up to rounding; the dual is a bound with these signs.
    """
    if head == 0:
        return log_price, False
    above = float(prices[pools.head[groups.parent[head]]])
    total, least, most = pools.total[head], groups.low[head], groups.high[head]
    if (total == least < most and log_price > above) or (
        total == most > least and log_price < above
    ):
        return above, True
    return log_price, False


def _dual(demand: Demand, log_price: float, total: int) -> float:
    return dual(demand, log_price, demand.at(log_price), total)
