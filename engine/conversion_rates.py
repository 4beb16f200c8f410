"""Conversion rates by ad set, device, placement and hour, from few clicks of many campaigns.

A rate is the campaign's level, times factors that campaigns share (device, placement, the two
together, hour of the day, device and hour together), times the campaign's own departures from them
(ad set, device, placement, hour). `teach` learns what is shared, and how much campaigns depart from
it, from many campaigns; `learn` fits each campaign to its own cells and what it was taught, so that
it depends on no other. Nothing is assumed of any device, placement or hour.

Source: as `engine.log_linear`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.intervals import LIKELY, Interval
from engine.log_linear import (
    ASSUMED_SPREAD,
    ASSUMED_VARIANCE,
    Factor,
    Levels,
    balanced,
    centred,
    refitted,
    releveled,
    with_prior,
    with_variance,
)
from engine.rate_cells import CAMPAIGN, HOURS, Cells, Kinds
from engine.rate_factors import (
    Spreads,
    by_campaign,
    first_levels,
    numbered,
    own_factors,
    places,
    shared_effects,
    shared_factors,
)

PRIOR: Final = (0.02, 1.0 / ASSUMED_SPREAD)
"""Conversions per click, and how many they count for, where nobody has taught anything."""

MOST: Final = 1.0
"""Conversions per click that a rate may come to."""

TEACHING, LEARNING = 24, 12
"""Rounds over all factors. Their number is fixed: that of a campaign must not depend on others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """What campaigns share; D devices and P placements, and before each the unknown one."""

    mean: float
    """Conversions per click of campaigns, > 0."""
    strength: float
    """Conversions that it counts for, > 0."""
    shared: Floats
    """Shape (D + 1, P + 1, 24): log factors of device, placement and hour, multiplied."""
    unsure: Floats
    """Shape (D + 1, P + 1, 24): their variance."""
    spreads: Spreads


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What is known of B campaigns' rates: levels, log factors, and the variances of both."""

    taught: Taught
    level: Floats
    """Shape (B,), conversions per click, > 0."""
    ad_sets: Ints
    """Shape (M,), sorted: campaign * `MOST_KINDS` + ad set + 1, of those seen."""
    ad_set: Floats
    """Shape (M,)."""
    device: Floats
    """Shape (B, D + 1)."""
    placement: Floats
    """Shape (B, P + 1)."""
    hour: Floats
    """Shape (B, 24)."""
    variances: tuple[Floats, Floats, Floats, Floats, Floats]
    """Of the log level and of the log factors, in the same order and shapes."""


def untaught(kinds: Kinds) -> Taught:
    """Return what is assumed where no campaign has taught anything: no shared factor."""
    shape = kinds.devices + 1, kinds.placements + 1, HOURS
    return Taught(
        mean=PRIOR[0],
        strength=PRIOR[1],
        shared=np.zeros(shape),
        unsure=np.full(shape, 3.0 * ASSUMED_VARIANCE),
        spreads=Spreads(),
    )


def teach(cells: Cells) -> Taught:
    """Return what campaigns share, learned from all of them together.

    Every round refits levels and factors one after the other, and the variances they came from.
    """
    if not cells.exposure.any():
        return untaught(cells.kinds)
    cells = _of_clicks(cells)
    shared = shared_factors(cells)
    own, _ = own_factors(cells, Spreads())
    levels, expected = first_levels(cells, PRIOR, cells.exposure)
    for _ in range(TEACHING):
        # Own factors would hide how much levels differ.
        plain = by_campaign(cells, np.exp(shared_effects(cells.kinds, shared)[places(cells)]))
        levels, expected = releveled(with_prior(levels, plain), expected)
        for at, factor in enumerate(shared):
            fitted, expected = centred(*refitted(factor, expected))
            shared[at] = with_variance(fitted, expected)
        for at, factor in enumerate(own):
            fitted, expected = refitted(factor, expected)
            levels, fitted = balanced(levels, fitted)
            own[at] = with_variance(fitted, expected)
    names = [field.name for field in fields(Spreads)]
    spreads = Spreads(**{name: each.variance for name, each in zip(names, own, strict=True)})
    return _what_is_shared(cells.kinds, levels, shared, spreads)


