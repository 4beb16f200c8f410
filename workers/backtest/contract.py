"""What a market, a controller and a back-test say to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from engine.arrays import Bools, Floats


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
    """By how much more than usual some hours of the market are told to spend, natural log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What B campaigns got in an hour; shapes (B,)."""

    spend: Floats
    value: Floats
    wins: Floats
    capped: Bools


class Controller(Protocol):
    """Paces B campaigns by hourly reports."""

    def decide(self, hour: int) -> tuple[Floats, Floats]:
        """Return the multiplier and the cap of an hour, shapes (B,)."""

    def learn(self, hour: int, played: Played) -> None:
        """Take the report of an hour."""


class Market(Protocol):
    """Hours that can be played again, by every controller."""

    @property
    def size(self) -> tuple[int, int]:
        """How many campaigns there are, and how many hours they live: whole days."""

    def play(self, hour: int, multiplier: Floats, cap: Floats) -> Played:
        """Return what ``multiplier`` (B,) gets in an hour until ``cap`` (B,) is used up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What a controller came to; shapes (B, budgets one after the other)."""

    value: Floats
    spend: Floats
