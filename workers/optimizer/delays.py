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
from engine.arrays import Bools, Floats, Ints, Rows
from engine.calendar import DAY, HOUR
from engine.delay import STEPS, Delays, Restated
from engine.formats import Formats
from engine.hours import MILLIONTHS, Outcome, Placed
from engine.strategies import needs_learning, steers
from schemas import LateConversions
from workers.optimizer.draft import Draft
from workers.optimizer.plan_calendar import excluded
from workers.optimizer.plan_rows import TARGET, WITHIN_DAY
from workers.optimizer.tables import METRICS, ages_key, delay_key
from workers.optimizer.value_growth import Again, in_units, note_value
from workers.optimizer.wave import Wave
from workers.pooled_delays import told

_SUMS: Final = [("at", "<i8"), ("growth", "<f8", (STEPS,)), ("level", "<f8", (STEPS,))]
_UNTOLD: Final = [("untold_growth", "<f4", (STEPS,)), ("untold_level", "<f4", (STEPS,))]
_LAYOUTS: Final = (
    np.dtype([("format", "u1"), *_SUMS]),
    np.dtype([("format", "u1"), *_SUMS, *_UNTOLD]),
)
"""Sums that fade; from format 2 on also those that no closed day has told others of yet."""

_AGES: Final = np.dtype(("<u2", (24,)))
"""Hours, and 1 more, that an hour was old when it was told last; 0 where it was not."""

_OLDEST: Final = 2**16 - 2


def note_delays(draft: Draft, wave: Wave, placed: Placed) -> None:
    """Learn from what the wave tells again; remember how old each hour was when it was told."""
    rows = np.flatnonzero(watched(wave.plans) & (placed.outcome <= Outcome.DUPLICATE))
    if not rows.size:
        return
    keys = [wave.keys[i] for i in rows.tolist()]
    starts = wave.starts[rows]
    now = np.array([wave.facts[i].now for i in rows.tolist()], dtype=np.int64)
    later = np.clip((now - starts - HOUR) / HOUR, 0.0, _OLDEST)
    earlier = _remember(draft, keys, starts, later)
    taught = placed.found[rows] & ~excluded(wave.windows, rows, starts)
    again = np.flatnonzero(taught & (earlier >= 0.0) & (later > earlier))
    if again.size:
        restated = Restated(
            before=_conversions(placed.old[rows[again]]),
            after=_conversions(placed.new[rows[again]]),
            earlier=earlier[again, None],
            later=later[again, None],
        )
        _learn(draft, [keys[i] for i in again.tolist()], now[again], restated)
        _note_values(draft, wave, placed, (rows[again], earlier[again], later[again]))


def _note_values(
    draft: Draft, wave: Wave, placed: Placed, told: tuple[Ints, Floats, Floats]
) -> None:
    """Learn how revenue grows of those whose plans judge it at a horizon."""
    rows, earlier, later = told
    valued = np.flatnonzero(wave.by_horizon[rows])
    if valued.size:
        at = rows[valued]
        again = Again(
            keys=[wave.keys[i] for i in at.tolist()],
            before=in_units(placed.old[at]),
            after=in_units(placed.new[at]),
            earlier=earlier[valued],
            later=later[valued],
            now=np.array([wave.facts[i].now for i in at.tolist()], dtype=np.int64),
            exponent=wave.plans["exponent"][at].astype(np.int64),
        )
        note_value(draft, again)


def watched(plans: Rows) -> Bools:
    """Return whose delays are learned: those who decide on conversions of the newest days, (B,)."""
    aimed = (plans["detailed"] & TARGET > 0) & steers(plans)
    moving = (plans["detailed"] & WITHIN_DAY > 0) & needs_learning(plans)
    return np.asarray(aimed | moving)


def delays_of(draft: Draft, keys: Sequence[bytes]) -> Delays:
    """Return what is known of campaigns' delays."""
    rows = _read(draft.read_of(METRICS, [delay_key(key) for key in keys]))
    return Delays(growth=rows["growth"].copy(), level=rows["level"].copy())


def tell_delays(draft: Draft, keys: Sequence[bytes]) -> list[LateConversions | None]:
    """Return what was learned since the days told before, and take it for told."""
    stored = [delay_key(key) for key in keys]
    values = draft.read_all(stored)
    late: list[LateConversions | None] = [None] * len(keys)
    some = [i for i, value in enumerate(values) if value]
    rows = _read([values[i] for i in some]).copy()
    for i, growth, level in zip(some, rows["untold_growth"], rows["untold_level"], strict=True):
        late[i] = told(growth, level)
    rows["untold_growth"], rows["untold_level"] = 0.0, 0.0
    for i, value in zip(some, state.pack(rows), strict=True):
        draft.writes[stored[i]] = value
    return late


def _learn(draft: Draft, keys: Sequence[bytes], now: Ints, restated: Restated) -> None:
    rows = _read(draft.read_all([delay_key(key) for key in keys])).copy()
    before = Delays(growth=rows["growth"], level=rows["level"])
    more = delay.add_restatements(delay.no_delays(len(keys)), restated)
    passed = np.where(rows["at"] > 0, np.maximum(now - rows["at"], 0) / HOUR, 0.0)
    kept = delay.faded(before, passed[:, None])
    rows["growth"], rows["level"] = kept.growth + more.growth, kept.level + more.level
    rows["untold_growth"] += more.growth
    rows["untold_level"] += more.level
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


def ages_of(draft: Draft, key: bytes, starts: Ints) -> Ints:
    """Return how old a campaign's hours (N,) were when they were told last, -1 where they were not.

    In whole hours since their ends.
    """
    ages = np.full(len(starts), -1, dtype=np.int64)
    for day in np.unique(starts // DAY).tolist():
        stored = draft.read(ages_key(key, day))
        if stored:
            mine = starts // DAY == day
            hours = starts[mine] % DAY // HOUR
            ages[mine] = np.frombuffer(stored, _AGES.base)[hours].astype(np.int64) - 1
    return ages


def _conversions(rows: Rows) -> Floats:
    return np.asarray(np.maximum(rows["conversions"], 0)[:, None] / float(MILLIONTHS))


def _read(values: Sequence[bytes]) -> Rows:
    blank = np.zeros(1, dtype=_LAYOUTS[-1])
    blank["format"] = _FORMATS.newest
    return _FORMATS.read([value or blank.tobytes() for value in values])


def _told_of_nothing(rows: Rows) -> Rows:
    """Return rows of format 1 as such of format 2: what they learned was never told apart."""
    newer = np.zeros(len(rows), dtype=_LAYOUTS[1])
    for name, *_ in _SUMS:
        newer[name] = rows[name]
    return newer


_FORMATS: Final = Formats(what="delay", layouts=_LAYOUTS, upgrades=(_told_of_nothing,))
