"""What a wave of facts changes: days of hours, ledgers and patterns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine import hours, ledger, patterns, state
from engine.arrays import Bools, Ints, Rows
from engine.calendar import DAY, HOUR, hour_of_week
from engine.hours import Outcome, Placed
from engine.ledger import Advance, Moment
from workers.optimizer import closing, events
from workers.optimizer.delays import note_delays
from workers.optimizer.draft import Draft
from workers.optimizer.facts import as_rows
from workers.optimizer.late_values import keep_values, learn_late
from workers.optimizer.pacing_rows import note_change
from workers.optimizer.plan_calendar import excluded
from workers.optimizer.reading import CURRENCY_MISMATCH, MIXED_MODES, OVERLAPPING, TOO_OLD
from workers.optimizer.retained import read_days, settle, store_patterns
from workers.optimizer.tables import ages_key, events_key, hours_key, pattern_key
from workers.optimizer.wave import Wave

_REFUSALS = {
    Outcome.MIXED_MODES: (MIXED_MODES, "record_mode", "the hour is known from the other mode"),
    Outcome.OVERLAPPING: (OVERLAPPING, "window_start", "overlaps an hour that is known already"),
}


def learn(draft: Draft, wave: Wave) -> Wave:
    """Apply the wave's facts; return it with the campaigns as they are now, and which are due."""
    wave = settle(draft, wave)
    before = wave.campaigns
    disputed = _currencies(draft, wave)
    placed = _place(draft, wave, _refused(draft, wave, disputed))
    applied = placed.applied
    newest = np.where(state.has_hours(before), before["newest"], wave.starts)
    was = ledger.moment(wave.calendar, wave.zones, newest)
    hour = ledger.moment(wave.calendar, wave.zones, wave.starts)
    kept = draft.policy.restatement_days
    rolled, step = ledger.advance(before, wave.starts, applied, (was, hour), kept)
    current = _current(step, was, hour)
    after = ledger.post(rolled, placed, hour, current)
    after["offset"] = np.where(
        applied, [fact.record.offset for fact in wave.facts], before["offset"]
    )
    _learn_patterns(draft, wave, placed, hour, step)
    _note_changes(draft, wave, placed)
    note_delays(draft, wave, placed)
    accepted = (placed.outcome <= Outcome.DUPLICATE) | disputed
    due = accepted & _over(draft, wave) & (wave.starts + HOUR > before["decided"])
    return replace(wave, campaigns=after, due=due)


def _over(draft: Draft, wave: Wave) -> Bools:
    """Return which facts were told when their hour was over; others say too little to decide."""
    now = np.array([fact.now for fact in wave.facts], dtype=np.int64)
    tolerance = int(draft.policy.future_tolerance.total_seconds())
    return np.asarray(now + tolerance >= wave.starts + HOUR)


def _current(step: Advance, was: Moment, hour: Moment) -> Moment:
    return Moment(
        day=step.current_day,
        week=np.where(step.moved, hour.week, was.week),
        month=np.where(step.moved, hour.month, was.month),
    )


def _currencies(draft: Draft, wave: Wave) -> Bools:
    """Settle each campaign's currency; return which facts are in another one than the ledger."""
    rows = wave.campaigns
    told = np.array([(fact.event.currency or "").encode() for fact in wave.facts], dtype="S3")
    disputed = (told != b"") & (rows["currency"] != b"") & (told != rows["currency"])
    agreed = (told != b"") & ~disputed
    rows["currency"] = np.where(agreed, told, rows["currency"])
    rows["disputed"] = np.where(disputed, told, np.where(agreed, b"", rows["disputed"]))
    for i in np.flatnonzero(disputed).tolist():
        kept, given = rows["currency"][i].decode(), told[i].decode()
        detail = f"the campaign's ledger is in {kept}, so {given} cannot be added to it"
        draft.refuse(wave.facts[i].record, CURRENCY_MISMATCH, "currency", detail)
    return np.asarray(disputed)


def _refused(draft: Draft, wave: Wave, disputed: Bools) -> Bools:
    """Return which facts are kept out: each has one reason, the first that applies."""
    refused = disputed | _too_old(draft, wave, disputed)
    for i in np.flatnonzero(~refused).tolist():
        fact = wave.facts[i]
        if fact.event.is_delta and events.is_repeat(draft, fact):
            refused[i] = True
    return refused


