"""The hours of local days that ended, as others are told of them; of all campaigns at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine import money
from engine.arrays import Ints, Rows
from engine.calendar import HOUR, hour_of_week
from engine.hours import MILLIONTHS, SUSPECT
from schemas.money import exponent_of
from workers.optimizer.wave import Wave

_THOUSANDTHS = MILLIONTHS // 1_000


class ClosedHours(NamedTuple):
    """Of one day of 23 to 25 hours; all zero of one not told, suspect or excluded."""

    local: tuple[int, ...]
    observed: tuple[bool, ...]
    impressions: tuple[int, ...]
    """Counts of hours are for pooling; of deltas whose other half is to come they are zero."""
    clicks: tuple[int, ...]
    spend: tuple[int, ...]
    """Minor units, rounded down; revenue alike."""
    revenue: tuple[int, ...]
    conversions: tuple[int, ...]
    """Thousandths."""


def closed_hours(
    wave: Wave, at: Ints, days: Ints, bounds: tuple[Ints, Ints], facts: tuple[Rows, Ints, Ints]
) -> list[ClosedHours]:
    """Return the hours of days (N,) between ``bounds`` (N,) of the campaigns ``at`` (N,).

    ``facts`` are what is kept of them: rows (K,), the position of each one's campaign among ``at``,
    and its start.
    """
    (firsts, ends), (rows, owners, starts) = bounds, facts
    counts = (ends - firsts) // HOUR
    begins = np.cumsum(counts) - counts
    of = np.repeat(np.arange(len(at)), counts)
    table = np.zeros(len(of), dtype=rows.dtype)
    table[begins[owners] + (starts - firsts[owners]) // HOUR] = rows
    table[table["flags"] & SUSPECT > 0] = 0
    hours = firsts[of] + (np.arange(len(of)) - begins[of]) * HOUR
    cells = hour_of_week(wave.calendar, wave.zones[at][of], hours, days[of])
    columns = (cells % 24, table["format"] > 0, *_counts(table, _exponents(wave, at)[of]))
    told = [each.tolist() for each in columns]
    edges = zip(begins.tolist(), (begins + counts).tolist(), strict=True)
    return [ClosedHours(*(tuple(each[begin:end]) for each in told)) for begin, end in edges]


def currency_of(wave: Wave, i: int) -> str:
    """Return the currency of a campaign's amounts: of its ledger, else of its plan; "" of none."""
    found: bytes = wave.campaigns["currency"][i] or wave.plans["currency"][i]
    return found.decode()


def _exponents(wave: Wave, at: Ints) -> Ints:
    named = (currency_of(wave, i) for i in at.tolist())
    return np.array([exponent_of(name) if name else 0 for name in named], dtype=np.int64)


def _counts(table: Rows, exponents: Ints) -> list[Ints]:
    spend, revenue = (money.floor_to_minor(table[name], exponents) for name in ("spend", "revenue"))
    conversions = table["conversions"] // _THOUSANDTHS
    counts = (table["impressions"], table["clicks"], spend, revenue, conversions)
    return [np.maximum(each, 0) for each in counts]
