"""The days that are kept of a campaign as arrays: what the engine goes by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np

from engine.arrays import Floats, Ints
from engine.calendar import HOUR
from engine.rate_cells import UNKNOWN
from workers.adviser.archive import KeptDay, Row
from workers.adviser.bid_slices import Columns
from workers.adviser.counting import ALL, AS_THEY_CAME
from workers.adviser.slices import Names, order
from workers.adviser.telling import Telling

MILLION: Final = 1e6
_SCALES: Final = {
    "impressions": 1.0,
    "clicks": 1.0,
    "spend": MILLION,
    "conversions": MILLION,
    "revenue": MILLION,
}
"""What a kept count is divided by, in the order in which they are kept."""

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
    age: Floats
    """Hours from the hour's end to now, >= 0."""
    share: Floats
    """Of its final conversions that is there, in (0, 2]."""
    as_told: bool
    """Whether nothing says what is still to come: conversions that were told are no more than a
    lower bound, and a rate of them is one of what is told."""

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


def evidence_of(days: Sequence[KeptDay], telling: Telling, now: int) -> Evidence:
    """Return what days say as of second ``now``.

    Of hours that are final all conversions are there, and so they are where they are counted as
    they came. Where any day of the account was told again, otherwise than before, no news of an
    hour is that nothing has changed: its age is that of now. Where none ever was, it is that at
    which the day was told; unless nobody has taught how late conversions come, or so many ought to
    have come since that their absence says that nothing is ever told again. On days on which the
    clock changes ages may be an hour off.
    """
    names = sorted({row[0] for day in days for row in day.rows}, key=order)
    place = {each: at for at, each in enumerate(names)}
    flat = [(day, row) for day in days for row in day.rows]
    lengths = [len(hours) for _, (_, hours, _) in flat]

    def spread(values: Sequence[int]) -> Ints:
        return np.repeat(np.array(values, dtype=np.int64), lengths)

    hour = np.array(list(chain.from_iterable(row[1] for _, row in flat)), dtype=np.int64)
    ends = spread([day.begins for day, _ in flat]) + (hour + 1) * HOUR
    told = spread([now if telling.restates else day.closed for day, _ in flat])
    age, seen = (np.maximum(each - ends, 0) / HOUR for each in (now, told))
    counted = spread([day.counted for day, _ in flat])
    done = (counted == ALL) | ((counted == AS_THEY_CAME) & (not telling.restates))
    counts = _counts([row for _, row in flat])
    came = counts["conversions"] * ~done
    return Evidence(
        names=names,
        slice=spread([place[row[0]] for _, row in flat]),
        day=spread([day.day for day, _ in flat]),
        hour=hour,
        **counts,
        age=age,
        share=np.where(done, 1.0, telling.share(seen)),
        as_told=not done.all() and telling.cut(came, seen, age),
    )


def _counts(rows: Sequence[Row]) -> dict[str, Floats]:
    """Return the counts of slices, hour by hour, one slice after the other."""
    columns = [
        np.array(list(chain.from_iterable(row[2][at] for row in rows)), dtype=np.float64)
        for at in range(len(_SCALES))
    ]
    scaled = zip(_SCALES.items(), columns, strict=True)
    return {name: column / scale for (name, scale), column in scaled}


def columns_of(one: Evidence) -> Columns:
    """Return what a campaign sold by slice and hour, as advice on bids takes it."""
    return Columns(
        names=one.names,
        slice=one.slice,
        hour=one.hour,
        age=one.age,
        # More than what is told cannot be foretold where nothing says how much more there will be.
        share=np.ones_like(one.share) if one.as_told else one.share,
        clicks=one.clicks,
        spend=one.spend,
        conversions=one.conversions,
        revenue=one.revenue,
    )
