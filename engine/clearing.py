"""The price of money at which campaigns together buy what there is to spend.

Demand falls as the price rises, so the price is found by Newton's method on the logarithms, kept
inside a bracket. It need not be exact: what is left over or missing is settled in whole units, and
by few of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, log, sqrt
from typing import Final

import numpy as np

from engine.arrays import Floats
from engine.demand import Demand, demand_of

WORTHLESS: Final = -690.0
"""Log price below which money is worth nothing: its value cannot be told from none."""

_SAMPLE: Final = 4_096
_MANY: Final = 5 * _SAMPLE
_TURNS: Final = 200
_WIDEST: Final = 3.0
"""Most that a price moves in one step while its bracket is open, natural log."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """Where demand meets the total."""

    log_price: float
    spend: Floats
    """Shape (B,): demand at the price."""
    between: tuple[float, float]
    """Log prices known to be too low and too high."""


def clear(demand: Demand, total: int, log_price: float | None = None) -> Cleared:
    """Return the price at which demand is ``total``, up to units that rounding leaves anyway.

    ``total`` lies strictly between the sums of the bounds, and ``log_price`` is where to begin to
    look. Where demand jumps across it the price
    is the jump's, seen from above: demand is short of the total there. It is short as well at a
    price below ``WORTHLESS``, where what is left over brings nothing to anyone.
    """
    close = max(0.2, 0.1 * sqrt(len(demand.low)))
    begin = _first_price(demand, total) if log_price is None else log_price
    return _search(demand, float(total), begin, close)


def _search(demand: Demand, total: float, log_price: float, close: float) -> Cleared:
    too_low, too_high = -inf, inf
    for _ in range(_TURNS):
        spend = demand.at(log_price)
        bought = float(spend.sum())
        if abs(bought - total) <= close:
            break
        if bought > total:
            too_low = log_price
        else:
            too_high = log_price
        if log_price < WORTHLESS:
            return Cleared(log_price, spend, (too_low, too_high))
        if too_high - too_low <= 4e-16 * max(1.0, abs(log_price)):
            break
        fall = float(demand.fall(spend).sum())
        log_price = _next(log_price, bought, total, fall, (too_low, too_high))
    else:
        log_price = too_high
        spend = demand.at(log_price)
    if spend.sum() - total > close:
        log_price = too_high
        spend = demand.at(log_price)
    return Cleared(log_price, spend, (too_low, too_high))


def _next(
    at: float, bought: float, total: float, fall: float, bracket: tuple[float, float]
) -> float:
    too_low, too_high = bracket
    if fall > 0.0 and bought > 0.0:
        step = log(bought / total) * bought / fall
    else:
        step = inf if bought > total else -inf
    wanted = at + max(-_WIDEST, min(_WIDEST, step))
    if too_low < wanted < too_high:
        return wanted
    if isfinite(too_low) and isfinite(too_high):
        return 0.5 * (too_low + too_high)
    return wanted


def _first_price(demand: Demand, total: int) -> float:
    count = len(demand.low)
    if count > _MANY:
        return _sampled_price(demand, total, count)
    share = total / count
    spend = np.minimum(np.maximum(demand.low, max(share, 1.0)), demand.high)
    logs = demand.curves.log_marginal(np.maximum(spend, 1.0))
    logs = logs[np.isfinite(logs)]
    return float(logs.mean()) if logs.size else 0.0


def _sampled_price(demand: Demand, total: int, count: int) -> float:
    """Return the price at which every so manieth campaign buys its share of the total."""
    some = slice(None, None, count // _SAMPLE)
    low, high = demand.low[some], demand.high[some]
    sample = demand_of(demand.curves.of(some), low.astype(np.int64), high.astype(np.int64))
    share = total * (len(low) / count)
    least, most = float(low.sum()), float(high.sum())
    share = min(max(share, least + 0.01 * (most - least)), most - 0.01 * (most - least))
    return _search(sample, share, _first_price(sample, round(share)), 1e-3 * share).log_price
