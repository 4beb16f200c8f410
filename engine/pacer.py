"""The pacer: learns from an hour's reports, decides the next multiplier and cap of each campaign.

It joins the response model with the control, and adds the search that a first multiplier needs
that may be wrong by orders of magnitude. It knows no Kafka: any program that can say
what an hour spent can be paced by it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.anchors import anchored, restarted
from engine.arrays import Bools, Floats, Ints
from engine.coming import Coming, at_anchor, hours_only, to_go
from engine.day_shapes import DayShapes
from engine.multiplier import Ahead, Spending, decide_multiplier
from engine.passing import hour_passed
from engine.response import (
    LEVEL,
    Observed,
    Response,
    answer,
    expected,
    learn,
    new_response,
)
from engine.rough import Rough, trust
from engine.rough_hours import roughness, unlearned

OUTAGE: Final = 4
"""Silent hours that are taken for an outage; from the next on for a bid that wins nothing."""

RAISE: Final = float(np.log(2.0))
"""By how much a bid that wins nothing is raised each hour, natural log."""

CUT: Final = float(np.log(0.35))
"""By how much the multiplier is cut where a campaign that is still unknown hit its cap."""

UNKNOWN_HOURS: Final = 24
"""Hours heard from below which a campaign is still unknown."""

_DEEP_NIGHT: Final = 4.0
"""Natural log units below its mean hour from which an hour without spend says nothing."""

_SLICE: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """What is known of B campaigns after their newest hour; arrays of shape (B,)."""

    response: Response
    cells: Ints
    """Hour of the local week of the newest hour, -1 before the first."""
    silent: Ints
    """How many hours in a row have spent nothing although they were expected to."""
    heard: Ints
    """How many hours have been evidence."""
    capped: Bools
    """Whether the newest hour was cut off."""


def start(shapes: DayShapes, hourly_spend: Floats, log_multiplier: Floats) -> Pacing:
    """Return what is known before the first hour.

    Parameters
    ----------
    shapes
        What others teach of the shape of a day; B campaigns.
    hourly_spend
        Shape (B,), minor units, > 0: a guess of what a mean hour spends; the budget of a mean
        hour where nothing better is known.
    log_multiplier
        Shape (B,): the first multiplier, natural log.
    """
    count = len(hourly_spend)
    return Pacing(
        response=new_response(shapes, np.log(hourly_spend), log_multiplier),
        cells=np.full(count, -1),
        silent=np.zeros(count, dtype=np.int64),
        heard=np.zeros(count, dtype=np.int64),
        capped=np.zeros(count, dtype=np.bool_),
    )


def learn_hour(pacing: Pacing, shapes: DayShapes, observed: Observed) -> Pacing:
    """Return what is known one hour later, of an hour that each campaign has lived.

    Hours are learned in their order. One that was not reported is passed with ``usable`` false.
    """
    count = len(observed.cells)
    silent, heard = pacing.silent.copy(), pacing.heard.copy()
    parts = []
    for at in range(0, max(count, 1), _SLICE):
        # One slice of all the arrays fits the cache, which is several times as fast.
        rows = slice(at, at + _SLICE)
        part, expecting = _learned(pacing, shapes, observed, rows)
        quiet, loud = _heard(observed, expecting, rows)
        silent[rows] = np.where(quiet, silent[rows] + 1, np.where(loud, 0, silent[rows]))
        heard[rows] += loud
        parts.append(part)
    return Pacing(
        response=_joined(parts),
        cells=observed.cells.copy(),
        silent=silent,
        heard=heard,
        capped=np.where(observed.usable, observed.capped, pacing.capped),
    )


def _learned(
    pacing: Pacing, shapes: DayShapes, observed: Observed, rows: slice
) -> tuple[Response, Bools]:
    """Return what is known of some campaigns, and whether their hour was to spend anything."""
    seen, before = observed.of(rows), pacing.cells[rows]
    begins = seen.cells // 24 != before // 24
    response = anchored(pacing.response.of(rows), seen.log_multiplier, begins & seen.usable)
    lost = (pacing.silent[rows] > OUTAGE) & (pacing.heard[rows] < UNKNOWN_HOURS)
    response = restarted(response, seen.log_multiplier, lost)
    response = _moved(response, shapes.mean[rows], (before, seen.cells))
    size = expected(response, seen.cells % 24, seen.log_multiplier)
    settled = pacing.heard[rows] >= UNKNOWN_HOURS
    share = shapes.mean[rows][np.arange(len(size)), seen.cells // 24, seen.cells % 24]
    rough = roughness(response, seen, (size, share), settled)
    known = unlearned(replace(learn(response, seen), rough=rough))
    return known, np.asarray(size > response.mean[:, LEVEL] - _DEEP_NIGHT)


def _heard(observed: Observed, expecting: Bools, rows: slice) -> tuple[Bools, Bools]:
    spent = observed.spend[rows] > 0.0
    return observed.usable[rows] & ~spent & expecting, observed.usable[rows] & spent


def _moved(response: Response, weekdays: Floats, cells: tuple[Ints, Ints]) -> Response:
    """Return what is known at the next hour, ``cells`` being the old and the new hour of the week.

    Where there is no old one, -1, it is the first hour, of a day that begins.
    """
    before, after = cells
    begins = (after // 24 != before // 24) | (before < 0)
    rows = np.arange(len(after))
    old = np.where(before < 0, 0, before // 24)
    shift = weekdays[rows, after // 24] - weekdays[rows, old]
    return hour_passed(response, begins, shift)


def _joined(parts: list[Response]) -> Response:
    return Response(
        mean=np.concatenate([part.mean for part in parts]),
        covariance=np.concatenate([part.covariance for part in parts]),
        anchor=np.concatenate([part.anchor for part in parts]),
        rough=Rough(
            miss=np.concatenate([part.rough.miss for part in parts]),
            money=np.concatenate([part.rough.money for part in parts]),
            hours=np.concatenate([part.rough.hours for part in parts]),
        ),
    )


def in_flight(
    pacing: Pacing, shapes: DayShapes, hours: tuple[Ints, Floats], lift: Floats | None = None
) -> Floats:
    """Return what hours that are not reported yet are expected to have spent, (B,), minor units.

    ``hours`` are their hours of the local week and the log multipliers that were in force, oldest
    first, and ``lift`` is what was told of them, as in `engine.coming.Coming`; shapes (B, U).
    """
    cells, log_multipliers = hours
    told = np.zeros(cells.shape) if lift is None else lift
    total = np.zeros(len(cells))
    response, before = pacing.response, pacing.cells
    for now, log_multiplier, more in zip(cells.T, log_multipliers.T, told.T, strict=True):
        response = _moved(response, shapes.mean, (before, now))
        total += np.exp(expected(response, now % 24, log_multiplier) + more)
        before = now
    return total


def decide(
    pacing: Pacing,
    shapes: DayShapes,
    cells: Ints,
    left: Floats,
    now: tuple[Floats, Ints],
) -> Spending:
    """Decide the multiplier and the cap of the next hour.

    Parameters
    ----------
    cells
        Shape (B, R), hour of the local week of each hour from the next one to the end of the
        horizon, -1 beyond it.
    left
        Shape (B,), minor units: what these hours may spend.
    now
        The log multiplier in force, and how many hours before ``cells`` are not reported yet;
        shapes (B,).
    """
    return decide_ahead(pacing, shapes, hours_only(cells), left, now)


def decide_ahead(
    pacing: Pacing, shapes: DayShapes, coming: Coming, left: Floats, now: tuple[Floats, Ints]
) -> Spending:
    """Decide as `decide` does, with what is told of the hours, and later days as whole ones."""
    in_force, unreported = now
    spend, usual = at_anchor(pacing.response, shapes, coming, (pacing.cells, unreported))
    ahead = Ahead(
        now=spend,
        usual=usual,
        hours=to_go(coming),
        first=(coming.cells[:, 0] % 24, coming.lift[:, 0]),
    )
    return _searched(pacing, decide_multiplier(pacing.response, ahead, left, in_force), in_force)


def _searched(pacing: Pacing, spending: Spending, in_force: Floats) -> Spending:
    """Return a decision moved by what the response model cannot know: silence, and a first cap."""
    dead = (pacing.silent > OUTAGE) & (trust(pacing.response.rough) > 0.0)
    wild = pacing.capped & (pacing.heard < UNKNOWN_HOURS)
    decided = np.where(dead, in_force + RAISE, spending.log_multiplier)
    decided = np.where(wild, np.minimum(decided, in_force + CUT), decided)
    response = pacing.response
    moved = answer(response, decided - response.anchor) - answer(
        response, spending.log_multiplier - response.anchor
    )
    hours = spending.hours * np.exp(moved)[:, None]
    return replace(spending, log_multiplier=decided, hours=hours)
