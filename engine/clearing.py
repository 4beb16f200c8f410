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
from engine.demand import Demand

WORTHLESS: Final = -690.0
"""Log price below which money is worth nothing: its value cannot be told from none."""

_SAMPLE: Final = 4_096
_MANY: Final = 5 * _SAMPLE
"""Campaigns from which on a first price is found among a sample of them."""

_TURNS: Final = 200
"""Steps after which a price is taken as it is; a dozen do where demand does not jump."""

_TIGHT: Final = 1e-5
"""Units off, over the root of demand's fall and the total, that the certificate does not feel."""

_WIDEST: Final = 3.0
"""Most that a price moves in the first step, natural log; twice as much in the second, ..."""


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
    look. Where demand jumps across it the price is the jump's, seen from above: demand is short of
    the total there. It is short as well at a price below ``WORTHLESS``, where what is left over
    brings nothing to anyone.
    """
    count = len(demand.low)
    begin = first_price(demand, total) if log_price is None else log_price
    return _search(
        demand, float(total), begin, (max(0.2, 0.1 * sqrt(count)), max(50.0, 0.1 * count))
    )


def _search(
    demand: Demand, total: float, log_price: float, closest: tuple[float, float]
) -> Cleared:
    """Find the price; ``closest`` are units off that are close enough, and that may be.

    More than the first may be off where the certificate stays as good: the dual is above the best
    value by ``off ** 2 / fall`` of the price, and ``total`` of it is no more than the value.
    """
    too_low, too_high, close, bought = -inf, inf, closest[0], total
    for turn in range(1, _TURNS):
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
        close = max(closest[0], min(closest[1], _TIGHT * sqrt(fall * total)))
        step = _step(bought, total, fall, turn * _WIDEST)
        log_price = _next(log_price + step, (too_low, too_high))
    else:
        log_price = too_high
        spend = demand.at(log_price)
        bought = float(spend.sum())
    if bought - total > close:
        log_price = too_high
        spend = demand.at(log_price)
    return Cleared(log_price, spend, (too_low, too_high))


def _step(bought: float, total: float, fall: float, widest: float) -> float:
    """Return by how much a log price is to rise, by Newton's method on logarithms."""
    if fall > 0.0 and bought > 0.0:
        step = log(bought / total) * bought / fall
    else:
        step = inf if bought > total else -inf
    return max(-widest, min(widest, step))


def _next(wanted: float, between: tuple[float, float]) -> float:
    too_low, too_high = between
    if too_low < wanted < too_high or not (isfinite(too_low) and isfinite(too_high)):
        return wanted
    return 0.5 * (too_low + too_high)


def first_price(demand: Demand, total: int) -> float:
    """Return a price to begin with: about that at which demand is ``total``."""
    count = len(demand.low)
    if count > _MANY:
        return _sampled_price(demand, total, count)
    least, most = float(demand.low.sum()), float(demand.high.sum())
    # At an end of the range a curve may be steep or flat without end.
    part = min(max((total - least) / max(most - least, 1.0), 1e-3), 1.0 - 1e-3)
    spend = np.maximum(demand.low + part * (demand.high - demand.low), 1.0)
    logs = demand.curves.log_marginal(spend)
    logs = logs[np.isfinite(logs)]
    return float(logs.mean()) if logs.size else 0.0


def _sampled_price(demand: Demand, total: int, count: int) -> float:
    """Return the price at which every so manieth campaign buys its share of the total."""
    sample = demand.of(np.arange(0, count, count // _SAMPLE))
    share = total * (len(sample.low) / count)
    least, most = float(sample.low.sum()), float(sample.high.sum())
    share = min(max(share, least + 0.01 * (most - least)), most - 0.01 * (most - least))
    begin = first_price(sample, round(share))
    return _search(sample, share, begin, (1e-3 * share, 1e-3 * share)).log_price
