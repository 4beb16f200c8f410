"""Pacekeeper's own pacer as a controller among others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine import pacer
from engine.arrays import Floats
from engine.calendar import HOURS_OF_WEEK
from engine.coming import Coming
from engine.day_shapes import DayShapes
from engine.multiplier import Spending
from engine.response import Observed
from workers.backtest.contract import Played, Task


class Pacekeeper:
    """The engine, driven by what a foreign market has: arrays, hour after hour."""

    def __init__(self, task: Task, shapes: DayShapes) -> None:
        self._task, self._shapes = task, shapes
        self._first = np.log(task.multiplier)
        self._pacing = pacer.start(shapes, task.budget / task.hours, np.zeros(len(task.budget)))
        self._in_force: list[Floats] = []
        self._spent = np.zeros(len(task.budget))
        self._known = 0

    def decide(self, hour: int) -> tuple[Floats, Floats]:
        """Return the multiplier and the cap of an hour."""
        spending = self._spending(hour)
        self._in_force.append(spending.log_multiplier)
        return np.exp(self._first + spending.log_multiplier), spending.cap

    def _spending(self, hour: int) -> Spending:
        count = len(self._first)
        spent, late = self._of_the_budget(hour)
        left = np.maximum(self._task.budget - spent - late, 0.0)
        in_force = self._in_force[-1] if self._in_force else np.zeros(count)
        now = (in_force, np.full(count, hour - self._known))
        coming = self._coming(hour, self._began(hour) + self._task.hours)
        return pacer.decide_ahead(self._pacing, self._shapes, coming, left, now)

    def _began(self, hour: int) -> int:
        """Return the first hour that has the budget of ``hour``."""
        return hour - hour % self._task.hours

    def _of_the_budget(self, hour: int) -> tuple[Floats, Floats]:
        """Return what is reported of the budget's spend, and what is in flight, (B,)."""
        began = self._began(hour)
        unreported = np.arange(self._known, hour)
        # What the last hours before this budget have spent is not of it.
        late = self._flying(unreported) - self._flying(unreported[unreported < began])
        return self._spent if self._known > began else np.zeros(len(self._first)), late

    def _cells(self, first: int, end: int) -> NDArray[np.int64]:
        """Return the hours of the week of hours [first, end), (B, end - first)."""
        return np.tile(np.arange(first, end) % HOURS_OF_WEEK, (len(self._first), 1))

    def _coming(self, hour: int, end: int) -> Coming:
        """Return the hours that are left of a day, and the days after it."""
        count = len(self._first)
        hours = np.arange(hour, hour - hour % 24 + 24)
        days = np.arange(hour // 24 + 1, end // 24)
        return Coming(
            cells=np.tile(hours % HOURS_OF_WEEK, (count, 1)),
            lift=np.tile([self._lift(at) for at in hours.tolist()], (count, 1)),
            weekdays=np.tile(days % 7, (count, 1)),
            day_lift=np.tile([self._lift(24 * day + 12) for day in days.tolist()], (count, 1)),
        )

    def _lift(self, hour: int) -> float:
        return self._task.lift.get(hour, 0.0)

    def _flying(self, hours: NDArray[np.int64]) -> Floats:
        """Return what hours that are not reported yet are expected to have spent, (B,)."""
        count = len(self._first)
        forces = np.array([self._in_force[hour] for hour in hours]).reshape(len(hours), count)
        cells = np.tile(hours % HOURS_OF_WEEK, (count, 1))
        lift = np.tile([self._lift(hour) for hour in hours.tolist()], (count, 1))
        return pacer.in_flight(self._pacing, self._shapes, (cells, forces.T), lift)

    def learn(self, hour: int, played: Played) -> None:
        """Take the report of an hour."""
        if hour % self._task.hours == 0:
            self._spent = np.zeros(len(self._first))
        self._spent = self._spent + played.spend
        self._known = hour + 1
        observed = Observed(
            cells=np.full(len(self._first), hour % HOURS_OF_WEEK),
            log_multiplier=self._in_force[hour],
            # What the hour would have spent without what was told of it.
            spend=played.spend * np.exp(-self._lift(hour)),
            impressions=played.wins,
            capped=played.capped,
            usable=np.ones(len(self._first), dtype=np.bool_),
        )
        self._pacing = pacer.learn_hour(self._pacing, self._shapes, observed)
