"""Hours that nothing is told of, though later ones are known."""

from __future__ import annotations

import numpy as np

from engine.arrays import Ints
from engine.calendar import DAY, HOUR, day_start, local_day
from engine.horizon import SLOTS
from engine.hours import HOUR as HOUR_ROW
from engine.situation import Untold
from workers.optimizer.draft import Draft
from workers.optimizer.due import Due
from workers.optimizer.retained import read_days
from workers.optimizer.tables import METRICS, hours_key


def untold_hours(draft: Draft, due: Due) -> Untold | None:
    """Return which hours are untold; none where no campaign has any since the UTC day before.

    Hours before the first one ever known are not missed.
    """
    newest, first = (due.campaigns[name].astype(np.int64) for name in ("newest", "first"))
    since = np.maximum((newest // DAY - 1) * DAY, first)
    lately = _counted(draft, due, newest // DAY) < (newest - since) // HOUR + 1
    rows = np.flatnonzero(lately)
    if not rows.size:
        return None
    begins = day_start(due.calendar, due.zones, local_day(due.calendar, due.zones, newest))
    spans = zip((begins[rows] // DAY).tolist(), (newest[rows] // DAY).tolist(), strict=True)
    days = [range(begin, last + 1) for begin, last in spans]
    _, owners, starts = read_days(draft, [due.keys[i] for i in rows.tolist()], days)
    at = (starts - begins[rows][owners]) // HOUR
    within = (at >= 0) & (at < SLOTS)
    slots = begins[:, None] + np.arange(SLOTS) * HOUR
    missing = (slots + HOUR > first[:, None]) & (slots <= newest[:, None]) & lately[:, None]
    missing[rows[owners[within]], at[within]] = False
    return Untold(hours=missing, lately=lately)


def _counted(draft: Draft, due: Due, days: Ints) -> Ints:
    """Return how many hours are kept of UTC ``days`` (B,) and of those before them."""
    sizes = np.zeros(len(due.keys), dtype=np.int64)
    for back in (0, 1):
        each = zip(due.keys, (days - back).tolist(), strict=True)
        values = draft.read_of(METRICS, [hours_key(key, day) for key, day in each])
        sizes += np.array([len(value) for value in values], dtype=np.int64)
    return sizes // HOUR_ROW.itemsize
