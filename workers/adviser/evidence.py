"""The days that are kept of a campaign as arrays: what the engine goes by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np

from engine.arrays import Floats, Ints
from engine.calendar import HOUR
from engine.delay import Maturity
from engine.rate_cells import UNKNOWN, Cells, Kinds, gathered, matured
from workers.adviser.archive import KeptDay
from workers.adviser.slices import Names, order

MILLION: Final = 1e6
DIMENSIONS: Final = ("ad_set", "device", "placement")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """N rows of one campaign: a slice in an hour of a day. Arrays have shape (N,)."""

    names: Sequence[Names]
    """The slices that there are, in order."""
    slice: Ints
    """In ``names``."""
    day: Ints
    """Local days since 1970-01-01."""
    hour: Ints
    """Of the local day, 0 to 23."""
    impressions: Floats
    clicks: Floats
    spend: Floats
    """Money of the account."""
    conversions: Floats
    revenue: Floats
    share: Floats
    """Of its final conversions that is there, in (0, 2]."""

    @property
    def cost(self) -> Floats:
        """Spend by the share of its conversions that is there."""
        return self.spend * self.share

    def kinds(self, dimension: int) -> tuple[list[str], Ints]:
        """Return the names of a dimension in order, and each row's; -1 where it has none."""
        named = [each[dimension] for each in self.names]
        known = sorted({each for each in named if each is not None})
        place = {each: at for at, each in enumerate(known)}
        numbers = [UNKNOWN if each is None else place[each] for each in named]
        return known, np.array(numbers, dtype=np.int64)[self.slice]


def evidence_of(days: Sequence[KeptDay], maturity: Maturity, now: int) -> Evidence:
    """Return what days say as of second ``now``; ``maturity`` is of one campaign.

    Where any day was told again, otherwise than before, no news of an hour is that nothing has
    changed: its age is that of now. Where none ever was, it is that at which the day was told. On
    days on which the clock changes ages may be an hour off.
    """
    restates = any(day.again for day in days)
    names = sorted({row[0] for day in days for row in day.rows}, key=order)
    place = {each: at for at, each in enumerate(names)}
    flat = [(day, row) for day in days for row in day.rows]
    lengths = [len(hours) for _, (_, hours, _) in flat]

    def spread(values: Sequence[int]) -> Ints:
        return np.repeat(np.array(values, dtype=np.int64), lengths)

    hour = np.array(list(chain.from_iterable(row[1] for _, row in flat)), dtype=np.int64)
    counts = [
        np.array(list(chain.from_iterable(row[2][at] for _, row in flat)), dtype=np.float64)
        for at in range(5)
    ]
    ends = spread([day.begins for day, _ in flat]) + (hour + 1) * HOUR
    told = spread([now if restates else day.closed for day, _ in flat])
    ages = np.maximum(told - ends, 0) / HOUR
    one = np.zeros(len(hour), dtype=np.int64)
    return Evidence(
        names=names,
        slice=spread([place[row[0]] for _, row in flat]),
        day=spread([day.day for day, _ in flat]),
        hour=hour,
        impressions=counts[0],
        clicks=counts[1],
        spend=counts[2] / MILLION,
        conversions=counts[3] / MILLION,
        revenue=counts[4] / MILLION,
        share=matured(maturity, one, np.ones(len(hour)), ages),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Cells of several campaigns, and what their numbers stand for."""

    cells: Cells
    ad_sets: Sequence[Sequence[str]]
    """By campaign."""
    devices: Sequence[str]
    placements: Sequence[str]


def cells_of(several: Sequence[Evidence]) -> Named:
    """Return clicks and conversions by ad set, device, placement and hour of the day.

    Campaigns are numbered as given, ad sets by campaign, devices and placements over all of them.
    """
    devices, placements = (
        sorted({each[at] or "" for one in several for each in one.names} - {""}) for at in (1, 2)
    )
    keys, ad_sets = [], []
    for campaign, one in enumerate(several):
        own, ad_set = one.kinds(0)
        ad_sets.append(own)
        columns = [
            np.full(len(one.hour), campaign),
            ad_set,
            _numbers(one, 1, devices),
            _numbers(one, 2, placements),
            one.hour,
        ]
        keys.append(np.stack(columns, axis=1))
    kinds = Kinds(campaigns=len(several), devices=len(devices), placements=len(placements))
    return Named(
        cells=gathered(
            kinds,
            np.concatenate(keys) if keys else np.zeros((0, 5), dtype=np.int64),
            np.concatenate([one.clicks * one.share for one in several] or [np.zeros(0)]),
            np.concatenate([one.conversions for one in several] or [np.zeros(0)]),
        ),
        ad_sets=ad_sets,
        devices=devices,
        placements=placements,
    )


def _numbers(one: Evidence, dimension: int, known: Sequence[str]) -> Ints:
    place = {each: at for at, each in enumerate(known)}
    numbers = [UNKNOWN if (n := each[dimension]) is None else place[n] for each in one.names]
    return np.array(numbers, dtype=np.int64)[one.slice] if len(one.slice) else one.slice
