"""The hours that campaigns have lived since a time, put together from what is kept of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from engine import settings
from engine.arrays import Bools, Floats, Ints, Rows
from engine.calendar import DAY, HOUR, Calendar, hour_of_week, local_day
from engine.events import Events, hour_lifts
from engine.hours import FINAL, MILLIONTHS, SUSPECT
from engine.living import Lived
from workers.optimizer.draft import Draft
from workers.optimizer.due import Due
from workers.optimizer.plan_calendar import excluded
from workers.optimizer.retained import read_days
from workers.optimizer.tables import AUDIT, settings_key

CUT_OFF: Final = 0.97
"""Share of its budget from which an hour's spend counts as cut off: prices cannot be divided."""

_ATTO: Final = 1e-18


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaigns:
    """R campaigns to learn; arrays of shape (R,)."""

    keys: Sequence[bytes]
    plans: Rows
    in_force: Rows
    calendar: Calendar
    zones: Ints
    first: Ints
    """First second of the first hour known."""
    newest: Ints
    """First second of the newest hour known."""

    def part(self, rows: Ints) -> Campaigns:
        """Return some of them, given by position."""
        return Campaigns(
            keys=[self.keys[i] for i in rows.tolist()],
            plans=self.plans[rows],
            in_force=self.in_force[rows],
            calendar=self.calendar,
            zones=self.zones[rows],
            first=self.first[rows],
            newest=self.newest[rows],
        )


