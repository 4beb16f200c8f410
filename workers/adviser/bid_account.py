"""What advice on the bids of an account is made from: plain values, and arrays of what it sold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from engine.arrays import Floats, Ints
from engine.delay import Maturity
from engine.rate_cells import UNKNOWN, Kinds
from schemas import BidTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a bid stands."""

    bid: Decimal
    """In force, money per click, as reports or the audit trail name it."""
    changed_at: datetime | None = None
    """When it was last changed; None where that is not known to have happened."""
    changes_today: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bidder:
    """One campaign of the account."""

    platform: str
    account_id: str
    campaign_id: str
    terms: BidTerms | None
    """What its plan says; None without a plan."""
    standing: Mapping[str | None, Standing] = field(default_factory=dict)
    """Bids in force by ad set; None is the campaign's own, which ad sets have that name none."""
    multiplier: Decimal = Decimal(1)
    """The pacing multiplier that is in the reported bids: they are divided by it."""
    learning: bool = False
    """Whether the platform says that it is learning."""
    value: float | None = None
    """What a conversion is worth, money, where something else has told: a longer horizon's value.
    Else it is learned from revenue."""
    previous: Mapping[str | None, str] = field(default_factory=dict)
    """Id of the last advice by ad set, None for the campaign's own."""
    inputs: Mapping[str, int] = field(default_factory=dict)
    state_digest: str | None = None


class Sold(NamedTuple):
    """What one slice of an hour sold: the counts of a report."""

    campaign: int
    """Which of the account's bidders."""
    ad_set: str | None
    device: str | None
    placement: str | None
    hour: int
    """Of the account's local day, in [0, 24)."""
    age: float
    """Hours from the hour's end to the account's clock, >= 0."""
    clicks: float
    spend: float
    """Money of the campaign's currency, as revenue."""
    conversions: float
    revenue: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What N slices sold; their order says nothing."""

    ad_sets: tuple[tuple[str, ...], ...]
    """By campaign, in the order of their numbers."""
    devices: tuple[str, ...]
    placements: tuple[str, ...]
    keys: Ints
    """Shape (N, 5), as those of `engine.rate_cells.Cells`."""
    ages: Floats
    """Shape (N,), hours since the end of the hour."""
    clicks: Floats
    spend: Floats
    """Shape (N,), money, each of its campaign's currency; as revenue."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All campaigns of one account, at one moment."""

    bidders: tuple[Bidder, ...]
    delivered: Delivered
    maturity: Maturity
    """Of all bidders."""
    now: datetime
    model_version: str


def delivered(campaigns: int, rows: Iterable[Sold]) -> Delivered:
    """Return slices as arrays; names are numbered in their order, so that of rows is the same."""
    table = sorted(rows, key=_order)
    ad_sets = [
        _names(row.ad_set for row in table if row.campaign == each) for each in range(campaigns)
    ]
    devices, placements = (
        _names(row.device for row in table),
        _names(row.placement for row in table),
    )
    numbers = [_numbers(each) for each in ad_sets]
    of_device, of_placement = _numbers(devices), _numbers(placements)
    keys = [
        (
            row.campaign,
            numbers[row.campaign][row.ad_set],
            of_device[row.device],
            of_placement[row.placement],
            row.hour,
        )
        for row in table
    ]
    counts = np.array([row[5:] for row in table], dtype=np.float64).reshape(-1, 5).T
    ages, clicks, spend, conversions, revenue = counts
    return Delivered(
        ad_sets=tuple(ad_sets),
        devices=devices,
        placements=placements,
        keys=np.array(keys, dtype=np.int64).reshape(-1, 5),
        ages=ages,
        clicks=clicks,
        spend=spend,
        conversions=conversions,
        revenue=revenue,
    )


def _order(row: Sold) -> tuple[object, ...]:
    names = (row.ad_set, row.device, row.placement)
    return (row.campaign, *((each is not None, each or "") for each in names), *row[4:])


def _names(several: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({each for each in several if each is not None}))


def _numbers(names: Sequence[str]) -> dict[str | None, int]:
    return {None: UNKNOWN, **{name: number for number, name in enumerate(names)}}
