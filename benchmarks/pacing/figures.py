"""The figures of pacing: value over the hindsight optimum, use of the budget, and cost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from time import process_time

import numpy as np

from benchmarks.bench import Bench
from benchmarks.figure import Figure, Goal, reckoned
from benchmarks.pacing.cells import CELLS, INFORMED, result, teachers
from benchmarks.pacing.coverage import coverage
from benchmarks.pacing.month import month
from benchmarks.pacing.peers import PEERS
from benchmarks.pacing.targets import EIGHTH, HALF, OURS, UNWEIGHED
from benchmarks.pacing.targets import result as kept
from engine import pacer, pacing_state
from engine.response import Observed

BATCH = 4_000


def _mean(cell: str) -> float:
    return float(result(cell).ratio.mean())


def _low(cell: str) -> float:
    return float(np.quantile(result(cell).ratio, 0.05))


def _use() -> float:
    return float(result("learned days").use.mean())


def _over(cell: str) -> float:
    return 100.0 * float(max(result(cell).use.max() - 1.0, 0.0))


def _mean_over() -> float:
    return 100.0 * float(np.maximum(result("late, no stop").use - 1.0, 0.0).mean())


def _lead() -> float:
    """Return by how much the best peer is beaten where it comes closest, in the mean."""
    cells = [cell for cell in CELLS if CELLS[cell].stops]
    return min(
        _mean(cell) - max(float(result(cell, name).ratio.mean()) for name in PEERS)
        for cell in cells
    )


def _ceiling(share: float) -> float:
    return float(kept(share)[OURS].ratio.mean())


def _achieved(share: float) -> float:
    """Return what a conversion cost over its target, by money, where the target binds."""
    played = kept(share)[OURS]
    return float(played.allowed[played.binds].sum() / played.came[played.binds].sum())


def _ceiling_lead() -> float:
    """Return by how much counting without maturity is beaten where it comes closer."""
    shares = (EIGHTH, HALF)
    return min(_ceiling(share) - float(kept(share)[UNWEIGHED].ratio.mean()) for share in shares)


def _hour(cell: int, count: int) -> Observed:
    return Observed(
        cells=np.full(count, cell),
        log_multiplier=np.zeros(count),
        spend=np.full(count, 100.0 + cell),
        impressions=np.full(count, 50.0),
        capped=np.zeros(count, dtype=np.bool_),
        usable=np.ones(count, dtype=np.bool_),
    )


def _cost() -> float:
    """Return CPU microseconds per campaign of learning an hour and deciding the next."""
    shapes = teachers(BATCH)
    zeros = np.zeros(BATCH)
    pacing = pacer.start(shapes, np.full(BATCH, 100.0), zeros)
    started = process_time()
    for hour in range(24):
        pacing = pacer.learn_hour(pacing, shapes, _hour(hour, BATCH))
        cells = np.tile(np.arange(hour + 1, hour + 25) % 168, (BATCH, 1))
        now = (zeros, np.zeros(BATCH, dtype=np.int64))
        pacer.decide(pacing, shapes, cells, np.full(BATCH, 2400.0), now)
    return (process_time() - started) / 24 / BATCH * 1e6


def _state() -> float:
    """Return the most bytes that a campaign's state has after a week."""
    shapes = teachers(1)
    pacing = pacer.start(shapes, np.full(1, 100.0), np.zeros(1))
    sizes = []
    for cell in range(168):
        pacing = pacer.learn_hour(pacing, shapes, _hour(cell, 1))
        sizes.append(len(pacing_state.pack(pacing)[0]))
    return float(max(sizes))


def _figure(name: str, goal: Goal, about: str, value: Callable[[], float]) -> Figure:
    return reckoned(f"pacing_{name}", goal, about, lambda _: value())


