"""Metrics of a campaign whose customers buy again, told anew every day."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import numpy as np

from schemas import MetricsEvent
from tests.workers.report.told import an_hour, at


def retold(
    days: int, *, until: int | None = None, again: float = 0.6, chance: int | None = 0
) -> list[MetricsEvent]:
    """Return ``days`` days of three hours each, told every midnight to that of day ``until``.

    Each hour brings 20 orders of 10 in the mean at once (0.6 times as many again come later, of a
    mean of 20 days); with ``chance`` None these are the orders.
    """
    random = None if chance is None else np.random.default_rng(chance)
    last = days if until is None else until
    ages = np.arange(last + 1.0)
    due = 20.0 * np.diff(1.0 + again * -np.expm1(-ages / 20.0), prepend=0.0)
    made = []
    for day in range(days):
        for hour in range(3):
            orders = np.cumsum(due if random is None else random.poisson(due))
            made += [
                _told(24 * day + 8 * hour, day + 1 + age, float(orders[age]))
                for age in range(last - day)
            ]
    return sorted(made, key=lambda event: event.emitted_at or event.window_start)


def _told(hour: int, midnight: int, orders: float) -> MetricsEvent:
    return an_hour(
        hour,
        "100",
        clicks=500,
        conversions=Decimal(str(round(orders, 4))),
        revenue=Decimal(str(round(10.0 * orders, 4))),
        emitted_at=at(24 * midnight) + timedelta(minutes=5),
    )
