"""How late each campaign's conversions are reported, learned as its hours are told again.

Only campaigns whose bids are held to a target need it, and those that move budget within the day.
What is learned is about the telling: it depends on when reports came, as nothing else that is kept
does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from engine import delay, state
from engine.arrays import Floats, Ints, Rows
from engine.calendar import DAY, HOUR
from engine.delay import STEPS, Delays, Restated
from engine.errors import UnknownFormat
from engine.hours import MILLIONTHS, Outcome, Placed
from engine.strategies import needs_learning, steers
from workers.optimizer.draft import Draft
from workers.optimizer.plan_calendar import excluded
from workers.optimizer.plan_rows import TARGET, WITHIN_DAY
from workers.optimizer.tables import METRICS, ages_key, delay_key
from workers.optimizer.wave import Wave

FORMAT: Final = 1

_ROW: Final = np.dtype(
    [("format", "u1"), ("at", "<i8"), ("growth", "<f8", (STEPS,)), ("level", "<f8", (STEPS,))]
)
_AGES: Final = np.dtype(("<u2", (24,)))
"""Hours, and 1 more, that an hour was old when it was told last; 0 where it was not."""

_OLDEST: Final = 2**16 - 2


def note_delays(draft: Draft, wave: Wave, placed: Placed) -> None:
    """Learn from what the wave tells again; remember how old each hour was when it was told."""
    wanted = (wave.plans["detailed"] & TARGET > 0) & steers(wave.plans)
    wanted |= (wave.plans["detailed"] & WITHIN_DAY > 0) & needs_learning(wave.plans)
    wanted &= ~excluded(wave.windows, np.arange(len(wave.keys)), wave.starts)
    rows = np.flatnonzero(wanted & (placed.outcome <= Outcome.DUPLICATE))
    if not rows.size:
        return
    keys = [wave.keys[i] for i in rows.tolist()]
    starts = wave.starts[rows]
    now = np.array([wave.facts[i].now for i in rows.tolist()], dtype=np.int64)
    later = np.clip((now - starts - HOUR) / HOUR, 0.0, _OLDEST)
    earlier = _remember(draft, keys, starts, later)
    again = np.flatnonzero(placed.found[rows] & (earlier >= 0.0) & (later > earlier))
    if again.size:
        restated = Restated(
            before=_conversions(placed.old[rows[again]]),
            after=_conversions(placed.new[rows[again]]),
            earlier=earlier[again, None],
            later=later[again, None],
        )
        _learn(draft, [keys[i] for i in again.tolist()], now[again], restated)


def delays_of(draft: Draft, keys: Sequence[bytes]) -> Delays:
    """Return what is known of campaigns' delays."""
    rows = _read(draft.read_of(METRICS, [delay_key(key) for key in keys]))
    return Delays(growth=rows["growth"].copy(), level=rows["level"].copy())


def _learn(draft: Draft, keys: Sequence[bytes], now: Ints, restated: Restated) -> None:
    rows = _read(draft.read_all([delay_key(key) for key in keys])).copy()
    before = Delays(growth=rows["growth"], level=rows["level"])
    passed = np.where(rows["at"] > 0, np.maximum(now - rows["at"], 0) / HOUR, 0.0)
    after = delay.add_restatements(delay.faded(before, passed[:, None]), restated)
    rows["growth"], rows["level"] = after.growth, after.level
    rows["at"] = np.maximum(rows["at"], now)
    for key, value in zip(keys, state.pack(rows), strict=True):
        draft.writes[delay_key(key)] = value


def _remember(draft: Draft, keys: Sequence[bytes], starts: Ints, ages: Floats) -> Floats:
    """Keep how old hours are as they are told; return how old they were the last time, or -1."""
    before = np.full(len(keys), -1.0)
    for i, (key, start) in enumerate(zip(keys, starts.tolist(), strict=True)):
        stored = ages_key(key, start // DAY)
        day = np.frombuffer(draft.read(stored) or bytes(_AGES.itemsize), _AGES.base).copy()
        hour = start % DAY // HOUR
        before[i] = float(day[hour]) - 1.0
        day[hour] = int(ages[i]) + 1
        draft.writes[stored] = day.tobytes()
    return before


def _conversions(rows: Rows) -> Floats:
    return np.asarray(np.maximum(rows["conversions"], 0)[:, None] / float(MILLIONTHS))


def _read(values: Sequence[bytes]) -> Rows:
    blank = np.zeros(1, dtype=_ROW)
    blank["format"] = FORMAT
    rows = np.frombuffer(b"".join([value or blank.tobytes() for value in values]), dtype=_ROW)
    if rows.size and (rows["format"] != FORMAT).any():
        raise UnknownFormat("delay", found=int(rows["format"].max()), known=FORMAT)
    return rows
