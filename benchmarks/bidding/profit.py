"""What bids by our rates earn, of what bids by the true rates would.

Clicks are sold one by one in auctions at the second price: the highest bid of the others is
log-normal around a part of what a click of the campaign is worth on average. The profit of a bid is
then known exactly, by the true rate of its cell, and the best bid is what the click is truly worth.
"""

from __future__ import annotations

from math import erf
from typing import Final

import numpy as np

from benchmarks.bidding.rates import by_campaign, hard_coded, ours
from benchmarks.bidding.world import OWN_SD, Floats, world
from engine import bids
from engine.bids import Goals, InForce, Limits

VALUE: Final = 100_000.0
"""Minor units that a conversion is worth."""

SPREAD: Final = 1.0
"""Standard deviation of the log of the highest bid of the others."""

PRICE: Final = -1.0
"""Mean of it, against the mean worth of a click: hard-coded multipliers earn 93 % of the best."""

DEARER: Final = -0.5
"""The same where others bid more, so that a wrong bid costs more of what can be earned."""

_GRID: Final = np.linspace(-8.0, 8.0, 16_001)
_NORMAL: Final = np.array([0.5 + 0.5 * erf(each / np.sqrt(2.0)) for each in _GRID])


def bids_of(rate: Floats) -> Floats:
    """Return the bids of the engine for rates (N,), free of any limit but whole minor units."""
    count = len(rate)
    none, any_ = np.zeros(count), np.full(count, 1e12)
    goals = Goals(target_cpa=none, target_roas=none, margin=none)
    limits = Limits(low=none, high=any_, change=any_, cooldown=none, step=np.ones(count))
    now = InForce(bid=none, since=none, learning=none > 0.0)
    wanted = bids.worth(np.full(count, VALUE), goals) * rate
    return bids.bids(wanted, limits, now, np.ones(count)).bid


def profit(bid: Floats, price: float) -> float:
    """Return the expected profit of bids (N,) over the second sample's clicks."""
    cells = world(OWN_SD)
    paid = VALUE * cells.rate * cells.unseen_clicks
    clicks = np.bincount(cells.campaign, cells.unseen_clicks)
    usual = np.bincount(cells.campaign, paid) / np.maximum(clicks, 1)
    center = np.log(np.maximum(usual, 1.0))[cells.campaign] + price
    at = (np.log(np.maximum(bid, 1e-9)) - center) / SPREAD
    won = np.interp(at, _GRID, _NORMAL)
    price = np.exp(center + 0.5 * SPREAD**2) * np.interp(at - SPREAD, _GRID, _NORMAL)
    return float(cells.unseen_clicks @ (VALUE * cells.rate * won - price))


def of_oracle(price: float = PRICE) -> float:
    """Return our profit over that of bids by the true rates."""
    return profit(bids_of(ours(OWN_SD).middle), price) / _best(price)


def others_of_oracle() -> dict[str, float]:
    """Return the same of a campaign's own rate, alone and with hard-coded multipliers."""
    cells = world(OWN_SD)
    theirs = {"own rate": by_campaign(cells), "hard-coded": hard_coded(cells)}
    return {name: profit(VALUE * rate, PRICE) / _best(PRICE) for name, rate in theirs.items()}


def _best(price: float) -> float:
    return profit(VALUE * world(OWN_SD).rate, price)