def learn(cells: Cells, taught: Taught) -> Learned:
    """Return what is known of each campaign, from its own cells and what it was taught."""
    cells = _of_clicks(cells)
    offset = np.exp(taught.shared[places(cells)])
    own, ad_sets = own_factors(cells, taught.spreads)
    levels, expected = first_levels(cells, (taught.mean, taught.strength), cells.exposure * offset)
    for _ in range(LEARNING):
        levels, expected = releveled(levels, expected)
        for at, factor in enumerate(own):
            fitted, expected = refitted(factor, expected)
            levels, own[at] = balanced(levels, fitted)
    return _learned(cells.kinds, taught, levels, (own, ad_sets))


def _of_clicks(cells: Cells) -> Cells:
    """Return cells without what campaigns counted that had no click: it is no rate of clicks.

    Left in, it would raise the rates of all that others share with them without any end.
    """
    clicked = by_campaign(cells, np.ones(len(cells.exposure))) > 0.0
    counted = np.where(clicked[cells.keys[:, CAMPAIGN]], cells.conversions, 0.0)
    return replace(cells, conversions=counted)


def rates(learned: Learned, keys: Ints) -> Interval:
    """Return conversions per click of cells, and their limits four times of five.

    An ad set that was never seen has its campaign's rate, and wider limits. The limits take what
    is not known of each factor for independent, which is wide rather than narrow.

    Parameters
    ----------
    keys
        Shape (N, 5), as those of `engine.rate_cells.Cells`.
    """
    campaign = keys[:, CAMPAIGN]
    code, device, placement, hour = numbered(keys)
    at, seen = _found(learned.ad_sets, code)
    taught, (level, *unsure) = learned.taught, learned.variances
    where = (device, placement, hour)
    log = np.log(learned.level[campaign]) + taught.shared[where]
    variance = level[campaign] + taught.unsure[where]
    if len(learned.ad_sets):
        log += np.where(seen, learned.ad_set[at], 0.0)
        variance += np.where(seen, unsure[0][at], taught.spreads.ad_set)
    else:
        variance += taught.spreads.ad_set
    own = (learned.device, learned.placement, learned.hour)
    for effect, unsure_of, column in zip(own, unsure[1:], where, strict=True):
        log += effect[campaign, column]
        variance += unsure_of[campaign, column]
    spread = LIKELY * np.sqrt(variance)
    low, middle, high = (np.minimum(np.exp(log + each), MOST) for each in (-spread, 0.0, spread))
    return Interval(low=low, middle=middle, high=high)


def _learned(
    kinds: Kinds, taught: Taught, levels: Levels, own: tuple[list[Factor], Ints]
) -> Learned:
    factors, ad_sets = own
    ad_set, *others = ((each.effect, 1.0 / each.precision) for each in factors)
    count = kinds.campaigns
    sizes = (kinds.devices + 1, kinds.placements + 1, HOURS)
    device, placement, hour = (
        (effect.reshape(count, size), variance.reshape(count, size))
        for (effect, variance), size in zip(others, sizes, strict=True)
    )
    level = 1.0 / (levels.counted + levels.strength)
    return Learned(
        taught=taught,
        level=levels.level,
        ad_sets=ad_sets,
        ad_set=ad_set[0],
        device=device[0],
        placement=placement[0],
        hour=hour[0],
        variances=(level, ad_set[1], device[1], placement[1], hour[1]),
    )


def _what_is_shared(
    kinds: Kinds, levels: Levels, factors: list[Factor], spreads: Spreads
) -> Taught:
    variances = [replace(each, effect=1.0 / each.precision) for each in factors]
    return Taught(
        mean=levels.mean,
        strength=levels.strength,
        shared=shared_effects(kinds, factors),
        unsure=shared_effects(kinds, variances),
        spreads=spreads,
    )


def _found(ad_sets: Ints, codes: Ints) -> tuple[Ints, Bools]:
    at = np.minimum(np.searchsorted(ad_sets, codes), max(len(ad_sets) - 1, 0))
    if not len(ad_sets):
        return at, np.zeros(len(codes), dtype=np.bool_)
    return at, np.asarray(ad_sets[at] == codes)
