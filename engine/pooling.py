"""What campaigns teach each other about the hours of the week: sums of closed days.

Each campaign-day counts by how much it can tell, not by how big it is: a campaign with ten
times the clicks says little more about the shape of a day. The sums are integers.
"""

from __future__ import annotations

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


def add_day(pool: Rows, day: int, cells: Ints, clicks: Ints, observed: Bools) -> Rows:
    """Return sums with one campaign-day more.

    Parameters
    ----------
    pool
        Shape (1,).
    day
        Local day, in days since 1970-01-01.
    cells, clicks, observed
        Shape (H,): hour of the week, clicks, and whether the hour was reported. A day
        without a click tells nothing of its shape, and changes the counts alone.
    """
    after = _counted(pool.copy(), day)
    chosen = np.flatnonzero(observed)
    seen = np.minimum(clicks[chosen], _LARGEST)
    total = int(seen.sum())
    if total == 0:
        return after
    weight = WHOLE * total // (total + TELLING)
    relative = seen * len(seen) * ONE // total
    hours = cells[chosen]
    after["excess"] += _excess(shape_of(pool), hours, seen)
    after["clicks"] += total
    np.add.at(after["relative"][0], hours, relative * weight)
    np.add.at(after["weight"][0], hours, weight)
    weekday = int(cells[0]) // 24
    after["day_clicks"][0, weekday] += total
    after["day_weight"][0, weekday] += WHOLE
    return _halved(after) if after["day_weight"].sum() > MOST_DAYS * WHOLE else after


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
    weight = pool["weight"][0]
    hours = np.divide(
        pool["relative"][0], weight * float(ONE), out=np.ones(HOURS_OF_WEEK), where=weight > 0
    )
    days = pool["day_weight"][0] / float(WHOLE)
    clicks = pool["day_clicks"][0].astype(np.float64)
    mean = clicks.sum() / max(days.sum(), 1.0)
    weekdays = np.ones(7)
    if mean > 0.0:
        weekdays = (clicks / mean + _DAY_TRUST) / (days + _DAY_TRUST)
    shape = np.maximum(hours, 1e-3) * np.repeat(weekdays, 24)
    weights: Floats = shape / shape.mean()
    return weights


def _counted(pool: Rows, day: int) -> Rows:
    """Count a campaign of the day; days before the latest two are not counted."""
    latest = int(pool["latest_day"][0])
    if day > latest:
        pool["previous_count"] = pool["latest_count"] if day == latest + 1 else 0
        pool["latest_day"], pool["latest_count"] = day, 1
    elif day == latest:
        pool["latest_count"] += 1
    elif day == latest - 1:
        pool["previous_count"] += 1
    return pool


def _excess(shape: Floats, cells: Ints, clicks: Ints) -> float:
    """Return how much more the clicks vary around the shape than chance would make them.

    Pearson's statistic less its degrees of freedom: its expectation is the clicks divided by
    the concentration (method of moments).
    """
    part = shape[cells]
    expected = clicks.sum() * part / part.sum()
    return float(((clicks - expected) ** 2 / expected).sum() - (len(cells) - 1))


def _halved(pool: Rows) -> Rows:
    for name in ("relative", "weight", "day_clicks", "day_weight"):
        pool[name] //= 2
    for name in ("excess", "clicks"):
        pool[name] /= 2.0
    return pool
