"""Calendar events: stretches of time that bring more or less than usual, or teach nothing.

An event's lift is a factor of demand that is told, not learned; it ends with the event. Hours of an
excluded window are not learned from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.calendar import HOUR
from engine.gaps import outside
from engine.weeks import WeekWeights


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """K events of a batch of campaigns; arrays of shape (K,). Those of one do not overlap."""

    owners: Ints
    """Position of the campaign in the batch."""
    starts: Ints
    """First second."""
    ends: Ints
    """Second after the last."""
    lift: Floats
    """Natural log of demand against the usual."""


def disjoint(starts: Ints, ends: Ints, lift: Floats) -> tuple[Ints, Ints, Floats]:
    """Return one campaign's events, shapes (E,), as pieces that do not overlap, in order.

    Where events overlap their factors multiply, so that logs of lifts add up.
    """
    bounds = np.unique(np.concatenate([starts, ends]))
    first, last = bounds[:-1], bounds[1:]
    inside = (starts <= first[:, None]) & (last[:, None] <= ends)
    total = (inside * lift).sum(axis=1)
    kept = inside.any(axis=1) & (total != 0.0)
    return first[kept], last[kept], total[kept]


def hour_lifts(events: Events, starts: Ints) -> Floats:
    """Return the lift (B, R) of the hours that begin at ``starts`` (B, R), natural log.

    An hour that lies in an event for a part has the event's factor for that part. It is what
    `engine.coming.Coming.lift` wants.
    """
    factor, first = np.ones(starts.shape), starts[events.owners]
    since = np.maximum(first, events.starts[:, None])
    shared = np.minimum(first + HOUR, events.ends[:, None]) - since
    np.add.at(factor, events.owners, np.maximum(shared, 0) / HOUR * np.expm1(events.lift)[:, None])
    return np.log(factor)


def more_weight(week: WeekWeights, events: Events, gaps: Ints, span: tuple[Ints, Ints]) -> Floats:
    """Return what events add, (B,), to the weight between two wall times.

    ``events`` are in seconds of local wall time here, as ``span``, shapes (B,); ``gaps``
    as `engine.gaps.merged` returns them. It is below 0 where events bring less than usual.
    """
    first = np.maximum(events.starts, span[0][events.owners])
    last = np.minimum(events.ends, span[1][events.owners])
    chosen = np.flatnonzero(first < last)
    rows = events.owners[chosen]
    own = WeekWeights(
        weights=week.weights[rows],
        sums=week.sums[rows],
        dates=week.dates[rows],
        dated=week.dated[rows],
    )
    usual = outside(own, gaps[rows], first[chosen], last[chosen])
    more = np.expm1(events.lift[chosen]) * usual
    return np.bincount(rows, more, minlength=len(span[0])).astype(np.float64)


def touched(windows: Ints, starts: Ints) -> Bools:
    """Return whether the hours that begin at ``starts`` (N,) lie in a window, if only in part.

    ``windows`` are (W, 2): first second and the second after the last; start = end is none.
    """
    begins, ends = windows[:, 0], windows[:, 1]
    inside = (begins < ends) & (begins < starts[:, None] + HOUR) & (ends > starts[:, None])
    return np.asarray(inside.any(axis=1))
