"""Lets a controller pace a market, with a fresh budget every day, or every so many hours."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from workers.backtest.contract import Controller, Market, Played, Scores, Task


def ignored(_: int) -> None:
    """Take the number of an hour that was played, and do nothing."""


def play(
    market: Market,
    task: Task,
    controller: Controller,
    *,
    stops: bool = True,
    played_hour: Callable[[int], None] = ignored,
) -> Scores:
    """Let ``controller`` pace all hours of ``market``.

    Parameters
    ----------
    stops
        Whether the platform itself stops a campaign whose budget is used up.
    played_hour
        Told the number of each hour that was played.
    """
    count, hours = market.size
    value, spend = np.zeros((2, count, hours // task.hours))
    waiting: list[tuple[int, Played]] = []
    for hour in range(hours):
        at = hour // task.hours
        while waiting and waiting[0][0] < hour - task.late:
            controller.learn(*waiting.pop(0))
        multiplier, cap = controller.decide(hour)
        left = np.maximum(task.budget - spend[:, at], 0.0)
        played = market.play(hour, multiplier, np.minimum(cap, left) if stops else cap)
        value[:, at] += played.value
        spend[:, at] += played.spend
        waiting.append((hour, played))
        played_hour(hour)
    return Scores(value=value, spend=spend)
