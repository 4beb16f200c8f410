"""What conversion rates are learned from: clicks and conversions by cell, as sums that fade.

A cell is an ad set, device, placement and hour of the day of a campaign. Clicks count by the share
of their conversions that is there by now, so that young clicks are no evidence of a low rate. Both
sums of a cell fade alike: old evidence counts for less against new, and its rate stays what it was.

Source: Chapelle, "Modeling Delayed Feedback in Display Advertising", KDD 2014; Badanidiyuru et al.,
"Handling many conversions per click in modeling delayed feedback", AdKDD 2021, arXiv 2101.02284;
Fritsch and Butland, "A Method for Constructing Local Monotone Piecewise Cubic Interpolants", SIAM
Journal on Scientific and Statistical Computing 5 (1984), for shares between known ages.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.delay import AGES, MOST_MATURE, Maturity
from engine.errors import EngineError

CAMPAIGN, AD_SET, DEVICE, PLACEMENT, HOUR_OF_DAY = range(5)
"""Columns of a cell's key."""

UNKNOWN: Final = -1
"""As an ad set, device or placement: the report does not say which."""

HOURS: Final = 24
MOST_KINDS: Final = 10_000
"""Most ad sets of a campaign, and most devices or placements."""

HALF_LIFE: Final = 30 * 24.0
"""Hours after which evidence counts for half."""

ROUNDED: Final = 1e-6
"""Conversions by which the rows of an hour may exceed its total: the last decimal of a report."""

