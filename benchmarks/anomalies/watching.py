"""Campaigns of a world are watched: what is clean, and what has gone wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.anomalies.world import CAMPAIGNS, HOURS, LEARNED, Floats, Ints, World, world
from engine import anomalies, patterns
from engine.arrays import Rows
from engine.hours import MILLIONTHS
from engine.thresholds import Thresholds, calibrated

Bools = NDArray[np.bool_]

FALSE_ALARMS: Final = 0.05
"""A campaign and week, that thresholds are set for."""

ONE_AGAIN: Final = 24
"""Hours without an alarm after which the next one is another."""

CALM: Final = 12.0
"""Evidence of an outage from which on hours are not learned into the week."""

_WEEK: Final = 168
_SEED: Final = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that goes wrong with all campaigns, each at an hour of its own."""

    lasts: int
    """Hours."""
    traffic: Callable[[Floats], Floats] = np.ones_like
    """What becomes of all counts, by the hours since it began (B,)."""
    tracked: Callable[[Floats], Floats] = np.ones_like
    """What becomes of conversions and revenue."""
    changes: tuple[str, ...]
    """Of `anomalies.CHANGES`, those by which it is found."""


FAULTS: Final = {
    "outage": Fault(
        lasts=48, tracked=lambda age: np.full_like(age, 0.05), changes=("outage", "drop", "sinking")
    ),
    "spike": Fault(
        lasts=48, traffic=lambda age: np.full_like(age, 3.0), changes=("spike", "rising")
    ),
    "drop": Fault(
        lasts=168, traffic=lambda age: np.full_like(age, 0.6), changes=("outage", "drop", "sinking")
    ),
    "drift": Fault(
        lasts=168, traffic=lambda age: 0.5 ** (age / 168.0), changes=("outage", "drop", "sinking")
    ),
}


