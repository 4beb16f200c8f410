"""Whose ads are clicked on too little: the campaign's and its ad sets' against peers, and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import msgspec
import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.creatives import Compared, Shown, against_peers, fatigue, spread, weak
from workers.adviser.archive import KEPT_DAYS
from workers.adviser.evidence import Evidence
from workers.delivery.sizes import LARGEST_BATCH

MOST_SHOWN_BYTES: Final = LARGEST_BATCH // 4
"""Bytes of the units that a campaign's peers are told of: they are kept in one record."""

CAMPAIGN, AD_SET = "campaign", "ad_set"

Unit = tuple[str, str, dict[str, tuple[int, int]], float]
"""Kind, name, impressions and clicks by place, spread of its days: what peers need to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """The units of one campaign: itself, and its ad sets where reports name them."""

    units: tuple[Unit, ...]
    tired: Compared
    """Each unit's last days against its first."""
    conversions: Floats
    """Shape (U,)."""
    totals: Floats
    """Shape (U, 2): impressions and clicks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compares:
    """All that was compared of one campaign's units."""

    own: Own
    peers: Compared
    """Each unit of ``own`` against its peers."""
    peer_count: Ints

    @property
    def chances(self) -> tuple[float, ...]:
        """The chances of all that was tested."""
        both = (self.peers, self.own.tired)
        return tuple(float(c) for each in both for c in each.chance[each.tested])

    def weak(self, others: Floats) -> tuple[Bools, Bools]:
        """Return which units are weak against peers, and which have become tired."""
        peers, tired = self.peers, self.own.tired
        with_tired = np.concatenate((others, tired.chance[tired.tested]))
        with_peers = np.concatenate((others, peers.chance[peers.tested]))
        return weak(peers, with_tired), weak(tired, with_peers)


def units_of(evidence: Evidence, today: int) -> Own:
    """Return the units of a campaign by the days before local day ``today``."""
    known, ad_set = evidence.kinds(0)
    named = [(CAMPAIGN, "", np.ones(len(ad_set), dtype=np.bool_))]
    named += [(AD_SET, name, ad_set == at) for at, name in enumerate(known)]
    age = evidence.day - (today - KEPT_DAYS)
    places, place = _places(evidence)
    by_place, by_day, conversions = [], [], []
    for _, _, rows in named:
        kept = rows & (age >= 0) & (age < KEPT_DAYS)
        by_place.append(_sums(evidence, rows, place, len(places)))
        by_day.append(_sums(evidence, kept, age, KEPT_DAYS))
        conversions.append(float(evidence.conversions[rows].sum()))
    days = np.array(by_day).reshape(len(named), 2, KEPT_DAYS)
    spreads = spread(days[:, 0], days[:, 1]).tolist()
    units = []
    for (kind, name, _), sums, own in zip(named, by_place, spreads, strict=True):
        told = {
            each: (int(sums[0, at]), int(sums[1, at]))
            for at, each in enumerate(places)
            if sums[0, at] > 0.0
        }
        units.append((kind, name, told, own))
    return Own(
        units=tuple(units),
        tired=fatigue(days[:, 0], days[:, 1]),
        conversions=np.array(conversions),
        totals=np.array([each.sum(axis=1) for each in by_place]),
    )


def shown_most(units: Sequence[Unit]) -> tuple[Unit, ...]:
    """Return the units that were shown most, in their order: as many as a record has room for."""
    ranked = sorted(range(len(units)), key=lambda at: (-_impressions(units[at]), at))
    sizes = accumulate(len(msgspec.msgpack.encode(units[at])) for at in ranked)
    kept = {at for at, size in zip(ranked, sizes, strict=True) if size <= MOST_SHOWN_BYTES}
    return tuple(unit for at, unit in enumerate(units) if at in kept)


def _impressions(unit: Unit) -> int:
    return sum(impressions for impressions, _ in unit[2].values())


def compares(own: Own, peers: Sequence[Unit]) -> Compares:
    """Return how units of a campaign compare with units of the account's other campaigns."""
    parts, counts = [], np.zeros(len(own.units), dtype=np.int64)
    for kind in (CAMPAIGN, AD_SET):
        mine = [at for at, each in enumerate(own.units) if each[0] == kind]
        all_ = [own.units[at] for at in mine] + [each for each in peers if each[0] == kind]
        counts[mine] = len(all_) - 1
        parts.append((mine, against_peers(_shown(all_))))
    return Compares(own=own, peers=_put_together(parts, len(own.units)), peer_count=counts)


def _put_together(parts: Sequence[tuple[list[int], Compared]], count: int) -> Compared:
    def column(name: str) -> Floats:
        values = np.zeros(count)
        for mine, found in parts:
            values[mine] = getattr(found, name)[: len(mine)]
        return values

    names = ("low", "middle", "high", "expected", "chance")
    columns = {name: column(name) for name in names}
    return Compared(**columns, tested=column("tested") > 0.0)


def _shown(units: Sequence[Unit]) -> Shown:
    places = sorted({place for _, _, told, _ in units for place in told})
    table = np.zeros((len(units), len(places), 2))
    for row, (_, _, told, _) in zip(table, units, strict=True):
        for at, place in enumerate(places):
            row[at] = told.get(place, (0, 0))
    spreads = np.array([each[3] for each in units])
    return Shown(impressions=table[:, :, 0], clicks=table[:, :, 1], spread=spreads)


def _places(evidence: Evidence) -> tuple[list[str], Ints]:
    """Return the kinds of place there are, a device and placement each, and each row's."""
    named = [f"{device or ''}\0{placement or ''}" for _, device, placement in evidence.names]
    places = sorted(set(named))
    numbers = np.array([places.index(each) for each in named], dtype=np.int64)
    return places, numbers[evidence.slice] if len(evidence.slice) else evidence.slice


def _sums(evidence: Evidence, rows: Bools, at: Ints, count: int) -> Floats:
    """Return impressions and clicks of some rows by ``at``, (2, count)."""
    counted = (evidence.impressions, evidence.clicks)
    return np.array([np.bincount(at[rows], each[rows], count) for each in counted])
