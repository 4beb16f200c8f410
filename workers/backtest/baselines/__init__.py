"""Controllers of the literature, each with the hourly reports and the stop that ours has.

All of them know the pooled weekday shapes and aim at each hour's share of the day by them, which is
more than their papers give them. The back-test and the benchmarks play the same ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from engine.day_shapes import DayShapes
from workers.backtest.baselines.aim import Baseline
from workers.backtest.baselines.capped import EvenHours, LinearDay
from workers.backtest.baselines.dual import DualMirrorDescent, MultiplicativeWeights
from workers.backtest.baselines.feedback import Pid, Waterlevel
from workers.backtest.contract import Task

BASELINES: Final[dict[str, Callable[[Task, DayShapes], Baseline]]] = {
    "none": Baseline,
    "even": EvenHours,
    "linear": LinearDay,
    "pid": Pid,
    "waterlevel": Waterlevel,
    "mirror": DualMirrorDescent,
    "weights": MultiplicativeWeights,
}
"""By the name that a command knows them by."""
