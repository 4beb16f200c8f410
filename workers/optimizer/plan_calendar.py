"""The calendar of a plan as numbers: lifts that are told, and windows that are not learned from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from engine.arrays import Floats, Ints
from engine.events import Events, disjoint
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
        found = {i: self._lifts(values[i]) for i in np.flatnonzero(detailed & LIFTED).tolist()}
        most = max((len(starts) for starts, _, _ in found.values()), default=0)
        if not most:
            return None
        starts, ends = (np.zeros((len(values), most), dtype=np.int64) for _ in range(2))
        lift = np.zeros((len(values), most))
        for i, (first, last, told) in found.items():
            starts[i, : len(first)], ends[i, : len(last)], lift[i, : len(told)] = first, last, told
        return Events(starts=starts, ends=ends, lift=lift)

    def windows(self, values: Sequence[bytes], detailed: Ints) -> list[bytes]:
        """Return for each plan its excluded windows, packed; empty where there are none."""
        packed = [b""] * len(values)
        for i in np.flatnonzero(detailed & EXCLUDING).tolist():
            packed[i] = self._windows(values[i]).tobytes()
        return packed


def unpack_windows(packed: Sequence[bytes]) -> Ints:
    """Return packed windows as `engine.events.touched` wants them, shape (B, W, 2)."""
    each = [np.frombuffer(value, dtype=np.int64).reshape(-1, 2) for value in packed]
    windows = np.zeros((len(packed), max(map(len, each), default=0), 2), dtype=np.int64)
    for i, some in enumerate(each):
        windows[i, : len(some)] = some
    return windows


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
    starts = np.array([int(event.start.timestamp()) for event in events], dtype=np.int64)
    ends = np.array([-int(-event.end.timestamp() // 1) for event in events], dtype=np.int64)
    return starts, ends
