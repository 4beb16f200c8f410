"""What campaigns teach each other about the hours of the week: sums of closed days.

Each campaign-day counts by how much it can tell, not by how big it is: a campaign with ten
times the clicks says little more about the shape of a day. The sums are integers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints, Rows
from engine.calendar import HOURS_OF_WEEK
from engine.errors import UnknownFormat
from engine.patterns import FLAT_STRENGTH

FORMAT: Final = 1
POOL: Final = np.dtype(
    [
        ("format", "<i8"),
        ("version", "<i8"),
        ("latest_day", "<i8"),
        ("latest_count", "<i8"),
        ("previous_count", "<i8"),
        ("relative", "<i8", (HOURS_OF_WEEK,)),
        ("weight", "<i8", (HOURS_OF_WEEK,)),
        ("day_clicks", "<i8", (7,)),
        ("day_weight", "<i8", (7,)),
        ("excess", "<f8"),
        ("clicks", "<f8"),
    ]
)
"""Sums over the closed days of a scope. ``relative`` is the weighted rate of an hour against
its day's mean, in `ONE`; ``weight`` that of the hours observed, ``day_clicks`` and
``day_weight`` by weekday; ``excess`` and ``clicks`` say how unlike campaigns are; the counts
are campaigns of the two latest days."""

ONE: Final = 2**20
"""Steps of a relative rate of 1."""

WHOLE: Final = 2**10
"""Weight of a campaign-day that tells all it could."""

TELLING: Final = 50
"""Clicks of a day that tell half of what a busy day would."""

MOST_DAYS: Final = 100_000
"""Campaign-days at which a scope's sums are halved, so that what is new goes on counting."""

STRONGEST: Final = 1_000.0
"""Most own clicks in each hour of the week that a prior may count for."""

_DAY_TRUST = 28.0
"""Campaign-days of a weekday that its being like the others counts for."""

_LARGEST = 10**9

_SUMS: Final = ("relative", "weight", "day_clicks", "day_weight")
_COUNTS: Final = ("latest_day", "latest_count", "previous_count")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """What a scope's sums say."""

    weights: Floats
    """Shape (168,), relative rate of each hour of the week, mean 1."""
    evidence: float
    """Effective campaign-days."""
    concentration: float
    """Own clicks in each hour of the week that the shape counts for."""
    campaigns: int
    """Campaigns of the latest full day."""


def new_pool() -> Rows:
    """Return the sums of no day at all; shape (1,)."""
    pool = np.zeros(1, dtype=POOL)
    pool["format"] = FORMAT
    return pool


def unpack(value: bytes) -> Rows:
    """Return stored sums as a new array of shape (1,); empty bytes are no day at all.

    Raises
    ------
    UnknownFormat
        When the value was written by another version.
    """
    if not value:
        return new_pool()
    pool = np.frombuffer(value, dtype=POOL).copy()
    if pool["format"][0] != FORMAT:
        raise UnknownFormat("pool", found=int(pool["format"][0]), known=FORMAT)
    return pool


def add_days(pool: Rows, days: Ints, cells: Ints, clicks: Ints, observed: Bools) -> Rows:
    """Return sums with N campaign-days more, each held against the sums that it finds.

    Parameters
    ----------
    pool
        Shape (1,).
    days
        Shape (N,), local days, in days since 1970-01-01.
    cells, clicks, observed
        Shape (N, H): hour of the week, clicks, and whether the hour was reported; short days end in
        hours that were not. A day without a click tells nothing of its shape, and changes the
        counts alone.
    """
    seen = np.where(observed, np.minimum(clicks, _LARGEST), 0)
    told = np.flatnonzero(seen.any(axis=1))
    full = int(pool["day_weight"].sum()) + WHOLE * len(told) > MOST_DAYS * WHOLE
    if full and len(days) > 1:
        for at in range(len(days)):
            some = slice(at, at + 1)
            pool = add_days(pool, days[some], cells[some], clicks[some], observed[some])
        return pool
    after = _counted(pool.copy(), days)
    if not told.size:
        return after
    cells, seen, observed = cells[told], seen[told], observed[told]
    grown = _grown(cells, seen, observed)
    before = {name: _before(pool[name], each) for name, each in grown.items()}
    excess = _excess(_shapes(before), cells, seen, observed)
    after["excess"] = np.cumsum(np.concatenate((pool["excess"], excess)))[-1]
    after["clicks"] += float(seen.sum())
    for name, each in grown.items():
        after[name] += each.sum(axis=0)
    return _halved(after) if full else after


