"""Who of the campaigns that are due has its bids set, and what is known of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from engine.arrays import Floats, Ints, Rows
from engine.ceiling import UNBOUND
from engine.day_shapes import DayShapes, no_days, pooled
from engine.pacer import Pacing
from engine.response import SHAPE
from engine.situation import Steered, nobody_steered
from engine.strategies import steers
from workers.optimizer.books import Books
from workers.optimizer.draft import Draft
from workers.optimizer.due import Due
from workers.optimizer.lived import Campaigns
from workers.optimizer.pacing import catch_up

HALF_HEARD = 12.0
"""Hours heard from at which a campaign's own answer is half trusted."""


class Known(NamedTuple):
    """What is known of the campaigns that are steered, and what the table is to be told."""

    steered: Steered
    weights: Floats
    """Shape (R, 168): what the hours of the week spend at one multiplier."""
    trust: Floats
    """Shape (R,), in [0, 1): how much of it is the campaign's own."""
    values: Sequence[bytes]
    writes: Mapping[bytes, bytes | None]


def known_of(draft: Draft, books: Books, due: Due, forced: Rows) -> Known:
    """Return the campaigns of ``due`` that are steered; ``forced`` is what is in force."""
    rows = np.flatnonzero(steers(due.plans) & (due.plans["version"] > 0))
    if not rows.size:
        nobody = nobody_steered()
        return Known(nobody, np.zeros((0, 168)), np.zeros(0), [], {})
    shapes = pooled(no_days()).of(np.zeros(len(rows), dtype=np.int64))
    caught = catch_up(draft, _campaigns(due, forced, rows), shapes)
    steered = Steered(
        rows=rows,
        pacing=caught.pacing,
        shapes=shapes,
        highest=np.full(len(rows), UNBOUND),
        bounds=books.plans.bid_bounds([due.plan_values[i] for i in rows.tolist()], due.plans[rows]),
    )
    heard = caught.pacing.heard
    return Known(
        steered=steered,
        weights=week_of(caught.pacing, shapes),
        trust=heard / (heard + HALF_HEARD),
        values=caught.values,
        writes=caught.writes,
    )


def week_of(pacing: Pacing, shapes: DayShapes) -> Floats:
    """Return what each hour of the week spends at one multiplier, relative, (R, 168)."""
    newest = np.maximum(pacing.cells, 0) // 24
    own = pacing.response.mean[:, SHAPE] - shapes.mean[np.arange(len(newest)), newest]
    return np.asarray(np.exp(shapes.mean + own[:, None]).reshape(len(newest), -1))


def _campaigns(due: Due, forced: Rows, rows: Ints) -> Campaigns:
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
