"""What a figure is, and what taking it came to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from benchmarks.bench import Bench

_WHOLE = 1000
"""Values from here on are printed without decimals."""

Better = Literal["higher", "lower"]


class NotMeasurable(Exception):
    """The machine lacks what the figure needs; says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One promise, and how it is measured."""

    name: str
    unit: str
    goal: float
    better: Better
    """``higher``: the value must reach the goal; ``lower``: it must not exceed it."""
    about: str
    measure: Callable[[Bench], Awaitable[float]]

    def met_by(self, value: float) -> bool:
        """Tell whether ``value`` keeps the promise."""
        return value >= self.goal if self.better == "higher" else value <= self.goal


Goal = tuple[float, str, Better]
"""What a value must reach, its unit, and which way is better."""


def reckoned(name: str, goal: Goal, about: str, value: Callable[[Bench], float]) -> Figure:
    """Return a figure that is reckoned, in a thread of its own, and needs no Kafka."""

    async def measure(bench: Bench) -> float:
        return await asyncio.to_thread(value, bench)

    limit, unit, better = goal
    return Figure(name=name, unit=unit, goal=limit, better=better, about=about, measure=measure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A figure with what was measured, or why nothing was."""

    figure: Figure
    value: float | None = None
    skipped: str = ""

    @property
    def short(self) -> bool:
        """Whether the promise was broken."""
        return self.value is not None and not self.figure.met_by(self.value)

    def line(self) -> str:
        """Return ``name value unit goal ok|short``, or the reason for a skip."""
        figure = self.figure
        if self.value is None:
            return f"{figure.name} skipped: {self.skipped}"
        sign = "≥" if figure.better == "higher" else "≤"
        verdict = "short" if self.short else "ok"
        return f"{figure.name} {_number(self.value)} {figure.unit} {sign}{figure.goal:g} {verdict}"

    def as_json(self) -> dict[str, Any]:
        """Return the same as values."""
        figure = self.figure
        verdict = "skipped" if self.value is None else ("short" if self.short else "ok")
        return {
            "name": figure.name,
            "value": self.value,
            "unit": figure.unit,
            "goal": figure.goal,
            "better": figure.better,
            "verdict": verdict,
            "skipped": self.skipped or None,
        }


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= _WHOLE else f"{value:.4g}"
