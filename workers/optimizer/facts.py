"""From metrics events to arrays."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from engine.arrays import Ints, Rows
from engine.hours import DELTA, FINAL, FORMAT, HOUR, MILLIONTHS, NO_SEQUENCE
from schemas.money import to_units_atto
from workers.optimizer.reading import Fact

_QUARTER = 900


def as_rows(facts: Sequence[Fact], starts: Ints) -> Rows:
    """Return the facts as rows of `engine.hours.HOUR`; ``starts`` are their first seconds."""
    events = [fact.event for fact in facts]
    rows = np.zeros(len(facts), dtype=HOUR)
    rows["format"] = FORMAT
    rows["hour"] = starts // 3_600 % 24
    rows["quarter"] = starts % 3_600 // _QUARTER
    rows["flags"] = [event.is_final * FINAL + event.is_delta * DELTA for event in events]
    rows["impressions"] = [event.impressions for event in events]
    rows["clicks"] = [event.clicks for event in events]
    rows["conversions"] = [_millionths(event.conversions) for event in events]
    rows["spend"] = [to_units_atto(event.spend) for event in events]
    rows["revenue"] = [to_units_atto(event.revenue) for event in events]
    rows["sequence"] = [
        NO_SEQUENCE if event.sequence_number is None else event.sequence_number for event in events
    ]
    return rows


def _millionths(count: Decimal) -> int:
    return int(count * MILLIONTHS)