def campaigns_of(due: Due, forced: Rows, rows: Ints) -> Campaigns:
    """Return the campaigns at ``rows`` (R,) of those that are due; ``forced`` is in force."""
    some = due.campaigns[rows]
    return Campaigns(
        keys=[due.keys[i] for i in rows.tolist()],
        plans=due.plans[rows],
        in_force=forced[rows],
        calendar=due.calendar,
        zones=due.zones[rows],
        first=some["first"].astype(np.int64),
        newest=some["newest"].astype(np.int64),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldHours:
    """What was told of hours; shapes (R, H), 0 where nothing was."""

    spend: Floats
    """Minor units; revenue alike."""
    revenue: Floats
    impressions: Floats
    clicks: Floats
    conversions: Floats
    usable: Bools
    """Whether the hour was told, and its counts do not contradict each other."""
    final: Bools
    """Whether its last report says that its counts are final."""


class Calendars(NamedTuple):
    """What plans tell of their campaigns' hours."""

    events: Events | None
    windows: Sequence[bytes]
    """What is not learned from, packed as in `workers.optimizer.plan_calendar`."""


def lived_hours(draft: Draft, campaigns: Campaigns, calendars: Calendars, until: Ints) -> Lived:
    """Return the hours from ``until`` (R,) to the newest one, told or not, as they would have been.

    An hour of an event has what it would have spent without it; excluded ones teach nothing.
    """
    counts = (campaigns.newest - until) // HOUR + 1
    most = int(counts.max(initial=0))
    starts = until[:, None] + np.arange(most) * HOUR
    present = np.arange(most) < counts[:, None]
    cells = cells_of(campaigns, starts)
    told = told_hours(draft, campaigns, until, most)
    found = settings_of(draft, campaigns, starts, present)
    multiplier, budget = found["multiplier"], found["budget"]
    steered = multiplier > 0
    # Before it is steered, an hour that somebody's budget has shaped says nothing of the market.
    shaped = (campaigns.in_force["known"] > 0) & ~_was_steered(campaigns)
    lift = 0.0 if calendars.events is None else hour_lifts(calendars.events, starts)
    owners = np.repeat(np.arange(len(until)), most)
    out = excluded(calendars.windows, owners, starts.ravel()).reshape(starts.shape)
    # Where nothing may be spent, that nothing was spent says nothing of the bids.
    barred = (budget == 0) & (told.spend == 0.0)
    return Lived(
        cells=np.where(present, cells, -1),
        log_multiplier=np.log(
            np.where(steered, multiplier, settings.MILLIONTHS) / settings.MILLIONTHS
        ),
        steered=steered,
        spend=told.spend * np.exp(-lift),
        impressions=told.impressions,
        capped=cut_off(told.spend, budget),
        usable=told.usable & (steered | ~shaped[:, None]) & ~out & ~barred,
    )


def cut_off(spend: Floats, budget: Ints) -> Bools:
    """Return whether hours have spent all that they were allowed to, minor units; shapes alike."""
    return np.asarray((budget > 0) & (spend >= CUT_OFF * budget))


def cells_of(campaigns: Campaigns, starts: Ints) -> Ints:
    """Return the hours of the local week (R, H) that begin at ``starts``."""
    zones = np.broadcast_to(campaigns.zones[:, None], starts.shape)
    days = local_day(campaigns.calendar, zones, starts)
    return hour_of_week(campaigns.calendar, zones, starts, days)


def _was_steered(campaigns: Campaigns) -> Bools:
    return np.asarray(campaigns.in_force["multiplier"] > 0)


def told_hours(draft: Draft, campaigns: Campaigns, until: Ints, most: int) -> ToldHours:
    """Return what was told of the hours from ``until`` (R,) to the newest one, ``most`` at most."""
    span = zip((until // DAY).tolist(), (campaigns.newest // DAY).tolist(), strict=True)
    days = [range(first, last + 1) for first, last in span]
    rows, owners, starts = read_days(draft, campaigns.keys, days)
    since = starts - until[owners]
    within = (since >= 0) & (since % HOUR == 0) & (since // HOUR < most)
    # Other hours go to a column that is cut off: that is quicker than to copy the rows of these.
    place = owners * (most + 1) + np.where(within, since // HOUR, most)
    scale = 10.0 ** campaigns.plans["exponent"][owners]

    def table(values: Rows) -> Floats:
        whole = np.zeros((len(until), most + 1))
        whole.reshape(-1)[place] = np.maximum(values, 0.0)
        return whole[:, :most]

    return ToldHours(
        spend=table((rows["spend"][:, 0] + rows["spend"][:, 1] * _ATTO) * scale),
        revenue=table((rows["revenue"][:, 0] + rows["revenue"][:, 1] * _ATTO) * scale),
        impressions=table(rows["impressions"]),
        clicks=table(rows["clicks"]),
        conversions=table(rows["conversions"] / MILLIONTHS),
        usable=table(rows["flags"] & SUSPECT == 0) > 0.0,
        final=table(rows["flags"] & FINAL > 0) > 0.0,
    )


def settings_of(draft: Draft, campaigns: Campaigns, starts: Ints, present: Bools) -> Rows:
    """Return what was in force in the middle of each hour, (R, H); blank where nothing was set."""
    found = np.zeros(starts.shape, dtype=settings.SETTING)
    found["budget"] = settings.UNKNOWN
    rows, columns = np.nonzero(present & _was_steered(campaigns)[:, None])
    if not rows.size:
        return found
    middles = starts[rows, columns] + HOUR // 2
    days = middles // DAY
    # Hours of a campaign's day follow each other, so that each day is read once.
    begins = np.diff(rows, prepend=-1) | np.diff(days, prepend=days[0])
    each = zip(rows[begins != 0].tolist(), days[begins != 0].tolist(), strict=True)
    values = [_day_of(draft, campaigns, i, day) for i, day in each]
    which = np.cumsum(begins != 0) - 1
    found[rows, columns] = settings.in_force_at(values, which, middles % DAY)
    return found


def _day_of(draft: Draft, campaigns: Campaigns, i: int, day: int) -> bytes:
    """Return the settings of a UTC day; without any it is what the one before it ended with."""
    key = campaigns.keys[i]
    value = draft.read_of(AUDIT, [settings_key(key, day)])[0]
    if value:
        return value
    newest = int(campaigns.in_force["newest_day"][i])
    bits = int(campaigns.in_force["days"][i])
    earlier = bits >> max(newest - day + 1, 0)
    if not earlier:
        return b""
    age = (earlier & -earlier).bit_length() - 1 + max(newest - day + 1, 0)
    return settings.last_of(draft.read_of(AUDIT, [settings_key(key, newest - age)])[0])
