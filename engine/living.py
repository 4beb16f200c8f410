"""Lived hours, in their order: from what was known before them to what is known after them.

An hour without a report is passed and teaches nothing. When a campaign's bids are first set, what
was believed of its level is open again: before, it may have been held back in other ways.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.anchors import restarted
from engine.arrays import Bools, Floats, Ints
from engine.batches import picked, placed
from engine.day_shapes import DayShapes
from engine.pacer import Pacing, learn_hour
from engine.response import Observed


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """The hours that B campaigns have lived since; shapes (B, H)."""

    cells: Ints
    """Hour of the local week, 0 to 167; -1 beyond a campaign's newest hour."""
    log_multiplier: Floats
    """Natural log of what was in force, 0 where nothing was set."""
    steered: Bools
    """Whether a multiplier was in force."""
    spend: Floats
    """Minor units."""
    impressions: Floats
    capped: Bools
    usable: Bools


def live_hour(
    known: tuple[Pacing, Bools], shapes: DayShapes, lived: Lived, hour: int
) -> tuple[Pacing, Bools]:
    """Return what is known after a column of ``lived``, and who has been steered by then.

    A campaign that has no more hours stays as it is.

    Parameters
    ----------
    known
        What is known before it, and whether a multiplier was in force in the last hour learned.
    """
    pacing, steered = known
    rows = np.flatnonzero(lived.cells[:, hour] >= 0)
    begins = lived.steered[rows, hour] & ~steered[rows]
    some = reopened(picked(pacing, rows), lived.log_multiplier[rows, hour], begins)
    learned = learn_hour(some, shapes.of(rows), _seen(lived, rows, hour))
    after = steered.copy()
    after[rows] |= lived.steered[rows, hour]
    return placed(pacing, rows, learned), after


def reopened(pacing: Pacing, log_multiplier: Floats, begins: Bools) -> Pacing:
    """Return what is known of campaigns whose bids are set for the first time where ``begins``."""
    if not begins.any():
        return pacing
    response = restarted(pacing.response, log_multiplier, begins)
    return replace(pacing, response=response, heard=np.where(begins, 0, pacing.heard))


def _seen(lived: Lived, rows: Ints, hour: int) -> Observed:
    return Observed(
        cells=lived.cells[rows, hour],
        log_multiplier=lived.log_multiplier[rows, hour],
        spend=lived.spend[rows, hour],
        impressions=lived.impressions[rows, hour],
        capped=lived.capped[rows, hour],
        usable=lived.usable[rows, hour],
    )
