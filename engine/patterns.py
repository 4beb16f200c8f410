"""When a campaign's clicks and conversions come: the hours of the local week.

What is learned are integer sums over the hours of closed local days that are kept, so
they are the same bits whatever the order of the facts, and a restated hour corrects them.
An estimate is a gamma-Poisson posterior mean (empirical Bayes): the conversions' shape is
shrunk to the campaign's own clicks' shape, and that to the pooled prior.

Beside the hours of the week stand the days of the month and the months of the year:
`engine.dates` makes factors of them.

Source: Robbins, "An Empirical Bayes Approach to Statistics" (1956); gamma-Poisson
shrinkage as in Gelman et al., "Bayesian Data Analysis", 3rd ed., section 2.6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Floats, Ints, Rows
from engine.calendar import DATES, DAYS_OF_MONTH, HOURS_OF_WEEK, MONTHS_OF_YEAR
from engine.dates import UNDATED, add_dates
from engine.errors import UnknownFormat
from engine.hours import MILLIONTHS, SUSPECT

FORMAT: Final = 2
_WEEK: Final = [
    ("format", "<u8"),
    *((name, "<i8", (HOURS_OF_WEEK,)) for name in ("hours", "clicks", "conversions")),
]
WEEK: Final = np.dtype(_WEEK)
"""Format 1: one campaign's sums by hour of the local week: hours observed, clicks, and
millionths of conversions. Suspect hours are left out."""

PATTERN: Final = np.dtype(
    [
        *_WEEK,
        ("dated_from", "<i8"),
        ("date_conversions", "<i8", (DATES,)),
        ("date_hours", "<i2", (DATES, 7)),
        ("month_hours", "<i2", (DAYS_OF_MONTH, MONTHS_OF_YEAR)),
    ]
)
"""Format 2: with the same hours by date, from local day ``dated_from`` on: conversions and,
by weekday, hours of each day of the month and month of the year, and the hours that days of
the month have of each month. A count of hours stays below 2 ** 15: there are 24 * 31 in a
month, and no more than two months are kept."""

CONVERSIONS_STRENGTH: Final = 20.0
"""Conversions in each cell that the clicks' shape counts for: a campaign's conversions per
click are taken to vary by about a fifth from hour to hour (1 / 0.22 ** 2)."""

FLAT_STRENGTH: Final = 4.0
"""Clicks in each cell that the flat shape counts for where nothing has been pooled: real
weeks vary by about a half around flat (1 / 0.5 ** 2)."""

_SLICE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What others teach; row b is for campaign b."""

    shape: Floats
    """Shape (B, 168), relative, mean 1."""
    strength: Floats
    """Shape (B,), own clicks that the shape counts for, > 0."""
    evidence: Floats
    """Shape (B,), campaign-days behind it; 0 is the flat shape."""
    version: Ints
    """Shape (B,); 0 where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The learned week; arrays of shape (B, 168) unless said otherwise."""

    clicks: Floats
    """Relative rate of clicks, > 0."""
    conversions: Floats
    """Relative rate of conversions, > 0."""
    confidence: Floats
    """Share of each cell's estimate of conversions that is the campaign's own, by its clicks
    or its conversions, in [0, 1]."""
    trust: Floats
    """Shape (B,): that of the week as a whole, by its totals."""


def unpack(values: Sequence[bytes]) -> Rows:
    """Return B values as rows of `PATTERN`; empty values become patterns without an hour.

    Values of format 1 are read as what they are: hours of which the dates are not known.

    Raises
    ------
    UnknownFormat
        When a value was written by another version.
    """
    size = PATTERN.itemsize
    whole = [value if len(value) == size else _whole(value) for value in values]
    rows = np.frombuffer(b"".join(whole), dtype=PATTERN)
    if rows.size and (rows["format"] != FORMAT).any():
        raise UnknownFormat("pattern", found=int(rows["format"].max()), known=FORMAT)
    return rows


def _whole(value: bytes) -> bytes:
    """Return an empty value, or one of format 1, in the present format."""
    row = np.zeros(1, dtype=PATTERN)
    row["format"] = FORMAT
    if value:
        found = int.from_bytes(value[:8], "little")
        if found != 1:
            raise UnknownFormat("pattern", found=found, known=FORMAT)
        week = np.frombuffer(value, dtype=WEEK)
        for name in ("hours", "clicks", "conversions"):
            row[name] = week[name]
        row["dated_from"] = UNDATED
    return row.tobytes()


def flat_prior(count: int) -> Prior:
    """Return what is assumed where nothing has been pooled: all hours alike, weakly."""
    return Prior(
        shape=np.ones((count, HOURS_OF_WEEK)),
        strength=np.full(count, FLAT_STRENGTH),
        evidence=np.zeros(count),
        version=np.zeros(count, dtype=np.int64),
    )


