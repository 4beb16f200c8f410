"""Whether clicks convert as foretold, in feeds of many campaigns and few, rich and sparse.

Rates are products of drawn factors; in some feeds devices have days of their own. What is foretold
of cells and of ad sets is held against the true rates, so that chance is only in what was learned
from. Beside it stands who knows how far factors depart, and learns from the same clicks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import numpy as np

from benchmarks.bidding.world import Floats, Ints
from engine.calibration import calibration
from engine.conversion_rates import learn, rates, teach
from engine.rate_cells import AD_SET, CAMPAIGN, HOURS, Cells, Kinds, gathered
from engine.rate_factors import Spreads

DEVICES: Final = 3
PLACEMENTS: Final = 3
BINS: Final = 8
SEEDS: Final = range(1, 9)
MOST: Final = 0.95
OWN_SD: Final = 0.1
"""Of a campaign's own log factor of each device, placement and hour."""

_ROUNDS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What a feed is like."""

    campaigns: int
    ad_sets: int
    """Of each campaign."""
    clicks: float
    """Of the median campaign."""
    level_sd: float
    ad_set_sd: float
    """Of an ad set's own log factor."""
    timed: float = 0.0
    """Amplitude of each device's own day, natural log."""


FEEDS: Final = {
    "many, rich": Feed(campaigns=300, ad_sets=3, clicks=2e4, level_sd=0.6, ad_set_sd=0.3),
    "many, sparse": Feed(campaigns=300, ad_sets=3, clicks=400, level_sd=0.6, ad_set_sd=0.3),
    "device x hour, rich": Feed(
        campaigns=300, ad_sets=3, clicks=2e4, level_sd=0.6, ad_set_sd=0.3, timed=0.4
    ),
    "device x hour, sparse": Feed(
        campaigns=300, ad_sets=3, clicks=400, level_sd=0.6, ad_set_sd=0.3, timed=0.4
    ),
    "few, unlike ad sets": Feed(campaigns=3, ad_sets=5, clicks=2e3, level_sd=0.3, ad_set_sd=1.0),
    "one, unlike ad sets": Feed(campaigns=1, ad_sets=5, clicks=3e3, level_sd=0.3, ad_set_sd=1.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How well what was foretold kept to the true rates."""

    error: float
    """Conversions per 100 clicks (expected calibration error)."""
    slope: float
    """Of the log of the true rate on the log of the one foretold; above 1 the best clicks are
    foretold too low and the worst too high."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One draw of a feed: what was counted, and the true rate of each cell (N,)."""

    cells: Cells
    clicks: Floats
    rate: Floats


def drawn(feed: Feed, seed: int) -> Drawn:
    """Return the clicks and conversions of a feed."""
    chance = np.random.default_rng([47, seed])
    log, shape = _logs(chance, feed), (feed.campaigns, feed.ad_sets, DEVICES, PLACEMENTS, HOURS)
    rate = np.minimum(np.exp(np.broadcast_to(log, shape)), MOST).ravel()
    volume = feed.clicks * np.exp(0.8 * chance.standard_normal((feed.campaigns, 1)))
    where = [chance.dirichlet(np.full(each, 3.0), feed.campaigns) for each in shape[1:4]]
    mean = np.einsum("ci,ca,cd,cp->cadp", volume, *where)[..., None] / HOURS
    clicks = chance.poisson(np.broadcast_to(mean, shape)).ravel()
    some = np.flatnonzero(clicks)
    keys = np.indices(shape).reshape(5, -1).T[some]
    sold = chance.binomial(clicks[some], rate[some]).astype(np.float64)
    kinds = Kinds(campaigns=feed.campaigns, devices=DEVICES, placements=PLACEMENTS)
    counted = clicks[some].astype(np.float64)
    return Drawn(cells=gathered(kinds, keys, counted, sold), clicks=counted, rate=rate[some])


def _logs(chance: np.random.Generator, feed: Feed) -> Floats:
    def own(spread: float, *shape: int) -> Floats:
        return np.asarray(spread * chance.standard_normal((feed.campaigns, *shape)))

    hour = np.arange(HOURS)
    peaks = np.linspace(8.0, 22.0, DEVICES)[:, None]
    days = feed.timed * np.cos(2.0 * np.pi * (hour - peaks) / HOURS)
    log = np.log(0.04) + own(feed.level_sd, 1, 1, 1, 1) + own(feed.ad_set_sd, feed.ad_sets, 1, 1, 1)
    log = log + np.linspace(-0.4, 0.4, DEVICES)[:, None, None] + days[:, None, :]
    log = log + np.linspace(-0.4, 0.4, PLACEMENTS)[:, None]
    log = log + 0.35 * np.cos(2.0 * np.pi * (hour - 20.0) / HOURS)
    log = log + own(OWN_SD, 1, DEVICES, 1, 1) + own(OWN_SD, 1, 1, PLACEMENTS, 1)
    return np.asarray(log + own(OWN_SD, 1, 1, 1, HOURS))


@cache
def kept(name: str, *, knowing: bool = False, ad_sets: bool = False) -> Kept:
    """Return the means over draws of a feed, of cells or of ad sets.

    ``knowing`` learns with how far factors truly depart.
    """
    feed, found = FEEDS[name], []
    for seed in SEEDS:
        one = drawn(feed, seed)
        taught = teach(one.cells)
        if knowing:
            own = OWN_SD**2
            spreads = Spreads(ad_set=feed.ad_set_sd**2, device=own, placement=own, hour=own)
            taught = replace(taught, spreads=spreads)
        foretold = rates(learn(one.cells, taught), one.cells.keys).middle
        rows = one.clicks, foretold, one.rate
        found.append(_kept(*(_by_ad_set(one.cells.keys, rows) if ad_sets else rows)))
    errors, slopes = np.array(found).T
    return Kept(error=float(errors.mean()), slope=float(slopes.mean()))


def worst() -> float:
    """Return the largest calibration error of cells in any feed, per 100 clicks."""
    return max(kept(name).error for name in FEEDS)


def _by_ad_set(keys: Ints, rows: tuple[Floats, Floats, Floats]) -> tuple[Floats, Floats, Floats]:
    clicks, foretold, rate = rows
    _, which = np.unique(keys[:, [CAMPAIGN, AD_SET]], axis=0, return_inverse=True)
    sums = np.bincount(which, clicks)
    told, true = (np.bincount(which, clicks * each) / sums for each in (foretold, rate))
    return sums.astype(np.float64), told.astype(np.float64), true.astype(np.float64)


def _kept(clicks: Floats, foretold: Floats, rate: Floats) -> tuple[float, float]:
    error = calibration(foretold, clicks, clicks * rate, bins=BINS).error
    return 100.0 * error, slope(clicks, foretold, rate)


def slope(clicks: Floats, foretold: Floats, rate: Floats) -> float:
    """Return the slope of log rates on those foretold, by a Poisson regression of conversions."""
    lines = np.stack((np.ones(len(foretold)), np.log(foretold)), axis=1)
    found = np.array([0.0, 1.0])
    for _ in range(_ROUNDS):
        mean = np.exp(lines @ found)
        bend = (lines * (clicks * mean)[:, None]).T @ lines
        found = found + np.linalg.solve(bend, lines.T @ (clicks * (rate - mean)))
    return float(found[1])
