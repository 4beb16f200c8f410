"""Conversion rates of whole ad sets, and how sure they are: means over cells that clicks fall in.

The mean over cells is known better than any cell. Its log varies by 1 / (conversions expected of
its own clicks + 1 / what it varies by without them): the precision of a Poisson count, and that of
what the campaign's other clicks and its peers foretell. What a device, placement or hour departs by
from that mean is known by its own conversions and by how much such departures vary, less the share
of it that the mean holds already.

Source: Clayton and Kaldor, "Empirical Bayes Estimates of Age-standardized Relative Risks",
Biometrics 43 (1987); rates of cells as in `engine.conversion_rates`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.arrays import Floats, Ints
from engine.conversion_rates import Learned, rates
from engine.rate_cells import AD_SET, CAMPAIGN, HOURS, Cells, Kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """What G ad sets delivered; D devices and P placements, and before each the unknown one."""

    campaign: Ints
    """Shape (G,)."""
    ad_set: Ints
    """Shape (G,), `engine.rate_cells.UNKNOWN` for all of the campaign that names none."""
    clicks: Floats
    """Shape (G, D + 1, P + 1, 24), >= 0: where clicks fall."""
    exposure: Floats
    """The same, each by the share of its conversions that is there, as of `Cells`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanRates:
    """Conversions per click of G ad sets."""

    cells: Floats
    """Shape (G, D + 1, P + 1, 24), > 0."""
    mean: Floats
    """Shape (G,), > 0: over their clicks; over all cells alike where there was none."""
    deviation: Floats
    """Shape (G,), > 0: standard deviation of the log of the mean."""
    device: Floats
    """Shape (G, D + 1): variance of the log of a device's rate against the mean, >= 0."""
    placement: Floats
    """Shape (G, P + 1)."""
    hour: Floats
    """Shape (G, 24)."""


def mix(kinds: Kinds, wanted: Ints, keys: Ints, counts: tuple[Floats, Floats]) -> Mix:
    """Return the mix of G ad sets from rows in any order.

    Parameters
    ----------
    wanted
        Shape (G, 2): campaign and ad set, each once.
    keys
        Shape (N, 5), as of `Cells`; rows of others are left out.
    counts
        Clicks and exposure, shapes (N,), >= 0.
    """
    place = rows_of(wanted, keys)
    mine = place >= 0
    group = place[mine]
    shape = (len(wanted), kinds.devices + 1, kinds.placements + 1, HOURS)
    where = (group, *(keys[mine, 2:] + np.array([1, 1, 0])).T)
    flat = np.ravel_multi_index(where, shape) if len(group) else group
    size = int(np.prod(shape))
    clicks, exposure = (
        np.bincount(flat, each[mine], size).astype(np.float64).reshape(shape) for each in counts
    )
    return Mix(campaign=wanted[:, 0], ad_set=wanted[:, 1], clicks=clicks, exposure=exposure)


def rows_of(wanted: Ints, keys: Ints) -> Ints:
    """Return which of ad sets (G, 2), as of `mix`, each row (N,) belongs to; -1 for none."""
    pairs = keys[:, [CAMPAIGN, AD_SET]]
    base = int(max(wanted[:, 1].max(initial=0), pairs[:, 1].max(initial=0))) + 2
    codes, asked = (each[:, 0] * base + each[:, 1] + 1 for each in (wanted, pairs))
    if not len(codes):
        return np.full(len(asked), -1)
    order = np.argsort(codes)
    at = np.minimum(np.searchsorted(codes[order], asked), len(codes) - 1)
    return np.where(codes[order[at]] == asked, order[at], -1)


def mean_rates(learned: Learned, delivered: Mix) -> MeanRates:
    """Return what is known of the rates of G ad sets; one's result depends on no other."""
    shape = delivered.clicks.shape
    cells = rates(learned, _keys(delivered)).middle.reshape(shape)
    sums = delivered.clicks.sum(axis=(1, 2, 3), keepdims=True)
    even = np.full(shape, 1.0 / np.prod(shape[1:]))
    share = np.divide(delivered.clicks, sums, out=even, where=sums > 0.0)
    mean = (share * cells).sum(axis=(1, 2, 3))
    expected = delivered.exposure * cells
    part = share * cells / mean[:, None, None, None]
    spreads = learned.taught.spreads
    kinds = (spreads.device, spreads.placement, spreads.hour)
    own = _own_kinds(part, expected, (kinds, learned.taught.unsure))
    return MeanRates(
        cells=cells,
        mean=mean,
        deviation=np.sqrt(_of_mean(learned, delivered, part, expected)),
        device=own[0],
        placement=own[1],
        hour=own[2],
    )


def expected_of(learned: Learned, cells: Cells) -> Floats:
    """Return the conversions that rates foretell of each campaign's cells, (B,)."""
    foretold = cells.exposure * rates(learned, cells.keys).middle
    sums = np.bincount(cells.keys[:, CAMPAIGN], foretold, cells.kinds.campaigns)
    return sums.astype(np.float64)


def _of_mean(learned: Learned, delivered: Mix, part: Floats, expected: Floats) -> Floats:
    """Return the variance of the log of each mean, (G,)."""
    taught, own = learned.taught, expected.sum(axis=(1, 2, 3))
    counted = 1.0 / learned.variances[0][delivered.campaign] - taught.strength
    before = 1.0 / (np.maximum(counted - own, 0.0) + taught.strength) + taught.spreads.ad_set
    spreads = (taught.spreads.device, taught.spreads.placement, taught.spreads.hour)
    for others, spread in zip(((2, 3), (1, 3), (1, 2)), spreads, strict=True):
        before = before + spread * np.square(part.sum(axis=others)).sum(axis=1)
    return np.asarray(1.0 / (own + 1.0 / before))


def _own_kinds(
    part: Floats, expected: Floats, prior: tuple[tuple[float, float, float], Floats]
) -> list[Floats]:
    """Return the variances of departures from the mean by device, placement and hour."""
    found = []
    spreads, unsure = prior
    for others, spread in zip(((2, 3), (1, 3), (1, 2)), spreads, strict=True):
        share, seen = part.sum(axis=others), expected.sum(axis=others)
        shared = (part * unsure).sum(axis=others)
        before = spread + np.divide(shared, share, out=np.zeros_like(share), where=share > 0.0)
        found.append(np.maximum(1.0 - share, 0.0) / (seen + 1.0 / before))
    return found


def _keys(delivered: Mix) -> Ints:
    """Return the keys of all cells of G ad sets, in the order of the arrays."""
    group, *where = np.indices(delivered.clicks.shape).reshape(4, -1)
    named = delivered.campaign[group], delivered.ad_set[group]
    device, placement, hour = where
    return np.stack((*named, device - 1, placement - 1, hour), axis=1)
