"""How often a day ends between the 10th and the 90th percentile that was forecast for it.

A forecast is made before each of a day's 24 hours. Those made when all but 0.2 % of the budget is
spent are left out: nothing can change any more.

Most days end at the budget, where the forecast has a lump of probability: its 90th percentile is
the budget itself, and nothing lies above it. To count such a day as inside would call 90 % of all
days inside where 80 % are meant. So it counts with the part of the lump that lies below the 90th
percentile, and above the 10th; the lump is what the forecast itself gives exhaustion.

``python -m benchmarks.pacing.coverage [CELL ...]`` prints it by budget and hour.

Source: Czado, Gneiting and Held, "Predictive Model Assessment for Count Data", Biometrics 65
(2009), for the probability integral transform of distributions with lumps.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.pacing.cells import BUDGETS, CELLS, SEEDS, Cell, played
from engine.arrays import Floats
from engine.day_shapes import DayShapes
from engine.forecast import EXHAUSTED, forecast
from engine.standing import Standing
from workers.backtest.contract import Played, Scores, Task
from workers.backtest.pacekeeper import Pacekeeper

LOW: Final = 0.1
HIGH: Final = 0.9

REMEMBERED: Final = 0.9
"""Share of what is known of the price of an impression that an hour leaves."""

HOURS: Final = (0, 6, 12, 18, 22, 23)
"""Those that are printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Forecasts and what came of them; arrays of shape (N,), money as shares of the budget."""

    hour: NDArray[np.int64]
    """Of the day, the one before which it was made."""
    kind: NDArray[np.int64]
    """Which of the `BUDGETS`."""
    known: Floats
    """What was spent and in flight."""
    p10: Floats
    p90: Floats
    exhaustion: Floats
    end: Floats

    def of(self, rows: NDArray[np.bool_]) -> Made:
        """Return some of them."""
        return Made(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


class Forecaster(Pacekeeper):
    """Pacekeeper's pacer, which says before each hour what the day will come to."""

    def __init__(self, task: Task, shapes: DayShapes) -> None:
        super().__init__(task, shapes)
        self.made: list[Floats] = []
        """Per hour what was known, p10, p90 and exhaustion, (4, B)."""
        self._paid = np.zeros((2, len(task.budget)))

    def decide(self, hour: int) -> tuple[Floats, Floats]:
        """Return the multiplier and the cap of an hour, and make a forecast of its day."""
        (spent, late), day = self._of_the_budget(hour), hour - hour % 24
        paid, bought = self._paid
        standing = Standing(
            budget=self._task.budget,
            spent=spent,
            in_flight=late,
            unreported=np.full(len(spent), hour - self._known),
            price=np.divide(paid, bought, out=np.zeros(len(paid)), where=bought > 0.0),
            lived=self._cells(day, hour),
            ahead=self._cells(hour, day + 24),
        )
        ends = forecast(self._pacing, self._shapes, standing, self._spending(hour))
        money = np.array([spent + late, ends.p10, ends.p90]) / self._task.budget
        self.made.append(np.concatenate((money, ends.exhaustion[None])))
        return super().decide(hour)

    def learn(self, hour: int, played: Played) -> None:
        """Take the report of an hour."""
        super().learn(hour, played)
        self._paid = REMEMBERED * self._paid + np.array([played.spend, played.wins])

    def outcome(self, cell: Cell, scores: Scores) -> Made:
        """Return the forecasts of the days that are looked at, with what came of them."""
        days = scores.spend.shape[1]
        made = np.array(self.made).reshape(days, 24, 4, -1)[cell.first : cell.end]
        use = (scores.spend.T / self._task.budget)[cell.first : cell.end]
        shape = made[:, :, 0].shape
        known, p10, p90, exhaustion = (made[:, :, at].ravel() for at in range(4))
        return Made(
            hour=np.broadcast_to(np.arange(24)[:, None], shape).ravel(),
            kind=np.broadcast_to(np.arange(shape[2]) % len(BUDGETS), shape).ravel(),
            known=known,
            p10=p10,
            p90=p90,
            exhaustion=exhaustion,
            end=np.broadcast_to(use[:, None], shape).ravel(),
        )


@cache
def made(name: str) -> Made:
    """Play a cell with every seed; return the forecasts after which something could change."""
    parts = []
    for seed in SEEDS:
        forecaster, scores = played(CELLS[name], seed, Forecaster)
        parts.append(forecaster.outcome(CELLS[name], scores))
    names = [field.name for field in fields(Made)]
    whole = Made(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    )
    return whole.of(whole.known < EXHAUSTED)


def inside(forecasts: Made) -> Floats:
    """Return how much of each day's end lies within its percentiles, in [0, 1], (N,)."""
    lump = forecasts.exhaustion
    within = HIGH - np.maximum(1.0 - lump, LOW)
    part = np.divide(within, lump, out=np.zeros_like(lump), where=lump > 0.0)
    between = (forecasts.end >= forecasts.p10) & (forecasts.end <= forecasts.p90)
    return np.where(forecasts.end >= EXHAUSTED, np.maximum(part, 0.0), between)


def coverage(name: str) -> float:
    """Return the share of a cell's days that end within their percentiles."""
    return float(inside(made(name)).mean())


def _row(about: str, forecasts: Made) -> str:
    ended = forecasts.end >= EXHAUSTED
    closed = (forecasts.end >= forecasts.p10) & (ended | (forecasts.end <= forecasts.p90))
    width = forecasts.p90 - forecasts.p10
    numbers = (
        inside(forecasts).mean(),
        closed.mean(),
        (forecasts.end < forecasts.p10).mean(),
        forecasts.exhaustion.mean(),
        ended.mean(),
        np.median(width),
        width.mean(),
    )
    return f"{about:<16}" + "".join(f"{number:>10.4f}" for number in numbers)


def _table(name: str) -> str:
    """Return a cell's coverage by budget and by hour, with the width of the interval."""
    whole = made(name)
    rows = [f"{name:<16}    inside    closed below p10  exhaust.   in fact  width p50      mean"]
    rows.append(_row("all", whole))
    rows.append(_row("p90 < budget", whole.of(whole.p90 < EXHAUSTED)))
    for kind, budget in enumerate(BUDGETS):
        rows.append(_row(f"budget {budget:.3f}", whole.of(whole.kind == kind)))
        rows += [
            _row(f"  hour {hour}", whole.of((whole.kind == kind) & (whole.hour == hour)))
            for hour in HOURS
        ]
    return "\n".join(rows)


if __name__ == "__main__":
    for each in sys.argv[1:] or ["learned days"]:
        print(_table(each))
