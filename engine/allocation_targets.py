"""Totals that are not given: as much as still pays, at the margin or on the whole."""

from __future__ import annotations

import numpy as np

from engine.allocation import Allocation, allocate
from engine.allocation_groups import Groups, InfeasibleAllocation, tightened
from engine.allocation_tree import asked_at
from engine.arrays import Ints, picked
from engine.curves import Curves
from engine.demand import demand_of
from engine.errors import EngineError
from engine.whole_units import units_at


def until_margin(
    curves: Curves, low: Ints, high: Ints, marginal: float, groups: Groups | None = None
) -> Allocation:
    """Spend until a unit of money more brings no more than ``marginal``.

    Parameters
    ----------
    curves, low, high, groups
        As for ``allocate``.
    marginal
        Value per minor unit, > 0; the marginal return on ad spend to stop at.

    Raises
    ------
    InfeasibleAllocation
        Bounds cross.
    """
    if not 0.0 < marginal < np.inf:
        raise EngineError(f"a marginal return must be above 0 and finite, was {marginal}")
    low, high = np.asarray(low, dtype=np.int64), np.asarray(high, dtype=np.int64)
    with np.errstate(over="ignore"):
        total = _total_at(curves, low, high, float(np.log(marginal)), groups)
    return allocate(curves, low, high, total, groups)


def until_return(
    curves: Curves, low: Ints, high: Ints, least: float, groups: Groups | None = None
) -> Allocation:
    """Spend as much as brings at least ``least`` per unit of money on the whole.

    With value in money, ``least`` is a target return on ad spend; with value in conversions it is
    one over a target cost per conversion.

    Raises
    ------
    InfeasibleAllocation
        Bounds cross, or no total within them reaches the target.
    """
    best = until_margin(curves, low, high, least, groups)
    # Value less what it must bring is concave in the total and largest here: short here, short
    # everywhere.
    if not _reaches(best, least):
        spent = int(best.units.sum())
        share = best.value / spent
        what = f"no total within the bounds brings {least:g} per unit: the best brings {share:g}"
        raise InfeasibleAllocation(what, asked=spent, bound=spent)
    low, high = np.asarray(low, dtype=np.int64), np.asarray(high, dtype=np.int64)
    enough, too_much = int(best.units.sum()), _most(low, high, groups) + 1
    while too_much - enough > 1:
        middle = (enough + too_much) // 2
        tried = allocate(curves, low, high, middle, groups)
        if _reaches(tried, least):
            best, enough = tried, middle
        else:
            too_much = middle
    return best


def _reaches(found: Allocation, least: float) -> bool:
    return found.value >= least * float(found.units.sum())


def _most(low: Ints, high: Ints, groups: Groups | None) -> int:
    return int(high.sum()) if groups is None else int(tightened(groups, low, high)[1][0])


def _total_at(
    curves: Curves, low: Ints, high: Ints, log_price: float, groups: Groups | None
) -> int:
    """Return what is bought at a price, groups' bounds kept."""
    if groups is None:
        demand = demand_of(curves, low, high)
        return int(units_at(demand, log_price, demand.at(log_price)).sum())
    least, most = tightened(groups, low, high)
    order, ordered = groups.side_by_side()
    demand = demand_of(curves.of(order), picked(low, order), picked(high, order))
    asked = asked_at(demand, ordered, (least, most), log_price)
    return int(np.clip(round(asked), least[0], most[0]))