def _too_old(draft: Draft, wave: Wave, disputed: Bools) -> Bools:
    days = draft.policy.restatement_days
    old = ledger.too_old(wave.campaigns, wave.starts, days) & ~disputed
    taught = learn_late(draft, wave, old)
    for i in np.flatnonzero(old).tolist():
        detail = (
            f"lies more than {days} days before the newest hour known; its day is closed for good"
        )
        detail += ", only how revenue grows was learned from it" if taught[i] else ""
        draft.refuse(wave.facts[i].record, TOO_OLD, "window_start", detail)
    return old


def _place(draft: Draft, wave: Wave, refused: Bools) -> Placed:
    """Put the facts into their days; count what became of them."""
    utc_days = (wave.starts // DAY).tolist()
    keys = [hours_key(key, day) for key, day in zip(wave.keys, utc_days, strict=True)]
    values = draft.read_all(keys)
    placed = hours.place(values, as_rows(wave.facts, wave.starts), refused)
    rewritten = hours.splice(values, placed)
    for i in np.flatnonzero(placed.applied).tolist():
        draft.writes[keys[i]] = rewritten[i]
        if wave.facts[i].event.is_delta:
            events.note(draft, wave.facts[i])
    outcomes, counts = np.unique(placed.outcome, return_counts=True)
    for outcome, count in zip(outcomes.tolist(), counts.tolist(), strict=True):
        if outcome not in (*_REFUSALS, Outcome.REFUSED):
            draft.count("events", Outcome(outcome).name.lower(), by=count)
    for outcome, (reason, field, detail) in _REFUSALS.items():
        for i in np.flatnonzero(placed.outcome == outcome).tolist():
            draft.refuse(wave.facts[i].record, reason, field, detail)
    return placed


def _note_changes(draft: Draft, wave: Wave, placed: Placed) -> None:
    """Tell what the pacer knows of hours that differ from what it has learned of them."""
    differs = (placed.old["spend"] != placed.new["spend"]).any(axis=1)
    differs |= (placed.old["impressions"] != placed.new["impressions"]) | ~placed.found
    differs |= (placed.old["flags"] ^ placed.new["flags"]) & hours.SUSPECT > 0
    for i in np.flatnonzero(placed.applied & differs).tolist():
        note_change(draft, wave.keys[i], int(wave.starts[i]))


def _learn_patterns(draft: Draft, wave: Wave, placed: Placed, hour: Moment, step: Advance) -> None:
    """Close days that ended, correct days that are closed, and forget days that expired."""
    late = placed.applied & (hour.day < step.current_day)
    touched = np.flatnonzero(step.closed | late | (step.expired != 0))
    if not touched.size:
        return
    keys = [wave.keys[i] for i in touched.tolist()]
    learned = patterns.unpack(draft.read_all([pattern_key(key) for key in keys]))
    learned = closing.close_days(draft, wave, touched, learned, step)
    learned = _correct(wave, placed, (touched, late), learned, hour)
    learned = _forget(draft, wave, touched, learned, step)
    store_patterns(draft, keys, learned)


def _correct(
    wave: Wave, placed: Placed, chosen: tuple[Ints, Bools], learned: Rows, hour: Moment
) -> Rows:
    touched, late = chosen
    taught = late & ~excluded(wave.windows, np.arange(len(late)), wave.starts)
    at = np.flatnonzero(taught[touched])
    i = touched[at]
    days = hour.day[i]
    cells = hour_of_week(wave.calendar, wave.zones[i], wave.starts[i], days)
    learned = patterns.add_hours(learned, placed.old[i], (at, cells, days), sign=-1)
    return patterns.add_hours(learned, placed.new[i], (at, cells, days), sign=1)


def _forget(draft: Draft, wave: Wave, touched: Ints, learned: Rows, step: Advance) -> Rows:
    """Take expired days out of what was learned, and delete them."""
    bits = step.expired[touched].tolist()
    if not any(bits):
        return learned
    base = step.base[touched].tolist()
    keys = [wave.keys[i] for i in touched.tolist()]
    days = [state.kept_days(bit, day) for bit, day in zip(bits, base, strict=True)]
    rows, owners, starts = read_days(draft, keys, days)
    keep_values(draft, wave, touched, (rows, owners, starts))
    zones = wave.zones[touched][owners]
    local = ledger.moment(wave.calendar, zones, starts).day
    cells = hour_of_week(wave.calendar, zones, starts, local)
    for key, expired in zip(keys, days, strict=True):
        for day in expired:
            draft.writes[hours_key(key, day)] = None
            for beside in (events_key(key, day), ages_key(key, day)):
                if draft.read(beside):
                    draft.writes[beside] = None
    taught = ~excluded(wave.windows, touched[owners], starts)
    at = owners[taught], cells[taught], local[taught]
    return patterns.add_hours(learned, rows[taught], at, sign=-1)