@dataclass(slots=True)
class Watcher:
    """What is known of campaigns by an hour."""

    rows: Rows
    learned: Rows
    """Weeks, as rows of `patterns.PATTERN`."""
    week: patterns.Estimate
    today: list[tuple[int, Floats, Bools]]
    """The hours of the day: cell, counts, and which campaigns may learn them."""

    @classmethod
    def new(cls, count: int) -> Watcher:
        """Return what is known of campaigns before their first hour."""
        learned = patterns.unpack([b""] * count).copy()
        week = patterns.estimate(learned, patterns.flat_prior(count))
        return cls(anomalies.unpack([b""] * count), learned, week, [])

    def copy(self) -> Watcher:
        """Return the same, to go on with otherwise."""
        return Watcher(self.rows.copy(), self.learned.copy(), self.week, list(self.today))

    def see(self, number: int, counts: Floats) -> None:
        """Judge and learn an hour; with its last one, the day is learned into the week."""
        cell = number % _WEEK
        shapes = self.week.clicks[:, cell], self.week.conversions[:, cell]
        seen = anomalies.hour(counts, *shapes, np.ones(len(counts), dtype=np.bool_))
        self.rows = anomalies.watch(self.rows, seen)
        calm = np.asarray((self.rows["evidence"][:, :, 0] < CALM).all(axis=1))
        self.today.append((cell, counts, calm))
        if number % 24 == 23:  # noqa: PLR2004 -- the last hour of a day
            self._close()

    def _close(self) -> None:
        for cell, counts, calm in self.today:
            self.learned["hours"][:, cell] += calm
            self.learned["clicks"][:, cell] += np.where(calm, counts[:, 1], 0).astype(np.int64)
            sold = np.where(calm, counts[:, 3], 0) * MILLIONTHS
            self.learned["conversions"][:, cell] += sold.astype(np.int64)
        self.today = []
        self.week = patterns.estimate(self.learned, patterns.flat_prior(len(self.learned)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Clean:
    """Clean weeks, watched: half of the campaigns set thresholds, the others test them."""

    world: World
    begun: Watcher
    """By the first hour watched."""
    thresholds: Thresholds
    false_alarms: float
    """A campaign and week, among the campaigns that thresholds were not set on."""


def _half(campaigns: int) -> Ints:
    return np.arange(0, campaigns, 2)


@cache
def clean(campaigns: int = CAMPAIGNS) -> Clean:
    """Return what is seen where nothing goes wrong."""
    market, watcher = world(_SEED, campaigns), Watcher.new(campaigns)
    for number in range(LEARNED):
        watcher.see(number, _usual(market, number))
    begun = watcher.copy()
    seen = []
    for number in range(LEARNED, HOURS):
        watcher.see(number, _usual(market, number))
        seen.append(watcher.rows["evidence"].astype(np.float32))
    evidence = np.array(seen)
    set_on, tested = _half(campaigns), _half(campaigns) + 1
    peaks = evidence[:, set_on].reshape(-1, _WEEK, *evidence[:, set_on].shape[1:]).max(axis=1)
    limits = calibrated(peaks.reshape(-1, *peaks.shape[2:]).astype(np.float64), FALSE_ALARMS)
    others = evidence[:, tested].astype(np.float64)
    return Clean(world=market, begun=begun, thresholds=limits, false_alarms=begins(others, limits))


def begins(evidence: Floats, thresholds: Thresholds) -> float:
    """Return how many alarms begin a campaign and week, of evidence (H, B, 6, 5)."""
    rows = np.zeros(evidence.shape[1], dtype=anomalies.WATCH)
    quiet, count = np.full(len(rows), ONE_AGAIN), 0
    for hour in evidence:
        rows["evidence"] = hour
        alarmed = anomalies.alarms(rows, thresholds).any(axis=(1, 2))
        count += int((alarmed & (quiet >= ONE_AGAIN)).sum())
        quiet = np.where(alarmed, 0, quiet + 1)
    return count * _WEEK / (len(evidence) * len(rows))


def _usual(market: World, number: int) -> Floats:
    ones = np.ones(len(market.rates))
    return market.hour(number, ones, ones)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found of a fault; shapes (B,)."""

    delay: Floats
    """Hours from its first one to the alarm, that one included; infinite where there was none."""
    rates: Floats

    @property
    def share(self) -> float:
        """Share of campaigns where it was found while it lasted, in percent."""
        return 100.0 * float(np.isfinite(self.delay).mean())

    def median_delay(self, least_rate: float) -> float:
        """Return the median delay of campaigns with so many conversions an hour or more."""
        return float(np.median(self.delay[self.rates >= least_rate]))


@cache
def found(name: str, campaigns: int = CAMPAIGNS) -> Found:
    """Return what is found of a fault; each campaign's begins within a week of the first watched.

    Campaigns that are in alarm when theirs begins are left out.
    """
    known, fault = clean(campaigns), FAULTS[name]
    tested = _half(campaigns) + 1
    watcher = known.begun.copy()
    onset = LEARNED + np.random.default_rng(_SEED).integers(0, _WEEK, campaigns)
    delay = np.full(campaigns, np.inf)
    alarmed: Bools = np.zeros(campaigns, dtype=np.bool_)
    at_onset = alarmed.copy()
    which = [anomalies.CHANGES.index(each) for each in fault.changes]
    for number in range(LEARNED, LEARNED + _WEEK + fault.lasts):
        age = (number - onset).astype(np.float64)
        on = (age >= 0) & (age < fault.lasts)
        at_onset = np.where(age == 0, alarmed, at_onset)
        traffic, tracked = (
            np.where(on, made(np.maximum(age, 0.0)), 1.0) for made in (fault.traffic, fault.tracked)
        )
        watcher.see(number, known.world.hour(number, traffic, tracked))
        alarms = anomalies.alarms(watcher.rows, known.thresholds)
        alarmed = np.asarray(alarms.any(axis=(1, 2)))
        rightly = alarms[:, :, which].any(axis=(1, 2)) & on
        delay = np.where(rightly & ~np.isfinite(delay), age + 1.0, delay)
    chosen = tested[~at_onset[tested]]
    return Found(delay=delay[chosen], rates=known.world.rates[chosen])