def _ratio(name: str, cell: str, goal: float) -> Figure:
    async def measure(bench: Bench) -> float:
        # It takes no account of what is in flight.
        if not CELLS[cell].late:
            most = await asyncio.to_thread(lambda: float(result(cell, INFORMED).ratio.mean()))
            bench.say(f"{most:.4f} by a controller that knows the law of the market")
        return await asyncio.to_thread(_mean, cell)

    return Figure(
        name=f"pacing_{name}",
        unit="of-optimum",
        goal=goal,
        better="higher",
        about=f"value over the hindsight optimum, {cell}, mean",
        measure=measure,
    )


def _of_ceiling(name: str, share: float, goal: float) -> tuple[Figure, Figure]:
    where = f"a target of cost per conversion, budgets of 1/{1 / share:.0f} of everything"
    return (
        _figure(
            f"ceiling_{name}",
            (goal, "of-optimum", "higher"),
            f"value over the optimum under {where}, less where the target is missed, mean",
            partial(_ceiling, share),
        ),
        _figure(
            f"ceiling_{name}_achieved",
            (1.02, "of-target", "lower"),
            f"achieved cost per conversion over {where}, where it binds",
            partial(_achieved, share),
        ),
    )


FIGURES = (
    _ratio("learned", "learned days", 0.995),
    _figure(
        "learned_p5",
        (0.98, "of-optimum", "higher"),
        "the same, 5th percentile",
        partial(_low, "learned days"),
    ),
    _ratio("first_day", "first day", 0.98),
    _ratio("outage", "outage", 0.99),
    _ratio("price", "price x 2", 0.993),
    _ratio("traffic", "traffic x 3", 0.98),
    _ratio("one_hour_late", "one hour late", 0.99),
    _ratio("two_hours_late", "two hours late", 0.98),
    _ratio("few_auctions", "5,000 auctions a day", 0.985),
    _ratio("double_noise", "double noise", 0.98),
    _ratio("first_too_high", "multiplier x 50", 0.97),
    _ratio("first_too_low", "multiplier / 50", 0.97),
    _figure("use", (0.995, "of-budget", "higher"), "spend over budget, learned days", _use),
    _figure(
        "overspend",
        (0.0, "%", "lower"),
        "most spent above a day's budget, learned days",
        partial(_over, "learned days"),
    ),
    _figure(
        "overspend_late_mean",
        (0.3, "%", "lower"),
        "spent above the budget with late reports and no platform stop, mean",
        _mean_over,
    ),
    _figure(
        "overspend_late_worst",
        (5.0, "%", "lower"),
        "the same, worst campaign-day",
        partial(_over, "late, no stop"),
    ),
    _figure(
        "lead",
        (0.0, "of-optimum", "higher"),
        "lead over the best peer in the cell where it comes closest",
        _lead,
    ),
    _figure(
        "coverage_low",
        (0.75, "of-days", "higher"),
        "learned days that end between the 10th and the 90th percentile forecast each hour",
        partial(coverage, "learned days"),
    ),
    _figure(
        "coverage_high",
        (0.85, "of-days", "lower"),
        "the same: more would be intervals that are too wide",
        partial(coverage, "learned days"),
    ),
    *_of_ceiling("eighth", EIGHTH, 0.75),
    *_of_ceiling("half", HALF, 0.82),
    _figure(
        "ceiling_lead",
        (0.0, "of-optimum", "higher"),
        "lead over counting without maturity, with the budget where it comes closer",
        _ceiling_lead,
    ),
    _figure(
        "month",
        (0.993, "of-optimum", "higher"),
        "value over the best purchase of a month with an outage and two promotion days, mean",
        lambda: float(month().untold.mean()),
    ),
    _figure(
        "month_told",
        (0.993, "of-optimum", "higher"),
        "the same where a calendar says that these days bring twice the traffic",
        lambda: float(month().told.mean()),
    ),
    _figure(
        "month_lead",
        (0.01, "of-optimum", "higher"),
        "lead of one budget for the month over an even budget every day, same pacer, mean",
        lambda: float((month().untold - month().daily).mean()),
    ),
    _figure("state", (2_048.0, "bytes", "lower"), "what is stored of a campaign", _state),
    _figure("cost", (25.0, "us", "lower"), "learn and decide, CPU per campaign-hour", _cost),
)
