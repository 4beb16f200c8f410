"""Multipliers by device, placement and hours that a person may set beside an advised bid."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Floats, Ints
from engine.bid_multipliers import Taken, multipliers, products
from engine.hour_blocks import blocks
from engine.intervals import LIKELY
from engine.mean_rates import MeanRates, Mix
from schemas import BidMultiplier, MultiplierKind, Range
from workers.adviser.bid_platforms import PLATFORMS, Takes
from workers.adviser.bid_slices import Delivered

DIGITS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiplied:
    """The multipliers of one entity, and what they come to together."""

    factors: tuple[BidMultiplier, ...] = ()
    mean: float = 1.0
    """Their mean over clicks: the bid beside them is divided by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """One kind of G entities; the unknown one is left out."""

    kind: MultiplierKind
    names: Sequence[str]
    factor: Floats
    """Shape (G, K)."""
    clicks: Floats
    variance: Floats
    """Of the log of the factors, (G, K)."""


def multiplied(
    platform: str, sold: Delivered, delivered: Mix, found: MeanRates
) -> list[Multiplied]:
    """Return the multipliers of G entities that the platform takes and evidence supports.

    A kind is given where one of its factors at least differs from 1 by more than noise. Kinds that
    the platform does not take are summed over: what they do shows in the others.
    """
    takes = PLATFORMS.get(platform, {})
    kinds = [each for each in _kinds(sold, delivered, found, takes) if each.kind in takes]
    made = []
    for row in range(len(delivered.campaign)):
        told = [_told(each, row, takes[each.kind]) for each in kinds]
        factors = tuple(factor for each in told for factor in each.factors)
        made.append(Multiplied(factors=factors, mean=float(np.prod([each.mean for each in told]))))
    return made


def _kinds(
    sold: Delivered,
    delivered: Mix,
    found: MeanRates,
    takes: Collection[MultiplierKind],
) -> list[_Kind]:
    device, placement, hour = products(*_summed(found.cells, delivered.clicks, takes))
    clicks = [delivered.clicks.sum(axis=axes) for axes in ((2, 3), (1, 3), (1, 2))]
    return [
        _Kind(
            kind=MultiplierKind.DEVICE,
            names=sold.devices,
            factor=device[:, 1:],
            clicks=clicks[0][:, 1:],
            variance=found.device[:, 1:],
        ),
        _Kind(
            kind=MultiplierKind.PLACEMENT,
            names=sold.placements,
            factor=placement[:, 1:],
            clicks=clicks[1][:, 1:],
            variance=found.placement[:, 1:],
        ),
        _Kind(
            kind=MultiplierKind.HOUR,
            names=[f"{each:02d}" for each in range(24)],
            factor=hour,
            clicks=clicks[2],
            variance=found.hour,
        ),
    ]


def _summed(
    rates: Floats, clicks: Floats, takes: Collection[MultiplierKind]
) -> tuple[Floats, Floats]:
    """Return rates and clicks of cells, summed over the kinds that are not taken."""
    for axis, kind in enumerate(MultiplierKind, start=1):
        if kind not in takes:
            sums = clicks.sum(axis=axis, keepdims=True)
            even = rates.mean(axis=axis, keepdims=True)
            came = (rates * clicks).sum(axis=axis, keepdims=True)
            rates, clicks = np.divide(came, sums, out=even, where=sums > 0.0), sums
    return rates, clicks


def _told(kind: _Kind, row: int, takes: Takes) -> Multiplied:
    names, factor, clicks, deviation = _grouped(kind, row, takes.most)
    some = clicks > 0.0
    if some.sum() < 2 or some.sum() > takes.most:  # noqa: PLR2004 -- one of a kind is all there is
        return Multiplied()
    names, factor, clicks, deviation = (
        [name for name, kept in zip(names, some, strict=True) if kept],
        factor[some],
        clicks[some],
        deviation[some],
    )
    share = clicks / clicks.sum()
    factor = factor / float(share @ factor)
    if not (np.abs(np.log(factor)) > LIKELY * deviation).any():
        return Multiplied()
    made = _rounded(factor, clicks, takes.taken)
    spread = np.exp(LIKELY * deviation)
    factors = tuple(
        BidMultiplier(
            kind=kind.kind,
            name=name,
            factor=round(float(made[at]), DIGITS),
            share=round(float(share[at]), DIGITS),
            likely=_range(float(factor[at]), float(spread[at])),
        )
        for at, name in enumerate(names)
    )
    return Multiplied(factors=factors, mean=float(share @ made))


def _rounded(factor: Floats, clicks: Floats, taken: Taken) -> Floats:
    """Return factors as the platform takes them; where it only raises, against the lowest."""
    if taken.low >= 1.0:
        raised = np.clip(factor / factor.min(), taken.low, taken.high)
        return np.asarray(1.0 + np.rint((raised - 1.0) / taken.step) * taken.step)
    return np.asarray(multipliers(factor[None], clicks[None], taken).factor[0])


def _grouped(kind: _Kind, row: int, most: int) -> tuple[list[str], Floats, Floats, Floats]:
    """Return names, factors, clicks and deviations; of hours in as few stretches as are taken."""
    factor, clicks, variance = kind.factor[row], kind.clicks[row], kind.variance[row]
    if kind.kind is not MultiplierKind.HOUR:
        return list(kind.names), factor, clicks, np.sqrt(variance)
    block, weight = _split(factor, clicks, variance, most)
    size = int(block.max()) + 1
    sums = np.bincount(block, clicks, size).astype(np.float64)
    mean = np.bincount(block, weight * factor, size)
    # Taken for known together or not at all, which is wide rather than narrow.
    deviation = np.bincount(block, weight * np.sqrt(variance), size).astype(np.float64)
    return _stretches(block), np.where(sums > 0.0, mean, 1.0), sums, deviation


def _split(factor: Floats, clicks: Floats, variance: Floats, most: int) -> tuple[Ints, Floats]:
    """Return the fewest blocks of hours that factors fit within their noise, and weights in them.

    Else as many as are taken.
    """
    noise = float(clicks @ (np.square(factor) * variance))
    block, weight = np.zeros(len(factor), dtype=np.int64), np.zeros(len(factor))
    for count in range(1, most + 1):
        block = blocks(factor[None], clicks[None], count)[0]
        sums = np.bincount(block, clicks)[block]
        weight = np.divide(clicks, sums, out=np.zeros(len(clicks)), where=sums > 0.0)
        mean = np.bincount(block, weight * factor)[block]
        if float(clicks @ np.square(factor - mean)) <= noise:
            break
    return block, weight


def _stretches(block: Ints) -> list[str]:
    """Return each block's hours: 18-23 begins at 18:00 and ends at 23:59."""
    found = []
    for number in range(int(block.max()) + 1):
        hours = np.flatnonzero(block == number)
        found.append(f"{hours[0]:02d}-{hours[-1]:02d}")
    return found


def _range(factor: float, spread: float) -> Range:
    low, middle, high = (round(each, DIGITS) for each in (factor / spread, factor, factor * spread))
    return Range(p10=low, p50=middle, p90=high)
