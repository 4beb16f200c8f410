"""What slices of hours sold, as arrays over all campaigns of an account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.arrays import Floats, Ints
from engine.rate_cells import UNKNOWN, Kinds

Names = tuple[str | None, str | None, str | None]
"""Ad set, device and placement, as far as reports name them."""


class Sold(NamedTuple):
    """What one slice of an hour sold: the counts of a report."""

    campaign: int
    """Which of the account's bidders."""
    names: Names
    hour: int
    """Of the account's local day, in [0, 24)."""
    age: float
    """Hours from the hour's end to the account's clock, >= 0."""
    share: float
    """Of its final conversions that is there by now, >= 0."""
    clicks: float
    spend: float
    """Money of the campaign's currency, as revenue."""
    conversions: float
    revenue: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The same of one campaign as arrays of shape (N,), in any order."""

    names: Sequence[Names]
    slice: Ints
    """In ``names``."""
    hour: Ints
    age: Floats
    share: Floats
    clicks: Floats
    spend: Floats
    conversions: Floats
    revenue: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What N slices of hours sold, in an order that follows from what they say."""

    ad_sets: tuple[tuple[str, ...], ...]
    """By campaign, in the order of their numbers."""
    devices: tuple[str, ...]
    placements: tuple[str, ...]
    keys: Ints
    """Shape (N, 5), as those of `engine.rate_cells.Cells`."""
    ages: Floats
    """Shape (N,), as of `Sold`, each of the following."""
    share: Floats
    clicks: Floats
    spend: Floats
    conversions: Floats
    revenue: Floats

    @property
    def kinds(self) -> Kinds:
        """How many there are of each."""
        return Kinds(
            campaigns=len(self.ad_sets),
            devices=len(self.devices),
            placements=len(self.placements),
        )


def delivered(several: Sequence[Columns]) -> Delivered:
    """Return the slices of campaigns as one; names are numbered in their own order."""
    devices, placements = (
        _sorted(names[at] for one in several for names in one.names) for at in (1, 2)
    )
    ad_sets = [_sorted(names[0] for names in one.names) for one in several]
    keys = [
        _keys(one, campaign, (own, devices, placements))
        for campaign, (one, own) in enumerate(zip(several, ad_sets, strict=True))
    ]
    table = np.concatenate(keys) if keys else np.zeros((0, 5), dtype=np.int64)
    names = ("age", "share", "clicks", "spend", "conversions", "revenue")
    counts = [_joined([getattr(one, name) for one in several]) for name in names]
    order = np.lexsort((*counts[::-1], *table.T[::-1]))
    age, share, clicks, spend, conversions, revenue = (each[order] for each in counts)
    return Delivered(
        ad_sets=tuple(ad_sets),
        devices=devices,
        placements=placements,
        keys=table[order],
        ages=age,
        share=share,
        clicks=clicks,
        spend=spend,
        conversions=conversions,
        revenue=revenue,
    )


def columns(campaigns: int, rows: Iterable[Sold]) -> list[Columns]:
    """Return rows as arrays, by campaign."""
    found: list[list[Sold]] = [[] for _ in range(campaigns)]
    for row in rows:
        found[row.campaign].append(row)
    return [_columns(own) for own in found]


def _columns(rows: Sequence[Sold]) -> Columns:
    names = sorted({row.names for row in rows}, key=lambda each: [name or "" for name in each])
    place = {each: at for at, each in enumerate(names)}
    counts = np.array([row[3:] for row in rows], dtype=np.float64).reshape(-1, 6).T
    age, share, clicks, spend, conversions, revenue = counts
    return Columns(
        names=names,
        slice=np.array([place[row.names] for row in rows], dtype=np.int64),
        hour=np.array([row.hour for row in rows], dtype=np.int64),
        age=age,
        share=share,
        clicks=clicks,
        spend=spend,
        conversions=conversions,
        revenue=revenue,
    )


def _keys(one: Columns, campaign: int, known: tuple[Sequence[str], ...]) -> Ints:
    numbers = [{None: UNKNOWN, **{name: at for at, name in enumerate(each)}} for each in known]
    own = np.array(
        [[numbers[at][name] for at, name in enumerate(each)] for each in one.names], dtype=np.int64
    ).reshape(-1, 3)
    return np.column_stack((np.full(len(one.slice), campaign), own[one.slice], one.hour))


def _sorted(names: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({each for each in names if each is not None}))


def _joined(several: Sequence[Floats]) -> Floats:
    return np.concatenate([np.zeros(0), *several])
