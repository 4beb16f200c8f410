"""The figures of bids: conversion rates, their delay, speed and profit."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time
from typing import Final

import numpy as np

from benchmarks.bench import Bench
from benchmarks.bidding.calibrated import FEEDS, kept
from benchmarks.bidding.calibrated import worst as worst_feed
from benchmarks.bidding.delays import LONG, SHORT, biases, worst
from benchmarks.bidding.profit import DEARER, bids_of, of_oracle, others_of_oracle
from benchmarks.bidding.rates import covered, keys_of, ratio
from benchmarks.bidding.world import DEVICES, OWN_SD, PLACEMENTS, world
from benchmarks.figure import Figure, Goal, reckoned
from engine.conversion_rates import learn, rates, teach
from engine.rate_cells import Kinds, gathered

FARTHER: Final = 0.15
"""Departures of campaigns from what they share that are hard to learn from so few clicks."""


def _ratio(bench: Bench) -> float:
    bench.say(f"{ratio(FARTHER):.3f} where campaigns depart by {FARTHER} of a log")
    return ratio(OWN_SD)


def _calibration(bench: Bench) -> float:
    for name in FEEDS:
        found, best = kept(name), kept(name, knowing=True)
        bench.say(
            f"{name}: {found.error:.3f}, slope {found.slope:.3f}; "
            f"{best.error:.3f} and {best.slope:.3f} where it is known how far factors depart"
        )
    return worst_feed()


def _delay(bench: Bench) -> float:
    (weighed, naive), (sooner, _) = biases(LONG), biases(SHORT)
    for name, found in (
        ("by maturity", weighed),
        ("by maturity after four weeks only", sooner),
        ("naively", naive),
    ):
        bench.say(f"{name}, by group: " + ", ".join(f"{100.0 * each:+.2f} %" for each in found))
    return worst()


def _profit(bench: Bench) -> float:
    for name, found in others_of_oracle().items():
        bench.say(f"{found:.4f} by {name}")
    bench.say(f"{of_oracle(DEARER):.4f} by learned rates where others bid more")
    return of_oracle()


def _speed(bench: Bench) -> float:
    """Return bids per second of CPU: rates are looked up, bids made and held to limits."""
    cells = world(OWN_SD)
    kinds = Kinds(campaigns=int(cells.campaign.max()) + 1, devices=DEVICES, placements=PLACEMENTS)
    keys = keys_of(cells)
    counts = cells.clicks.astype(np.float64), cells.conversions.astype(np.float64)
    started = process_time()
    known = gathered(kinds, keys, *counts)
    taught = teach(known)
    between = process_time()
    learned = learn(known, taught)
    fitted = process_time()
    made = bids_of(rates(learned, keys).middle)
    bid = process_time() - fitted
    bench.say(
        f"{between - started:.2f} s to learn what {kinds.campaigns} campaigns share, "
        f"{fitted - between:.2f} s to learn each, {bid:.2f} s for {len(made)} bids"
    )
    return len(made) / (bid + fitted - between)


def _figure(name: str, goal: Goal, about: str, value: Callable[[Bench], float]) -> Figure:
    return reckoned(f"bids_{name}", goal, about, value)


FIGURES = (
    _figure(
        "rates",
        (0.2, "of-hard-coded", "lower"),
        "excess log-loss of conversion rates over that of hard-coded multipliers, unseen clicks",
        _ratio,
    ),
    _figure(
        "rates_covered",
        (0.75, "of-cells", "higher"),
        "true rates that lie between the limits given, which are to hold four of five",
        lambda _: covered(),
    ),
    _figure(
        "calibration",
        (0.7, "per-100-clicks", "lower"),
        "calibration error of foretold rates of cells against the true ones, worst of six feeds",
        _calibration,
    ),
    _figure(
        "delay",
        (2.0, "%", "lower"),
        "bias of the newest week's conversion rate, worst of four groups of mean delay",
        _delay,
    ),
    _figure(
        "profit",
        (0.98, "of-oracle", "higher"),
        "profit of bids by learned rates over that of bids by the true ones",
        _profit,
    ),
    _figure(
        "speed",
        (50_000.0, "bids/s", "higher"),
        "learn each campaign and bid for each of its cells, one core",
        _speed,
    ),
)
