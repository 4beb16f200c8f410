"""Plays controllers in a world, with a fresh budget every day, or every so many hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from benchmarks.pacing.world import Floats, Played, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a controller is told before the first hour."""

    budget: Floats
    """Shape (B,), for a day, or for ``hours``."""
    multiplier: Floats
    """Shape (B,): the first one."""
    late: int = 0
    """Hours that pass between an hour's end and its report."""
    hours: int = 24
    """For which a budget is, from Monday midnight on: whole days."""
    lift: Mapping[int, float] = field(default_factory=dict)
    """By how much more than usual some hours of the world are told to spend, natural log."""


class Controller(Protocol):
    """Paces B campaigns by hourly reports."""

    def decide(self, hour: int) -> tuple[Floats, Floats]:
        """Return the multiplier and the cap of an hour, shapes (B,)."""

    def learn(self, hour: int, played: Played) -> None:
        """Take the report of an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What a controller came to; shapes (B, budgets one after the other)."""

    value: Floats
    spend: Floats


def play(world: World, task: Task, controller: Controller, *, stops: bool = True) -> Scores:
    """Let ``controller`` pace all hours of ``world``.

    ``stops``: whether the platform itself stops a campaign whose budget is used up.
    """
    count, hours = world.setting.campaigns, 24 * world.setting.days
    value, spend = np.zeros((2, count, hours // task.hours))
    waiting: list[tuple[int, Played]] = []
    for hour in range(hours):
        at = hour // task.hours
        while waiting and waiting[0][0] < hour - task.late:
            controller.learn(*waiting.pop(0))
        multiplier, cap = controller.decide(hour)
        left = np.maximum(task.budget - spend[:, at], 0.0)
        played = world.play(hour, multiplier, np.minimum(cap, left) if stops else cap)
        value[:, at] += played.value
        spend[:, at] += played.spend
        waiting.append((hour, played))
    return Scores(value=value, spend=spend)
