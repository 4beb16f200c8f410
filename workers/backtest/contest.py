"""Plays every controller on every part of a market, and keeps what each day came to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats
from engine.day_shapes import DayShapes
from workers.backtest.baselines import BASELINES
from workers.backtest.contract import Controller, Market, Task
from workers.backtest.pacekeeper import Pacekeeper
from workers.backtest.replay import play

OURS: Final = "pacekeeper"

CONTROLLERS: Final[dict[str, Callable[[Task, DayShapes], Controller]]] = {
    OURS: Pacekeeper,
    **BASELINES,
}

USUAL: Final = (OURS, "even", "linear", "pid", "waterlevel", "weights")
"""Those that are played where nothing else is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some campaigns in some draws: R rows, campaign by campaign."""

    market: Market
    budget: Floats
    """Shape (R,), of a day."""
    first: Floats
    """Shape (R,): the multiplier that every controller begins with."""
    best: Floats
    """Shape (R, D): value of each day's best purchase."""
    conversions: Floats
    """Shape (R,): for a unit of value; 0 where nothing is known of them."""
    repeated: Floats
    """Shape (R,): what the market answers the log's own bids and ends with, over its spend."""
    shapes: DayShapes
    campaigns: slice
    draws: slice


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """B campaigns over D days in N draws."""

    campaigns: tuple[str, ...]
    scored: Bools
    """Shape (B, D): the days that count."""
    draws: int
    parts: Callable[[], Iterator[Part]]
    row_hours: int
    """Over all parts, for those who wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How controllers are played."""

    controllers: Sequence[str]
    late: int = 0
    """Hours that pass between an hour's end and its report."""
    stops: bool = True
    """Whether the platform itself stops a campaign whose budget is used up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a case; shapes (B, N, D) by controller."""

    value: dict[str, Floats]
    spend: dict[str, Floats]
    best: Floats
    budget: Floats
    """Shape (B, N)."""
    conversions: Floats
    """Shape (B, N): for a unit of value."""
    repeated: Floats
    """Shape (B, N): what the log's own bids come to, over its spend; 1 where there is no log."""


Progress = Callable[[str, int], None]
"""Told the controller that is at it, and how many row-hours it has just played."""


def compete(case: Case, terms: Terms, progress: Progress) -> Outcome:
    """Let all controllers of ``terms`` play all of ``case``, each on its own."""
    shape = (len(case.campaigns), case.draws, case.scored.shape[1])
    names = terms.controllers
    value, spend = ({name: np.zeros(shape) for name in names} for _ in range(2))
    best, sides = np.zeros(shape), np.zeros((3, *shape[:2]))
    for part in case.parts():
        place = part.campaigns, part.draws
        block = best[place].shape
        best[place] = part.best.reshape(block)
        for side, of in zip(sides, (part.budget, part.conversions, part.repeated), strict=True):
            side[place] = of.reshape(block[:2])
        for name in names:
            scores = _played(part, name, terms, progress)
            value[name][place] = scores[0].reshape(block)
            spend[name][place] = scores[1].reshape(block)
    budget, conversions, repeated = sides
    return Outcome(
        value=value,
        spend=spend,
        best=best,
        budget=budget,
        conversions=conversions,
        repeated=repeated,
    )


def _played(part: Part, name: str, terms: Terms, progress: Progress) -> tuple[Floats, Floats]:
    rows = len(part.budget)
    task = Task(budget=part.budget, multiplier=part.first, late=terms.late)
    scores = play(
        part.market,
        task,
        CONTROLLERS[name](task, part.shapes),
        stops=terms.stops,
        played_hour=lambda _: progress(name, rows),
    )
    return scores.value, scores.spend
