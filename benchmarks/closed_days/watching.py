"""Campaigns of a world are watched, day after day: what is clean, and what has gone wrong."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from benchmarks.closed_days.world import (
    CAMPAIGNS,
    DAY,
    LEARNED,
    WATCHED,
    Bent,
    Bools,
    Fault,
    Floats,
    World,
    world,
)
from engine import funnel_alarms, funnel_state, funnel_watch
from engine.anomalies import CHANGES
from engine.arrays import Rows
from engine.funnel import SIGNALS
from engine.funnel_alarms import SUSPECTED
from engine.funnel_watch import Judged

_SEED: Final = 11
_DOWN, _UP = ("outage", "drop", "sinking"), ("spike", "rising")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A way in which counts go wrong."""

    days: int
    """How long it lasts."""
    bent: Bent
    """What becomes of counts, by the hours since it began."""
    changes: tuple[str, ...]
    """Of `engine.anomalies.CHANGES`, those by which it is found."""


KINDS: Final = {
    "outage": Kind(days=2, bent=lambda age: np.full_like(age, 0.05), changes=_DOWN),
    "spike": Kind(days=2, bent=lambda age: np.full_like(age, 3.0), changes=_UP),
    "drop": Kind(days=7, bent=lambda age: np.full_like(age, 0.6), changes=_DOWN),
    "drift": Kind(days=7, bent=lambda age: 0.5 ** (age / 168.0), changes=_DOWN),
}


def seen(judged: Judged) -> Bools:
    """Return what is told of, (B, 5, 5), of campaigns that close on one day."""
    least = funnel_alarms.least_evidence(funnel_alarms.tally(judged.evidence).sum(axis=0))
    return funnel_alarms.alarms(judged.evidence, least, judged.beginnings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clean:
    """Weeks in which nothing is wrong but that bids and budgets move."""

    world: World
    begun: Rows
    """What is known by the first day watched."""
    false_alarms: float
    """Alarms that begin, a campaign and week."""
    alarmed: Bools
    """Shape (B,): who is in alarm before the first day watched."""


@cache
def clean(campaigns: int = CAMPAIGNS) -> Clean:
    """Return what is seen where nothing goes wrong."""
    market, rows = world(_SEED, campaigns), funnel_state.unpack([b""] * campaigns)
    for number in range(LEARNED):
        rows, _ = funnel_watch.watch(rows, market.day(number))
    begun, before = rows, np.asarray((rows["evidence"] >= SUSPECTED).any(axis=(1, 2)))
    alarmed, count = before, 0
    for number in range(LEARNED, LEARNED + WATCHED):
        rows, judged = funnel_watch.watch(rows, market.day(number))
        now = np.asarray(seen(judged).any(axis=(1, 2)))
        count += int((now & ~alarmed).sum())
        alarmed = now
    weeks = campaigns * WATCHED / 7.0
    return Clean(world=market, begun=begun, false_alarms=count / weeks, alarmed=before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found of a fault, of one campaign in ten; shapes (B,)."""

    delay: Floats
    """Hours from its first one to the end of the day that told it; infinite where none did."""
    since: Floats
    """Hours by which the first hour that was named lies after its first one."""
    rates: Floats

    @property
    def share(self) -> float:
        """Share of campaigns where it was found by the end of its last day, in percent."""
        return 100.0 * float(np.isfinite(self.delay).mean())

    def median(self, values: Floats, least_rate: float) -> float:
        """Return the median of those found, campaigns with so many conversions an hour or more."""
        chosen = values[np.isfinite(self.delay) & (self.rates >= least_rate)]
        return float(np.median(chosen)) if len(chosen) else np.inf


def first_hours(campaigns: int) -> tuple[Bools, Floats]:
    """Return which campaigns a fault hits, one in ten, and hours since the world's first, (B,)."""
    hit = np.arange(campaigns) % 10 == 0
    hours = np.random.default_rng(_SEED).integers(0, DAY, campaigns)
    return hit, np.where(hit, LEARNED * DAY + hours, np.inf).astype(np.float64)


@cache
def found(signal: str, name: str, campaigns: int = CAMPAIGNS) -> Found:
    """Return what is found of a fault of each campaign's own hour of the first day watched.

    One campaign in ten has it: of those that have none, none is asked.
    """
    known, kind = clean(campaigns), KINDS[name]
    hit, onset = first_hours(campaigns)
    delay, since = np.full((2, campaigns), np.inf)
    rows, fault = known.begun, Fault(signal=signal, bent=kind.bent, hours=kind.days * DAY)
    which = [CHANGES.index(each) for each in kind.changes]
    for number in range(LEARNED, LEARNED + kind.days + 1):
        rows, judged = funnel_watch.watch(rows, known.world.day(number, fault, onset))
        told = seen(judged)[:, SIGNALS.index(signal), which]
        new = told.any(axis=1) & ~np.isfinite(delay) & hit
        begins = np.where(told, judged.since[:, SIGNALS.index(signal), which], 2**60).min(axis=1)
        delay = np.where(new, (number + 1) * DAY - onset, delay)
        since = np.where(new, begins / 3_600.0 - onset, since)
    chosen = hit & ~known.alarmed
    return Found(delay=delay[chosen], since=since[chosen], rates=known.world.rates[chosen])