def add_hours(patterns: Rows, facts: Rows, at: tuple[Ints, Ints, Ints], *, sign: int) -> Rows:
    """Return patterns with hours added (``sign`` 1) or taken away (-1).

    Parameters
    ----------
    patterns
        Shape (B,).
    facts
        Shape (N,), `engine.hours.HOUR`; rows that stand for no hour have format 0.
    at
        The pattern, the hour of the week and the local day of each fact; shapes (N,).
    """
    counts = (facts["format"] != 0) & (facts["flags"] & SUSPECT == 0)
    owners, hours, days = (each[counts] for each in at)
    chosen = facts[counts]
    after = add_dates(patterns, chosen["conversions"], (owners, days), sign=sign)
    np.add.at(after["hours"], (owners, hours), sign)
    np.add.at(after["clicks"], (owners, hours), sign * chosen["clicks"])
    np.add.at(after["conversions"], (owners, hours), sign * chosen["conversions"])
    # With the last hour that has no date goes what kept the others apart from it.
    apart = np.flatnonzero(after["dated_from"])
    after["dated_from"][apart[~after["hours"][apart].any(axis=1)]] = 0
    return after


def estimate(patterns: Rows, prior: Prior) -> Estimate:
    """Return the learned week of each campaign.

    A cell with no own hour has its prior, moved by what other weekdays have taught of that
    hour of the day; with more of them the estimate goes over to the campaign's own mean.
    Counts below zero (deltas whose other half is still to come) stand for zero.
    """
    count = len(patterns)
    cells = [np.empty((count, HOURS_OF_WEEK)) for _ in range(3)]
    trust = np.empty(count)
    for at in range(0, count, _SLICE):
        # One slice of all the arrays fits the cache, which is three times as fast.
        part = slice(at, at + _SLICE)
        week = _estimate(patterns[part], prior.shape[part], prior.strength[part])
        for whole, piece in zip(cells, week, strict=False):
            whole[part] = piece
        trust[part] = week[3]
    return Estimate(clicks=cells[0], conversions=cells[1], confidence=cells[2], trust=trust)


def _estimate(patterns: Rows, shape: Floats, strength: Floats) -> tuple[Floats, ...]:
    hours = patterns["hours"].astype(np.float64)
    clicks = np.maximum(patterns["clicks"], 0).astype(np.float64)
    conversions = np.maximum(patterns["conversions"], 0) / MILLIONTHS
    day = _of_day(clicks, hours, shape, strength)
    by_clicks, of_clicks = _shrunk(clicks, hours, day, strength)
    own = np.full(len(patterns), CONVERSIONS_STRENGTH)
    by_conversions, of_conversions = _shrunk(conversions, hours, by_clicks, own)
    trust = _either(_trust(clicks, strength), _trust(conversions, own))
    return by_clicks, by_conversions, _either(of_clicks, of_conversions), trust


def _either(one: Floats, other: Floats) -> Floats:
    """Return the share that is the campaign's own, where ``one`` is shrunk to by ``other``."""
    return 1.0 - (1.0 - one) * (1.0 - other)


def _trust(counts: Floats, strength: Floats) -> Floats:
    total = counts.sum(axis=1)
    trust: Floats = total / (total + strength * HOURS_OF_WEEK)
    return trust


def _of_day(counts: Floats, hours: Floats, prior: Floats, strength: Floats) -> Floats:
    """Return the prior with its hours of the day moved towards the campaign's own.

    A weekday that has not been seen yet so has the day that the others have taught.
    """
    level = _level(counts, hours, prior)
    days = (len(counts), 7, 24)
    seen = counts.reshape(days).sum(axis=1)
    expected = (hours * prior * level[:, None]).reshape(days).sum(axis=1)
    factor = (seen + strength[:, None]) / (expected + strength[:, None])
    moved: Floats = (prior.reshape(days) * factor[:, None, :]).reshape(prior.shape)
    return moved


def _level(counts: Floats, hours: Floats, prior: Floats) -> Floats:
    """Return the mean count of an hour whose prior is 1; shape (B,)."""
    exposure = (hours * prior).sum(axis=1)
    level = np.zeros(len(counts))
    np.divide(counts.sum(axis=1), exposure, out=level, where=exposure > 0.0)
    return level


def _shrunk(
    counts: Floats, hours: Floats, prior: Floats, strength: Floats
) -> tuple[Floats, Floats]:
    """Return the posterior mean of each cell's relative rate, and the data's share in it."""
    expected = hours * _level(counts, hours, prior)[:, None]
    weight = expected + strength[:, None]
    return (counts + strength[:, None] * prior) / weight, expected / weight