_HALF: Final = 0.5
"""Mean age of the clicks of an hour at its end, hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """How many campaigns, devices and placements there are."""

    campaigns: int
    devices: int
    placements: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Evidence by cell, each cell once, in the order of their keys."""

    kinds: Kinds
    keys: Ints
    """Shape (N, 5): campaign, ad set, device, placement, hour of the day."""
    exposure: Floats
    """Shape (N,), >= 0: clicks, each by the share of its conversions that is there."""
    conversions: Floats
    """Shape (N,), >= 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """Rows of M hours that sum to the totals of these hours."""

    keys: Ints
    """Shape (N, 5)."""
    clicks: Floats
    """Shape (N,), >= 0."""
    conversions: Floats
    """Shape (N,), >= 0."""
    refused: Bools
    """Shape (M,): the breakdown exceeds the total and was left out."""


def gathered(kinds: Kinds, keys: Ints, exposure: Floats, conversions: Floats) -> Cells:
    """Return evidence by cell of rows (N,) in any order, however often a cell comes.

    Raises
    ------
    EngineError
        When a key is out of its range, or a sum is negative or not finite.
    """
    _check(kinds, keys, exposure, conversions)
    sizes = (kinds.campaigns, MOST_KINDS, kinds.devices + 1, kinds.placements + 1, HOURS)
    shifted = keys + np.array([0, 1, 1, 1, 0])
    flat = np.ravel_multi_index(tuple(shifted.T), sizes) if len(keys) else keys[:, 0]
    _, first, cell = np.unique(flat, return_index=True, return_inverse=True)
    sums = [
        np.bincount(cell, each, len(first)).astype(np.float64) for each in (exposure, conversions)
    ]
    return Cells(kinds=kinds, keys=keys[first], exposure=sums[0], conversions=sums[1])


def together(older: Cells, newer: Cells) -> Cells:
    """Return the evidence of both; the campaigns, devices and placements are the same."""
    return gathered(
        older.kinds,
        np.concatenate((older.keys, newer.keys)),
        np.concatenate((older.exposure, newer.exposure)),
        np.concatenate((older.conversions, newer.conversions)),
    )


def faded(cells: Cells, hours: Floats, half_life: float = HALF_LIFE) -> Cells:
    """Return evidence as it counts ``hours`` (B,) later, >= 0."""
    kept = np.exp2(-hours / half_life)[cells.keys[:, CAMPAIGN]]
    return replace(cells, exposure=cells.exposure * kept, conversions=cells.conversions * kept)


def matured(maturity: Maturity, campaigns: Ints, clicks: Floats, ages: Floats) -> Floats:
    """Return what clicks count for, (N,).

    Parameters
    ----------
    maturity
        Of all B campaigns.
    campaigns, clicks, ages
        Shape (N,); ages are hours since the end of the hour of the clicks.
    """
    different, which = np.unique(ages, return_inverse=True)
    return np.asarray(clicks * _share(maturity, different)[campaigns, which])


def _share(maturity: Maturity, ages: Floats) -> Floats:
    """Return the share (B, N) of final conversions that is there at ages (N,).

    Between the ages that are known its log is a cubic in the log of age without a summit of its own
    (Fritsch and Butland 1984). Straight in age it would be too low by some per cent where delays
    are long.
    """
    ends = np.log(np.array(AGES) + _HALF)
    place = np.log(np.maximum(ages, 0.0) + _HALF)
    step = np.clip(np.searchsorted(ends, place, side="right") - 1, 0, len(ends) - 2)
    width = np.diff(ends)
    slope = _slopes(maturity.logs, width)
    part = np.clip((place - ends[step]) / width[step], 0.0, 1.0)
    rest, width = 1.0 - part, width[step]
    logs = (
        rest**2 * (1.0 + 2.0 * part) * maturity.logs[:, step]
        + part**2 * (1.0 + 2.0 * rest) * maturity.logs[:, step + 1]
        + part * rest * width * (rest * slope[:, step] - part * slope[:, step + 1])
    )
    return np.where(ages < 0.0, 0.0, np.exp(np.minimum(logs, np.log(MOST_MATURE))))


def _slopes(logs: Floats, width: Floats) -> Floats:
    """Return slopes (B, A) at the ages known: the harmonic mean of those to either side."""
    secant = np.diff(logs, axis=1) / width
    before, after = secant[:, :-1], secant[:, 1:]
    alike = before * after > 0.0
    share = (1.0 + width[1:] / (width[:-1] + width[1:])) / 3.0
    weighed = share * after + (1.0 - share) * before
    middle = np.divide(before * after, weighed, out=np.zeros_like(before), where=alike)
    return np.concatenate((secant[:, :1], middle, secant[:, -1:]), axis=1)


def reconciled(
    keys: Ints, owners: Ints, rows: tuple[Floats, Floats], totals: tuple[Floats, Floats]
) -> Reconciled:
    """Return the rows of M hours and what is left of their totals, as rows of unknown kind.

    A breakdown that says less than the total is completed; one that says more contradicts itself:
    it is refused, and the total alone counts.

    Parameters
    ----------
    keys
        Shape (N + M, 5): of the N rows, and then of each hour's own (campaign and hour of day).
    owners
        Shape (N,): the hour that a row belongs to, in [0, M).
    rows, totals
        Clicks and conversions, shapes (N,) and (M,), >= 0.
    """
    hours = len(totals[0])
    rest = [
        total - np.bincount(owners, row, hours) for row, total in zip(rows, totals, strict=True)
    ]
    refused = (rest[0] < 0.0) | (rest[1] < -ROUNDED)
    own = keys[len(owners) :].copy()
    own[:, [AD_SET, DEVICE, PLACEMENT]] = UNKNOWN
    kept = ~refused[owners]
    clicks, conversions = (
        np.concatenate((row[kept], np.where(refused, total, np.maximum(left, 0.0))))
        for row, total, left in zip(rows, totals, rest, strict=True)
    )
    return Reconciled(
        keys=np.concatenate((keys[: len(owners)][kept], own)),
        clicks=clicks,
        conversions=conversions,
        refused=np.asarray(refused),
    )


def _check(kinds: Kinds, keys: Ints, exposure: Floats, conversions: Floats) -> None:
    names = ("campaign", "ad set", "device", "placement", "hour of the day")
    ends = (kinds.campaigns, MOST_KINDS - 1, kinds.devices, kinds.placements, HOURS)
    for column, (name, end) in enumerate(zip(names, ends, strict=True)):
        least = UNKNOWN if column in (AD_SET, DEVICE, PLACEMENT) else 0
        wrong = np.flatnonzero((keys[:, column] < least) | (keys[:, column] >= end))
        if wrong.size:
            found = int(keys[wrong[0], column])
            raise EngineError(
                f"row {wrong[0]}: {name} must lie in [{least}, {end}), was {found}: "
                "number the kinds anew, or make room for more"
            )
    for name, sums in (("exposure", exposure), ("conversions", conversions)):
        wrong = np.flatnonzero(~(np.isfinite(sums) & (sums >= 0.0)))
        if wrong.size:
            raise EngineError(
                f"row {wrong[0]}: {name} must be finite and >= 0, was {sums[wrong[0]]}"
            )
