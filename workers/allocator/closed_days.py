"""From shapes to the arrays that the engine watches closed days by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from typing import Final

import numpy as np

from engine.calendar import HOUR
from engine.funnel import HOURS, ClosedDays
from schemas import Shape
from schemas.zones import zone

PROMPT: Final = 6 * HOUR
"""Seconds after a day's end within which it is closed as soon as it was over: reports are late."""

_THOUSAND: Final = 1_000.0


def first_second(shape: Shape) -> int:
    """Return when the local day of a shape began, in seconds."""
    return int(datetime.combine(shape.day, time(), zone(shape.timezone)).timestamp())


def end_of(shape: Shape) -> int:
    """Return when the local day of a shape ended, in seconds."""
    return first_second(shape) + len(shape.local_hours) * HOUR


def closed_days(shapes: Sequence[Shape]) -> ClosedDays:
    """Return the closed days of campaigns, B of them; money in minor units."""
    size = len(shapes), HOURS
    counts = np.zeros((*size, 5))
    log_multiplier, capped, told, steered = np.zeros((4, *size))
    allowed = np.full(size, np.inf)
    of_day = np.zeros(size, dtype=np.int64)
    for i, shape in enumerate(shapes):
        count = len(shape.local_hours)
        counts[i, :count] = np.transpose(_columns(shape))
        of_day[i, :count], told[i, :count] = shape.local_hours, shape.observed
        for at, log in enumerate(shape.log_multiplier or ()):
            log_multiplier[i, at], steered[i, at] = log or 0.0, log is not None
        capped[i, :count] = shape.capped or 0.0
        for at, limit in enumerate(shape.allowed_minor or ()):
            allowed[i, at] = np.inf if limit is None else limit
    firsts = np.array([first_second(shape) for shape in shapes], dtype=np.int64)
    late = np.array([shape.closed_at.timestamp() - end_of(shape) for shape in shapes])
    return ClosedDays(
        counts=counts,
        log_multiplier=log_multiplier,
        steered=steered > 0.0,
        of_day=of_day,
        weekday=np.array([shape.weekday for shape in shapes], dtype=np.int64),
        starts=firsts[:, None] + np.arange(HOURS) * HOUR,
        told=told > 0.0,
        capped=capped > 0.0,
        allowed=allowed,
        prompt=late <= PROMPT,
    )


def _columns(shape: Shape) -> list[Sequence[float]]:
    nothing = (0,) * len(shape.local_hours)
    conversions = [each / _THOUSAND for each in shape.conversion_thousandths]
    revenue = shape.revenue_minor or nothing
    return [shape.impressions, shape.clicks, shape.spend_minor, conversions, revenue]
