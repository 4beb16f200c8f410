"""The bids in force of campaigns whose bids are set, and what unreported hours spend under them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from engine import pacer
from engine.arrays import Bools, Floats, Ints
from engine.batches import picked
from engine.calendar import HOUR, hour_of_week, local_day
from engine.in_force import current_multiplier
from engine.living import reopened
from engine.offsets import OFF, offset_lifts
from engine.period_ahead import told_lifts
from engine.settings import MILLIONTHS
from engine.situation import Clock, Situation, Steered

_NO_RATE: Final = -1


class BidsNow(NamedTuple):
    """Where campaigns that are steered stand; shapes (R,)."""

    steered: Steered
    """With what their pacers know of bids that are not known."""
    in_force: Floats
    """Log multiplier."""
    common: Floats
    """The same without the offset of the hour before the target, whose bids are in force."""
    offset: Floats
    """Of the target hour."""
    off: Bools
    """Whether nothing is to be bid in it."""
    missed: Ints
    """Hours that are not reported."""
    lifts: Floats
    """What offsets add to hours of the week, (R, 168)."""


def expected_rates(situation: Situation, clock: Clock) -> Ints:
    """Return what an unreported hour is expected to have spent, minor units, rounded up, (B,).

    -1 for a campaign that is not steered: its hours are held to their budgets.
    """
    rates = np.full(len(clock.hour), _NO_RATE)
    steered = situation.steered
    if not steered.rows.size:
        return rates
    unreported = _unreported(situation, clock)[steered.rows]
    for late in np.unique(unreported[unreported > 0]).tolist():
        at = np.flatnonzero(unreported == late)
        rows = steered.rows[at]
        first = situation.campaigns["newest"][rows].astype(np.int64) + HOUR
        starts = first[:, None] + np.arange(late) * HOUR
        bids = np.repeat(_in_force(situation, rows)[:, None], late, axis=1)
        some, told = picked(steered, at), told_lifts(situation, rows, starts)
        hours = _cells(situation, rows, starts), bids
        flying = pacer.in_flight(some.pacing, some.shapes, hours, told)
        rates[rows] = np.minimum(np.ceil(flying / late), 2.0**50).astype(np.int64)
    rates[steered.rows[unreported == 0]] = 0
    return rates


def bids_now(situation: Situation, clock: Clock) -> BidsNow:
    """Return where campaigns that are steered stand before the decision."""
    steered = situation.steered
    rows, offsets = steered.rows, steered.offsets
    known, _ = current_multiplier(situation.in_force[rows])
    in_force, offset = _in_force(situation, rows), _of_target(offsets, clock.cells[rows])
    pacing = reopened(steered.pacing, in_force, ~known)
    before = _of_target(offsets, (clock.cells[rows] - 1) % 168)
    common = in_force - np.where(known & (before > OFF), before, 0.0)
    return BidsNow(
        steered=replace(steered, pacing=pacing),
        in_force=in_force,
        common=common,
        offset=offset,
        off=offset <= OFF,
        missed=_unreported(situation, clock)[rows],
        lifts=offset_lifts(pacing.response, offsets, common),
    )


def _of_target(offsets: Floats, cells: Ints) -> Floats:
    return np.asarray(np.take_along_axis(offsets, cells[:, :1], axis=1)[:, 0])


def _unreported(situation: Situation, clock: Clock) -> Ints:
    """Return how many hours before the target hour are not reported, (B,)."""
    newest = situation.campaigns["newest"].astype(np.int64)
    return np.asarray(np.clip((clock.target - newest) // HOUR - 1, 0, 2 * 24))


def _in_force(situation: Situation, rows: Ints) -> Floats:
    """Return the log multiplier in force, 0 where none was set."""
    known, multiplier = current_multiplier(situation.in_force[rows])
    return np.asarray(np.log(np.where(known, multiplier, MILLIONTHS) / MILLIONTHS))


def _cells(situation: Situation, rows: Ints, starts: Ints) -> Ints:
    zones = np.broadcast_to(situation.zones[rows, None], starts.shape)
    days = local_day(situation.calendar, zones, starts)
    return hour_of_week(situation.calendar, zones, starts, days)
