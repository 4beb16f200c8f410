"""The calendar of a plan as numbers: lifts that are told, and windows that are not learned from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.events import Events, disjoint, touched
from schemas import Plan
from workers.optimizer.plan_rows import EXCLUDING, LIFTED, read_plan


class CalendarBook:
    """Memo of the calendars of plans."""

    def __init__(self) -> None:
        """Begin empty; the memo is bounded."""
        self._lifts: Callable[[bytes], tuple[Ints, Ints, Floats]] = lru_cache(4_096)(_lifts)
        self._windows: Callable[[bytes], Ints] = lru_cache(4_096)(_windows)

    def events(self, values: Sequence[bytes], detailed: Ints) -> Events | None:
        """Return what plans tell of lifts, or none where no plan of the batch tells anything."""
        chosen = np.flatnonzero(detailed & LIFTED).tolist()
        if not chosen:
            return None
        found = [self._lifts(values[i]) for i in chosen]
        starts, ends, lift = (np.concatenate(part) for part in zip(*found, strict=True))
        owners = np.repeat(np.array(chosen), [len(first) for first, _, _ in found])
        return Events(owners=owners, starts=starts, ends=ends, lift=lift)

    def windows(self, values: Sequence[bytes], detailed: Ints) -> list[bytes]:
        """Return for each plan its excluded windows, packed; empty where there are none."""
        packed = [b""] * len(values)
        for i in np.flatnonzero(detailed & EXCLUDING).tolist():
            packed[i] = self._windows(values[i]).tobytes()
        return packed


def together(packed: Sequence[bytes]) -> bytes:
    """Return packed windows from several sources as one, sorted and without repeats."""
    some = [each for each in packed if each]
    if len(some) < 2:  # noqa: PLR2004 -- two are put together
        return b"".join(some)
    windows = np.frombuffer(b"".join(some), dtype=np.int64).reshape(-1, 2)
    return np.unique(windows, axis=0).tobytes()


def excluded(windows: Sequence[bytes], owners: Ints, starts: Ints) -> Bools:
    """Return which hours (N,), that begin at ``starts``, their owners' packed windows exclude."""
    out = np.zeros(len(starts), dtype=np.bool_)
    excluding = [i for i, packed in enumerate(windows) if packed]
    if not excluding:
        return out
    order = np.argsort(owners, kind="stable")
    edges = np.searchsorted(owners[order], [[i, i + 1] for i in excluding])
    for i, (first, last) in zip(excluding, edges.tolist(), strict=True):
        own = order[first:last]
        each = np.frombuffer(windows[i], dtype=np.int64).reshape(-1, 2)
        out[own] = touched(each, starts[own])
    return out


def _lifts(value: bytes) -> tuple[Ints, Ints, Floats]:
    plan = read_plan(value)
    told = [event for event in plan.calendar if event.expected_lift != 1.0]
    starts, ends = _seconds(plan, [plan.calendar.index(event) for event in told])
    return disjoint(starts, ends, np.log([event.expected_lift for event in told]))


def _windows(value: bytes) -> Ints:
    """Return the excluded windows of a plan, sorted and without repeats: (W, 2)."""
    plan = read_plan(value)
    chosen = [i for i, event in enumerate(plan.calendar) if event.exclude_from_learning]
    return np.unique(np.stack(_seconds(plan, chosen), axis=1), axis=0)


def _seconds(plan: Plan, chosen: Sequence[int]) -> tuple[Ints, Ints]:
    """Return first seconds, and the seconds after the last, of some events."""
    events = [plan.calendar[i] for i in chosen]
    starts = np.array([first_second(event.start) for event in events], dtype=np.int64)
    ends = np.array([last_second(event.end) for event in events], dtype=np.int64)
    return starts, ends


def first_second(start: datetime) -> int:
    """Return the second in which a window begins."""
    return int(start.timestamp())


def last_second(end: datetime) -> int:
    """Return the second after the last that a window touches."""
    return -int(-end.timestamp() // 1)
