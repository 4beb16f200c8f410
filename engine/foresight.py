"""What campaigns whose bids are set will have spent at the end of their day.

The forecast of the closed loop takes the place of a projection that goes on as before: a controller
that decides anew every hour does not. It is made where one day's budget is all that holds bids.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Final

import numpy as np

from engine.arrays import Floats, Ints, Rows
from engine.batches import picked
from engine.calendar import HOUR
from engine.forecast import NEVER, forecast
from engine.horizon import Horizon
from engine.plans import PERIODS
from engine.risk import NO_TIME, Outlook
from engine.situation import Clock, Situation, Steered
from engine.standing import Standing
from engine.steering import BINDING, Steering

_DAY: Final = PERIODS.index("day")
_BUDGET: Final = BINDING.index("budget")
_MOST: Final = 2.0**53
_IMPRESSIONS: Final = 0


def foreseen(
    situation: Situation, clock: Clock, horizon: Horizon, steering: Steering, outlook: Outlook
) -> Outlook:
    """Return the outlook with forecasts of those whose day is steered by its budget alone."""
    steered = situation.steered
    daily = situation.plans["period"][steered.rows] == _DAY
    at = np.flatnonzero(daily & (steering.binding == _BUDGET) & (horizon.left[steered.rows] > 0))
    if not at.size:
        return outlook
    some, rows = picked(steered, at), steered.rows[at]
    standing = _standing(situation, clock, horizon, some)
    ends = forecast(picked(steering.pacing, at), some.shapes, standing, steering.of(at))
    hours = clock.hours[rows]
    early = (ends.exhausts_in != NEVER) & (ends.exhausts_in < hours - 1)
    times = clock.target[rows] + ends.exhausts_in * HOUR
    told: dict[str, Rows] = {
        "p10": _minor(ends.p10),
        "p50": _minor(ends.p50),
        "p90": _minor(ends.p90),
        "exhaustion": ends.exhaustion,
        "exhausts_at": np.where(early, times, NO_TIME),
    }
    columns = {field.name: getattr(outlook, field.name) for field in fields(outlook)}
    return Outlook(**{name: _put(column, rows, told.get(name)) for name, column in columns.items()})


def _standing(situation: Situation, clock: Clock, horizon: Horizon, some: Steered) -> Standing:
    rows = some.rows
    seen = np.maximum(situation.campaigns["day_counts"][rows, _IMPRESSIONS], 0)
    spent = np.maximum(horizon.spent[rows], 0).astype(np.float64)
    ahead = np.where(
        np.arange(clock.cells.shape[1]) < clock.hours[rows, None], clock.cells[rows], -1
    )
    return Standing(
        budget=np.maximum(horizon.allowance[rows], 0).astype(np.float64),
        spent=spent,
        in_flight=horizon.in_flight[rows].astype(np.float64),
        unreported=np.clip((clock.target[rows] - clock.reported_until[rows]) // HOUR, 0, None),
        price=np.divide(spent, seen, out=np.zeros(len(rows)), where=seen > 0),
        lived=np.full((len(rows), 1), -1),
        ahead=ahead,
    )


def _minor(amounts: Floats) -> Ints:
    return np.floor(np.clip(amounts, 0.0, _MOST)).astype(np.int64)


def _put(column: Rows, rows: Ints, values: Rows | None) -> Rows:
    if values is None:
        return column
    after = column.copy()
    after[rows] = values
    return after
