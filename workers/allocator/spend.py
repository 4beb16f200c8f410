"""The closed days of a step as shapes of spend, and the sums of a scope with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine import shape_rows
from engine.arrays import Bools, Floats, Ints
from engine.day_gaps import WholeDays, whole_days
from engine.day_shapes import ShapeSums, add_days, add_levels
from engine.response import FIRST_ELASTICITY
from engine.spend_hours import SpendHours, log_days
from schemas import Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """N closed days by their spend at one multiplier."""

    weekdays: Ints
    """Shape (N,), 0 (Monday) to 6."""
    enough: Bools
    """Shape (N,): which saw enough of their hours to teach anything."""
    whole: WholeDays

    def level(self, at: int) -> float | None:
        """Return the mean log spend of a day's hours; none where it did not see enough of them."""
        return float(self.whole.log_spend[at].mean()) if self.enough[at] else None


def days_of(shapes: Sequence[Shape]) -> Days:
    """Return the days that records tell of."""
    assumed = [FIRST_ELASTICITY if s.elasticity is None else s.elasticity for s in shapes]
    logs = log_days(_hours(shapes), np.array(assumed))
    enough = logs.enough()
    # What is not enough is not filled either: its hours stand for nothing.
    seen = logs.seen | ~enough[:, None]
    weekdays = np.array([shape.weekday for shape in shapes], dtype=np.int64)
    return Days(weekdays=weekdays, enough=enough, whole=whole_days(logs.log_spend, seen))


def sums_after(value: bytes, days: Days, at: Sequence[int], weeks: Sequence[Floats]) -> ShapeSums:
    """Return a scope's stored sums with some of the days, and with the levels of whole weeks."""
    sums = shape_rows.unpack(value)
    rows = np.array(at, dtype=np.int64)
    rows = rows[days.enough[rows]]
    if rows.size:
        chosen = days.whole.of(rows)
        sums = add_days(sums, chosen.log_spend, days.weekdays[rows], chosen.unsure)
    return add_levels(sums, np.array(weeks)) if len(weeks) else sums


def _hours(shapes: Sequence[Shape]) -> SpendHours:
    lengths = [len(shape.local_hours) for shape in shapes]

    def joined(parts: Sequence[Sequence[float]]) -> Floats:
        return np.array([value for part in parts for value in part], dtype=np.float64)

    none = [(0.0,) * length for length in lengths]
    # What nobody had set leaves bids as they are.
    forces = [
        [each or 0.0 for each in s.log_multiplier or blank]
        for s, blank in zip(shapes, none, strict=True)
    ]
    capped = [s.capped or blank for s, blank in zip(shapes, none, strict=True)]
    observed = joined([shape.observed for shape in shapes]) > 0.0
    return SpendHours(
        owner=np.repeat(np.arange(len(shapes)), lengths),
        hour=joined([shape.local_hours for shape in shapes]).astype(np.int64),
        spend=joined([shape.spend_minor for shape in shapes]),
        impressions=joined([shape.impressions for shape in shapes]),
        log_multiplier=joined(forces),
        usable=observed & ~(joined(capped) > 0.0),
    )