def _grown(cells: Ints, clicks: Ints, observed: Bools) -> dict[str, Ints]:
    """Return what each of N days adds to sums, (N, 168) and (N, 7)."""
    count = len(cells)
    total = clicks.sum(axis=1)
    weight = WHOLE * total // (total + TELLING)
    relative = clicks * (observed.sum(axis=1) * ONE)[:, None] // total[:, None]
    hours, weekdays = (np.zeros((2, count, size), np.int64) for size in (HOURS_OF_WEEK, 7))
    owners, nth = np.nonzero(observed)
    where = owners, cells[owners, nth]
    np.add.at(hours[0], where, (relative * weight[:, None])[observed])
    np.add.at(hours[1], where, weight[owners])
    days = np.arange(count), cells[:, 0] // 24
    weekdays[0][days], weekdays[1][days] = total, WHOLE
    return dict(zip(_SUMS, (*hours, *weekdays), strict=True))


def _before(sums: Ints, grown: Ints) -> Ints:
    """Return the sums that each of N days finds."""
    return np.asarray(sums + np.cumsum(grown, axis=0) - grown)


def pooled(pool: Rows) -> Pooled:
    """Return what the sums say."""
    excess, clicks = float(pool["excess"][0]), float(pool["clicks"][0])
    alike = clicks / excess if excess > 0.0 else STRONGEST
    return Pooled(
        weights=shape_of(pool),
        evidence=float(pool["weight"].sum()) / (WHOLE * 24.0),
        concentration=min(max(alike, FLAT_STRENGTH), STRONGEST),
        campaigns=int(max(pool["latest_count"][0], pool["previous_count"][0])),
    )


def shape_of(pool: Rows) -> Floats:
    """Return the relative rate of each hour of the week, mean 1, shape (168,).

    The hours of a day are means over campaign-days, flat where none was observed; weekdays
    stand to each other as their clicks per campaign-day, shrunk to no difference.
    """
    return np.asarray(_shapes({name: pool[name] for name in _SUMS})[0])


def _shapes(sums: Mapping[str, Ints]) -> Floats:
    """Return the shapes (N, 168) that N times `_SUMS` say."""
    relative, weight, day_clicks, day_weight = (sums[name] for name in _SUMS)
    flat = np.ones(relative.shape)
    hours = np.divide(relative, weight * float(ONE), out=flat, where=weight > 0)
    days, clicks = day_weight / float(WHOLE), day_clicks.astype(np.float64)
    mean = clicks.sum(axis=1, keepdims=True) / np.maximum(days.sum(axis=1, keepdims=True), 1.0)
    level = np.divide(clicks, mean, out=np.zeros(clicks.shape), where=mean > 0.0)
    weekdays = np.where(mean > 0.0, (level + _DAY_TRUST) / (days + _DAY_TRUST), 1.0)
    shape = np.maximum(hours, 1e-3) * np.repeat(weekdays, 24, axis=1)
    return np.asarray(shape / shape.mean(axis=1, keepdims=True))


def _counted(pool: Rows, days: Ints) -> Rows:
    """Count the campaigns of days, one after the other; those before the latest two are not."""
    latest, *counts = (int(pool[name][0]) for name in _COUNTS)
    for day in days.tolist():
        if day > latest:
            counts = [1, counts[0] if day == latest + 1 else 0]
            latest = day
        elif day >= latest - 1:
            counts[latest - day] += 1
    for name, value in zip(_COUNTS, (latest, *counts), strict=True):
        pool[name] = value
    return pool


def _excess(shapes: Floats, cells: Ints, clicks: Ints, observed: Bools) -> Floats:
    """Return how much more clicks (N, H) vary around shapes than chance would make them; (N,).

    Pearson's statistic less its degrees of freedom: its expectation is the clicks divided by
    the concentration (method of moments).
    """
    excess, parts = np.empty(len(cells)), np.take_along_axis(shapes, cells, axis=1)
    hours = observed.sum(axis=1)
    for count in np.unique(hours).tolist():
        rows = np.flatnonzero(hours == count)
        chosen = observed[rows]
        part, told = (each[rows][chosen].reshape(-1, count) for each in (parts, clicks))
        expected = told.sum(axis=1, keepdims=True) * part / part.sum(axis=1, keepdims=True)
        excess[rows] = ((told - expected) ** 2 / expected).sum(axis=1) - (count - 1)
    return excess


def _halved(pool: Rows) -> Rows:
    for name in _SUMS:
        pool[name] //= 2
    for name in ("excess", "clicks"):
        pool[name] /= 2.0
    return pool
