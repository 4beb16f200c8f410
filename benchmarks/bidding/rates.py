"""Conversion rates of others beside ours, judged by a second sample of the same world."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from benchmarks.bidding.world import DEVICES, OWN_SD, PLACEMENTS, Floats, Ints, World, world
from engine.conversion_rates import learn, rates, teach
from engine.intervals import Interval
from engine.rate_cells import Kinds, gathered

PHONE: Final = 1.10
EVENING: Final = 1.15
"""The hard-coded multipliers: of phones, and of the hours of `LATE`."""

LATE: Final = range(18, 23)

FLOORS: Final = (1e-4, 1e-3, 3e-3, 1e-2, 2e-2)
"""Lowest rates that hard-coded multipliers are given: where nothing was sold their rate is zero,
and one sale then costs them everything. The one that serves them best counts."""


def keys_of(cells: World) -> Ints:
    """Return the cells' keys; campaigns have one ad set each."""
    one = np.zeros_like(cells.campaign)
    return np.stack((cells.campaign, one, cells.device, cells.placement, cells.hour), axis=1)


@cache
def ours(own: float) -> Interval:
    """Return our rates of all cells, learned from the first sample."""
    cells = world(own)
    kinds = Kinds(campaigns=int(cells.campaign.max()) + 1, devices=DEVICES, placements=PLACEMENTS)
    counts = cells.clicks.astype(np.float64), cells.conversions.astype(np.float64)
    known = gathered(kinds, keys_of(cells), *counts)
    return rates(learn(known, teach(known)), keys_of(cells))


def by_campaign(cells: World) -> Floats:
    """Return each cell's campaign's conversions per click, 0 where there was no click."""
    clicks, sold = (np.bincount(cells.campaign, each) for each in (cells.clicks, cells.conversions))
    return np.asarray((sold / np.maximum(clicks, 1))[cells.campaign])


def hard_coded(cells: World) -> Floats:
    """Return each campaign's own rate times the hard-coded multipliers."""
    phone = np.where(cells.device == 0, PHONE, 1.0)
    evening = np.where(np.isin(cells.hour, LATE), EVENING, 1.0)
    return np.asarray(by_campaign(cells) * phone * evening)


def excess(cells: World, rate: Floats) -> float:
    """Return the log-loss of a click of the second sample, above that of the true rates."""
    return _loss(cells, rate) - _loss(cells, cells.rate)


def ratio(own: float) -> float:
    """Return our excess log-loss over that of hard-coded multipliers at their best floor."""
    cells, theirs = world(own), hard_coded(world(own))
    least = min(excess(cells, np.maximum(theirs, floor)) for floor in FLOORS)
    return excess(cells, ours(own).middle) / least


def covered() -> float:
    """Return the share of cells whose true rate lies within the limits we give."""
    cells, found = world(OWN_SD), ours(OWN_SD)
    return float(((found.low <= cells.rate) & (cells.rate <= found.high)).mean())


def _loss(cells: World, rate: Floats) -> float:
    sold, clicks = cells.unseen_conversions, cells.unseen_clicks
    inside = np.clip(rate, 1e-12, 1.0 - 1e-9)
    log = sold * np.log(inside) + (clicks - sold) * np.log1p(-inside)
    return -float(log.sum()) / float(clicks.sum())
