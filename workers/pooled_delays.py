"""What campaigns teach each other of the delay of conversions, as records carry it."""

from __future__ import annotations

import numpy as np

from engine.arrays import Floats, Ints, Rows
from engine.delay import Delays
from engine.delay_pool import THOUSAND, DelaySums, add_day, no_sums, pooled
from schemas import LateConversions, PooledDelay, Shape
from workers.instants import day_number

_DIGITS = 6
_LARGEST = 2**53


def told(growth: Floats, level: Floats) -> LateConversions | None:
    """Return what a day carries of growth and level (16,), conversions; nothing where all is 0."""
    thousandths = _thousandths(growth), np.maximum(_thousandths(level), 0)
    if not any(each.any() for each in thousandths):
        return None
    grown, through = (tuple(each.tolist()) for each in thousandths)
    return LateConversions(growth_thousandths=grown, level_thousandths=through)


def added(pool: Rows, shape: Shape) -> Rows:
    """Return the sums of a scope with what a day carries, if anything."""
    late = shape.late_conversions
    if late is None:
        return pool
    grown, through = (np.array(e) for e in (late.growth_thousandths, late.level_thousandths))
    return add_day(pool, day_number(shape.day), grown, through)


def written(pool: Rows) -> PooledDelay | None:
    """Return what the sums of a scope say; nothing where they are over no day."""
    said = pooled(pool)
    if not said.campaigns:
        return None
    return PooledDelay(
        campaigns=round(said.campaigns, _DIGITS),
        growth=tuple(np.round(said.delays.growth[0], _DIGITS).tolist()),
        level=tuple(np.round(said.delays.level[0], _DIGITS).tolist()),
    )


def read(record: PooledDelay | None) -> DelaySums:
    """Return what was written."""
    if record is None:
        return no_sums()
    growth, level = (np.array(each)[None] for each in (record.growth, record.level))
    delays = Delays(growth=growth, level=level)
    return DelaySums(campaigns=record.campaigns, delays=delays)


def _thousandths(values: Floats) -> Ints:
    whole = np.round(np.clip(values.astype(np.float64) * THOUSAND, -_LARGEST, _LARGEST))
    return np.asarray(whole.astype(np.int64))
