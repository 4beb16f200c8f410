"""The hours that are kept of a campaign, read together: to sum its ledgers anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine import hours, ledger, patterns, state
from engine.arrays import Bools, Ints, Rows
from engine.calendar import DAY, HOUR, hour_of_week, local_day
from workers.optimizer.draft import Draft
from workers.optimizer.pacing_rows import note_change
from workers.optimizer.plan_calendar import excluded
from workers.optimizer.tables import METRICS, hours_key, pattern_key, windows_key
from workers.optimizer.wave import Wave


def settle(draft: Draft, wave: Wave) -> Wave:
    """Return the wave with each campaign's ledgers in the zone and flight of its plan.

    Most are already. The others are summed anew from the hours kept, and so is what was
    learned of their week when the zone has changed, or what the plan excludes from learning.
    """
    campaigns = wave.campaigns.copy()
    names = state.zone_names(campaigns, wave.plans["zone"])
    known = state.has_hours(campaigns)
    moved = known & (campaigns["zone"] != names)
    stale = moved | (known & (campaigns["flight_first"] != wave.plans["flight_first"]))
    anew = moved | (known & _exclude(draft, wave))
    campaigns["zone"] = names
    campaigns["flight_first"] = wave.plans["flight_first"]
    chosen = np.flatnonzero(stale)
    if chosen.size:
        campaigns[chosen] = _rebuilt(draft, wave, campaigns, chosen)
    _relearn(draft, wave, campaigns, np.flatnonzero(anew))
    return replace(wave, campaigns=campaigns)


def _exclude(draft: Draft, wave: Wave) -> Bools:
    """Note what plans exclude from learning; return whose week was learned with other hours."""
    keys = [windows_key(key) for key in wave.keys]
    before = draft.read_all(keys)
    changed = np.array([old != new for old, new in zip(before, wave.windows, strict=True)])
    for i in np.flatnonzero(changed).tolist():
        draft.writes[keys[i]] = wave.windows[i] or None
        told = np.frombuffer(before[i] + wave.windows[i], dtype=np.int64)[::2]
        note_change(draft, wave.keys[i], int(told.min()) - HOUR)
    return changed


def read_days(
    draft: Draft, keys: Sequence[bytes], days: Sequence[Sequence[int]]
) -> tuple[Rows, Ints, Ints]:
    """Return the hours of UTC days: rows (N,), the position of each one's campaign, its start.

    ``days[i]`` are days of the campaign ``keys[i]``.
    """
    wanted = [hours_key(key, day) for key, each in zip(keys, days, strict=True) for day in each]
    rows, at = hours.read(draft.read_of(METRICS, wanted))
    owners = np.repeat(np.arange(len(days)), [len(each) for each in days])[at]
    utc_days = np.array([day for each in days for day in each], dtype=np.int64)[at]
    return rows, owners, hours.starts_of(rows, utc_days)


def _kept(draft: Draft, wave: Wave, campaigns: Rows, chosen: Ints) -> tuple[Rows, Ints, Ints]:
    keys = [wave.keys[i] for i in chosen.tolist()]
    newest = (campaigns["newest"][chosen] // DAY).tolist()
    bits = campaigns["days"][chosen].tolist()
    days = [state.kept_days(bit, day) for bit, day in zip(bits, newest, strict=True)]
    return read_days(draft, keys, days)


def _rebuilt(draft: Draft, wave: Wave, campaigns: Rows, chosen: Ints) -> Rows:
    rows, owners, starts = _kept(draft, wave, campaigns, chosen)
    some, zones = campaigns[chosen], wave.zones[chosen]
    hour = ledger.moment(wave.calendar, zones[owners], starts)
    current = ledger.moment(wave.calendar, zones, some["newest"].astype(np.int64))
    summed = ledger.rebuild(some, rows, owners, (hour, current))
    first = some["first"].astype(np.int64)
    oldest = (some["newest"] // DAY - draft.policy.restatement_days) * DAY
    return ledger.settle_flight(
        summed,
        local_day(wave.calendar, zones, first),
        local_day(wave.calendar, zones, oldest.astype(np.int64)) + 1,
    )


def _relearn(draft: Draft, wave: Wave, campaigns: Rows, moved: Ints) -> None:
    if not moved.size:
        return
    rows, owners, starts = _kept(draft, wave, campaigns, moved)
    zones = wave.zones[moved]
    days = local_day(wave.calendar, zones[owners], starts)
    current = local_day(wave.calendar, zones, campaigns["newest"][moved].astype(np.int64))
    windows = [wave.windows[i] for i in moved.tolist()]
    closed = (days < current[owners]) & ~excluded(windows, owners, starts)
    cells = hour_of_week(wave.calendar, zones[owners], starts, days)
    blank = patterns.unpack([b""] * len(moved))
    at = owners[closed], cells[closed], days[closed]
    learned = patterns.add_hours(blank, rows[closed], at, sign=1)
    store_patterns(draft, [wave.keys[i] for i in moved.tolist()], learned)


def store_patterns(draft: Draft, keys: Sequence[bytes], learned: Rows) -> None:
    """Write what was learned; a campaign that has taught nothing has no value."""
    blank = patterns.unpack([b""]).tobytes()
    stored = [pattern_key(key) for key in keys]
    before = draft.read_all(stored)
    for key, old, new in zip(stored, before, state.pack(learned), strict=True):
        if new != blank:
            draft.writes[key] = new
        elif old:
            draft.writes[key] = None
