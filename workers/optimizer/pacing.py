"""Brings what the pacer knows of campaigns up to their newest hours.

What it knows is a function of the hours known, in their order, whatever the order in which they
were told: hours that come late, or that change after they were learned, are learned again from the
day before which nothing has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine import pacing_state, state
from engine.arrays import Floats, Ints, Rows
from engine.batches import picked
from engine.calendar import DAY, HOUR
from engine.day_shapes import DayShapes
from engine.living import Lived, live_hour
from engine.pacer import Pacing, start
from engine.plans import PERIODS
from workers.optimizer import pacing_rows
from workers.optimizer.draft import Draft
from workers.optimizer.lived import Calendars, Campaigns, lived_hours
from workers.optimizer.pacing_rows import UNCHANGED, Memory
from workers.optimizer.tables import METRICS, anchor_key, pacing_key

FIRST_DAYS: Final = 14
"""Days of hours known before that a campaign begins with when it is to be steered."""

ANCHOR_DAYS: Final = 16
"""Every so many days what is known is kept for as long as hours are; in between for two days. An
hour that changes later than as many days before its hours are forgotten may not be learned anew."""

LONGEST_GAP: Final = 62 * 24
"""Hours without a report after which what was known is of no use."""

_PERIOD_HOURS = np.array([24.0, 7 * 24.0, 30.4 * 24.0, np.nan])


@dataclass(frozen=True, slots=True, kw_only=True)
class CaughtUp:
    """What is known of R campaigns by now."""

    pacing: Pacing
    hours: Ints
    """Shape (R,): how many hours were lived since the first one learned, told or not."""
    values: Sequence[bytes]
    """As the table keeps it."""
    writes: dict[bytes, bytes | None]
    """What the table is to be told."""


def catch_up(
    draft: Draft, campaigns: Campaigns, calendars: Calendars, shapes: DayShapes
) -> CaughtUp:
    """Return what is known of campaigns with all their hours."""
    stored = draft.read_of(METRICS, [pacing_key(key) for key in campaigns.keys])
    fresh = start(shapes, hourly_budget(campaigns.plans), np.zeros(len(stored)))
    reached = _remembered(draft, campaigns, stored, fresh)
    lived = lived_hours(draft, campaigns, calendars, reached.until)
    writes: dict[bytes, bytes | None] = {}
    for hour in range(lived.cells.shape[1]):
        _anchor(draft, campaigns, (reached, lived, hour), writes)
        pacing, steered = live_hour((reached.pacing, reached.steered), shapes, lived, hour)
        # Many hours at once come to the same bytes as hours that are stored one by one, and what
        # is decided follows from what is stored.
        pacing = pacing_state.rounded(pacing)
        until = reached.until + HOUR
        reached = replace(reached, pacing=pacing, steered=steered, until=until)
    ends = campaigns.newest + HOUR
    changed = np.full(len(ends), UNCHANGED)
    values = pacing_rows.pack(replace(reached, until=ends, changed=changed))
    for key, before, now in zip(campaigns.keys, stored, values, strict=True):
        if before != now:
            writes[pacing_key(key)] = now
    hours = (ends - reached.began) // HOUR
    return CaughtUp(pacing=reached.pacing, hours=hours, values=values, writes=writes)


def hourly_budget(plans: Rows) -> Floats:
    """Return what a plan's mean hour may spend, minor units, > 0, (B,)."""
    flight = (plans["flight_last"] - plans["flight_first"] + 1.0) * 24.0
    hours = np.where(
        plans["period"] == PERIODS.index("flight"), flight, _PERIOD_HOURS[plans["period"]]
    )
    return np.asarray(np.maximum(plans["amount"] / hours, 1e-3))


def _remembered(
    draft: Draft, campaigns: Campaigns, stored: Sequence[bytes], fresh: Pacing
) -> Memory:
    """Return what is still right of what was known.

    Of a campaign with an hour that has changed since, it is what was known before that. After long
    silence, and the first time, it is nothing, of a campaign that begins some days back.
    """
    values, newest = list(stored), campaigns.newest
    heads = pacing_rows.heads(values)
    for i in np.flatnonzero(heads["changed"] != UNCHANGED).tolist():
        values[i] = _before_change(draft, campaigns, i, values[i])
    until = pacing_rows.heads(values)["until"]
    begins = (until == state.NEVER) | (newest - until > LONGEST_GAP * HOUR)
    values = [b"" if anew else value for anew, value in zip(begins, values, strict=True)]
    back = (newest - np.maximum(campaigns.first, newest - FIRST_DAYS * DAY)) // HOUR
    again = (heads["began"] != state.NEVER) & (heads["began"] <= heads["changed"])
    again &= newest - heads["until"] <= LONGEST_GAP * HOUR
    first = np.where(again, heads["began"], newest - back * HOUR)
    memory = pacing_rows.unpack(values, fresh)
    return replace(
        memory,
        began=np.where(begins, first, memory.began),
        until=np.where(begins, first, until),
    )


def _before_change(draft: Draft, campaigns: Campaigns, i: int, value: bytes) -> bytes:
    """Return what was known before an hour that has changed; empty where that was nothing.

    If hours since then are no longer kept, what was learned of the hour stays as it was.
    """
    head = pacing_rows.heads([value])
    changed, began = int(head["changed"][0]) // DAY, int(head["began"][0]) // DAY
    oldest = int(campaigns.newest[i]) // DAY - draft.policy.restatement_days
    days = range(changed, max(oldest, began) - 1, -1)
    kept = draft.read_of(METRICS, [anchor_key(campaigns.keys[i], day) for day in days])
    before = next((each for each in kept if each), b"")
    return before if before or began >= oldest else value


def _anchor(
    draft: Draft,
    campaigns: Campaigns,
    reached: tuple[Memory, Lived, int],
    writes: dict[bytes, bytes | None],
) -> None:
    """Keep what is known of those whose UTC day begins with the hour reached."""
    memory, lived, hour = reached
    day = memory.until // DAY
    begins = (lived.cells[:, hour] >= 0) & (day != (memory.until - HOUR) // DAY)
    rows = np.flatnonzero(begins)
    if not rows.size:
        return
    kept = replace(picked(memory, rows), changed=np.full(len(rows), UNCHANGED))
    for i, value in zip(rows.tolist(), pacing_rows.pack(kept), strict=True):
        key, today = campaigns.keys[i], int(day[i])
        writes[anchor_key(key, today)] = value
        for old in _expired(today, draft.policy.restatement_days):
            gone = anchor_key(key, old)
            if writes.pop(gone, None) is not None or draft.read_of(METRICS, [gone])[0]:
                writes[gone] = None


def _expired(day: int, kept_days: int) -> list[int]:
    """Return the days whose anchors are no longer wanted when ``day`` begins."""
    between = [day - 2] if (day - 2) % ANCHOR_DAYS else []
    oldest = day - kept_days - 1
    return [*between, oldest] if oldest % ANCHOR_DAYS == 0 else between
