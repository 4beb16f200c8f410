"""Plays controllers in a world, with a fresh budget every day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from benchmarks.pacing.world import Floats, Played, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a controller is told before the first hour."""

    budget: Floats
    """Shape (B,), for a day."""
    multiplier: Floats
    """Shape (B,): the first one."""
    late: int = 0
    """Hours that pass between an hour's end and its report."""


class Controller(Protocol):
    """Paces B campaigns by hourly reports."""

    def decide(self, hour: int) -> tuple[Floats, Floats]:
        """Return the multiplier and the cap of an hour, shapes (B,)."""

    def learn(self, hour: int, played: Played) -> None:
        """Take the report of an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What a controller came to; shapes (B, days)."""

    value: Floats
    spend: Floats


def play(world: World, task: Task, controller: Controller, *, stops: bool = True) -> Scores:
    """Let ``controller`` pace all days of ``world``.

    ``stops``: whether the platform itself stops a campaign whose day's budget is used up.
    """
    days, count = world.setting.days, world.setting.campaigns
    value, spend = np.zeros((count, days)), np.zeros((count, days))
    waiting: list[tuple[int, Played]] = []
    for hour in range(days * 24):
        while waiting and waiting[0][0] < hour - task.late:
            controller.learn(*waiting.pop(0))
        multiplier, cap = controller.decide(hour)
        left = np.maximum(task.budget - spend[:, hour // 24], 0.0)
        played = world.play(hour, multiplier, np.minimum(cap, left) if stops else cap)
        value[:, hour // 24] += played.value
        spend[:, hour // 24] += played.spend
        waiting.append((hour, played))
    return Scores(value=value, spend=spend)
