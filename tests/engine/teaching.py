"""What other campaigns teach of the shape of a day, by all the steps that there are."""

from __future__ import annotations

import numpy as np

from engine import day_gaps, day_shapes, shape_rows, spend_hours, told_days


def taught() -> day_shapes.DayShapes:
    """Pool a day with gaps and two weeks, store them, and tell of them."""
    row = told_days.unpack(told_days.unpack(b"").tobytes())
    told_days.tell(told_days.tell(row, 20_514, 3.0).row, 20_515, None)
    hours = spend_hours.SpendHours(
        owner=np.zeros(20, dtype=np.int64),
        hour=np.arange(20),
        spend=np.arange(20.0) + 90.0,
        impressions=np.full(20, 500.0),
        log_multiplier=np.linspace(0.0, 0.5, 20),
        usable=np.arange(20) != 7,
    )
    logs = spend_hours.log_days(hours, np.array([1.5]))
    whole = day_gaps.whole_days(logs.log_spend, logs.seen).of(np.flatnonzero(logs.enough()))
    days = (whole.log_spend, np.array([0]), whole.unsure)
    sums = day_shapes.add_days(shape_rows.unpack(b""), *days)
    weeks = day_shapes.add_weeks(sums, np.eye(168)[:2].reshape(2, 7, 24))
    stored = shape_rows.unpack(shape_rows.pack(weeks))
    said = shape_rows.sums_of(shape_rows.moments(stored))
    return day_shapes.pooled(sums, [day_shapes.of_campaigns(said, 1)])
