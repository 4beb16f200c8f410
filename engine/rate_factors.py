"""Which factors a conversion rate has: those that campaigns share, and each campaign's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.arrays import Floats, Ints
from engine.log_linear import ASSUMED_VARIANCE, Factor, Levels, no_effect
from engine.rate_cells import (
    AD_SET,
    CAMPAIGN,
    DEVICE,
    HOUR_OF_DAY,
    HOURS,
    MOST_KINDS,
    PLACEMENT,
    Cells,
    Kinds,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spreads:
    """Variance of campaigns' own log factors around those they share, > 0."""

    ad_set: float = ASSUMED_VARIANCE
    device: float = ASSUMED_VARIANCE
    placement: float = ASSUMED_VARIANCE
    hour: float = ASSUMED_VARIANCE


def shared_factors(cells: Cells) -> list[Factor]:
    """Return what all campaigns share, before its fit.

    Device, placement, the two together, hour, and device and hour together.
    """
    _, device, placement, hour = numbered(cells.keys)
    devices, placements = cells.kinds.devices + 1, cells.kinds.placements + 1
    which = (device, placement, device * placements + placement, hour, device * HOURS + hour)
    sizes = (devices, placements, devices * placements, HOURS, devices * HOURS)
    return [
        no_effect(of, np.zeros(size, dtype=np.int64), cells.conversions, ASSUMED_VARIANCE)
        for of, size in zip(which, sizes, strict=True)
    ]


def own_factors(cells: Cells, spreads: Spreads) -> tuple[list[Factor], Ints]:
    """Return the campaigns' own factors before their first fit, and the ad sets that were seen."""
    code, device, placement, hour = numbered(cells.keys)
    ad_sets, ad_set = np.unique(code, return_inverse=True)
    kinds, campaign = cells.kinds, cells.keys[:, CAMPAIGN]
    factors = [no_effect(ad_set, ad_sets // MOST_KINDS, cells.conversions, spreads.ad_set)]
    for column, size, variance in (
        (device, kinds.devices + 1, spreads.device),
        (placement, kinds.placements + 1, spreads.placement),
        (hour, HOURS, spreads.hour),
    ):
        owner = np.repeat(np.arange(kinds.campaigns), size)
        of = campaign * size + column
        factors.append(no_effect(of, owner, cells.conversions, variance))
    return factors, ad_sets


def first_levels(
    cells: Cells, prior: tuple[float, float], exposure: Floats
) -> tuple[Levels, Floats]:
    """Return levels before their first fit to a mean and strength, and what is expected then."""
    mean, strength = prior
    count, of = cells.kinds.campaigns, cells.keys[:, CAMPAIGN]
    levels = Levels(
        of=of,
        counted=np.bincount(of, cells.conversions, count).astype(np.float64),
        level=np.full(count, mean),
        mean=mean,
        strength=strength,
    )
    return levels, exposure * mean


def shared_effects(kinds: Kinds, factors: list[Factor]) -> Floats:
    """Return the sum of shared effects by device, placement and hour, (D + 1, P + 1, 24)."""
    devices, placements = kinds.devices + 1, kinds.placements + 1
    device, placement, pair, hour, timed = (each.effect for each in factors)
    of_pair = device[:, None] + placement + pair.reshape(devices, placements)
    of_hour = hour + timed.reshape(devices, HOURS)
    return np.asarray(of_pair[:, :, None] + of_hour[:, None, :])


def places(cells: Cells) -> tuple[Ints, Ints, Ints]:
    """Return where each cell's factor is in arrays of shape (D + 1, P + 1, 24)."""
    _, device, placement, hour = numbered(cells.keys)
    return device, placement, hour


def by_campaign(cells: Cells, factors: Floats) -> Floats:
    """Return clicks times ``factors`` (N,) of each campaign, (B,)."""
    products = cells.exposure * factors
    sums = np.bincount(cells.keys[:, CAMPAIGN], products, cells.kinds.campaigns)
    return sums.astype(np.float64)


def numbered(keys: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Return the code of the ad set within its campaign, and device, placement and hour from 0."""
    code = keys[:, CAMPAIGN] * MOST_KINDS + keys[:, AD_SET] + 1
    return code, keys[:, DEVICE] + 1, keys[:, PLACEMENT] + 1, keys[:, HOUR_OF_DAY]
