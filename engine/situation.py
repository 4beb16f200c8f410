"""What a decision is made from: a batch of campaigns at one moment each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from engine.arrays import Bools, Floats, Ints, Rows
from engine.calendar import HOUR, Calendar
from engine.day_shapes import DayShapes, no_days, pooled
from engine.events import Events
from engine.pacer import Pacing, start
from engine.reallocation import Departure
from engine.velocity import Speed
from engine.weeks import WeekWeights


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What somebody or something has put in the way; arrays of shape (B,)."""

    frozen: Bools
    """Nothing may be changed."""
    paused: Bools
    """The campaign does not deliver: it was paused on its platform."""
    outage: Bools
    """Reports are suspected to be missing."""
    excluded: Bools
    """The newest hour is one that nothing is to be learned or decided from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """How much is known of the hours of the week; arrays of shape (B,)."""

    own: Floats
    """Share of what was learned that is the campaign's own, in [0, 1]."""
    pooled: Floats
    """Campaign-days behind the prior."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """What R campaigns may spend on finding out, and have; arrays of shape (R,)."""

    share: Floats
    """Of what the period may spend, in [0, 1]."""
    period: Ints
    """First second after the period that ``used`` is of."""
    used: Floats
    """What is spent, or may be by hours that are not known yet; minor units."""
    coins: Floats
    """In [0, 1), as `engine.exploration.coin` gives them for the hour that is decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steered:
    """The campaigns of a batch whose bids are set, R of them, and what the pacer knows of each."""

    rows: Ints
    """Shape (R,), positions in the batch, ascending."""
    pacing: Pacing
    shapes: DayShapes
    highest: Floats
    """Shape (R,), natural log of the multiplier that keeps the target of cost per result;
    `engine.ceiling.UNBOUND` where there is none."""
    bounds: Floats
    """Shape (R, 2), natural logs of the least and the highest multiplier that the plan allows."""
    offsets: Floats
    """Shape (R, 168): by how much the bids of an hour of the week are to lie above the common
    multiplier, natural log; `engine.offsets.OFF` where nothing may be spent."""
    learning: Learning


def nobody_steered() -> Steered:
    """Return a batch in which no campaign has its bids set: always the same one."""
    return _nobody()


@cache
def _nobody() -> Steered:
    nobody = np.zeros(0, dtype=np.int64)
    shapes = pooled(no_days()).of(nobody)
    return Steered(
        rows=nobody,
        pacing=start(shapes, np.zeros(0), np.zeros(0)),
        shapes=shapes,
        highest=np.zeros(0),
        bounds=np.zeros((0, 2)),
        offsets=np.zeros((0, 168)),
        learning=Learning(share=np.zeros(0), period=nobody, used=np.zeros(0), coins=np.zeros(0)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """Hours of B campaigns that nothing is told of, though later ones are known."""

    hours: Bools
    """Shape (B, 25): those of the newest hour's local day, from its first hour on."""
    lately: Bools
    """Shape (B,): whether there are any since the UTC day before that of the newest hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """B campaigns whose next hour is to be decided; every campaign has a known hour."""

    campaigns: Rows
    """Shape (B,), `engine.state.CAMPAIGN`."""
    plans: Rows
    """Shape (B,), `engine.plans.PLAN`."""
    in_force: Rows
    """Shape (B,), `engine.in_force.IN_FORCE`."""
    week: WeekWeights
    """What the plan's strategy makes the hours of the week weigh."""
    evidence: Evidence
    conditions: Conditions
    steered: Steered
    gaps: Ints
    """Shape (B, G, 2), first and last local day of each flight gap; first > last is none."""
    calendar: Calendar
    zones: Ints
    """Shape (B,), the row of ``calendar`` that the campaign's days follow."""
    account_zones: Ints
    """Shape (B,), the row for the zone that its events name, or that of ``zones``."""
    hour: Ints
    """Shape (B,), first second of the hour to decide, which names the decision."""
    now: Ints
    """Shape (B,), the clock of the decision, in seconds."""
    stale_after: int
    """Seconds after the end of the newest hour from which its data are stale."""
    events: Events | None = None
    """What is told of times to come; none where no plan tells anything."""
    speed: Speed | None = None
    """How fast campaigns may change; none where no plan limits it."""
    today: Departure | None = None
    """How far today's hours are from what was expected; none where no plan asks."""
    untold: Untold | None = None
    """Hours that nothing is told of though later ones are known; none where there are none."""

    @property
    def silent(self) -> Bools:
        """Whether hours before the one to decide are not reported: a tick asks; shape (B,)."""
        return np.asarray(self.hour > self.campaigns["newest"] + HOUR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The hour that is decided and its day; arrays of shape (B,) unless said otherwise."""

    hour: Ints
    """First second of the hour that is decided: it names the decision."""
    target: Ints
    """First second of the hour that the amount is for: later, where reports are late."""
    day: Ints
    """Local day of the target hour."""
    day_start: Ints
    hours: Ints
    """How many hours the day still has, the target hour included: 1 to 25."""
    cells: Ints
    """Shape (B, 25), hour of the week of each remaining hour, 0 beyond the day."""
    newest_day: Ints
    """Local day of the newest hour known."""
    reported_until: Ints
    """End of what was reported: of the newest hour known, or now where that is not over."""
