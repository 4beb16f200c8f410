"""Decisions as columns of plain Python values, for one loop over campaigns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.arrays import Floats, Ints
from engine.calendar import HOUR
from workers.optimizer.deciding import Decided

_DIGITS = 4


class Row(NamedTuple):
    """One campaign's decision; money in minor units, times in seconds."""

    hold: int
    acts: bool
    hour: int
    target: int
    now: int
    hours: int
    known: bool
    current: int
    value: int
    cap: int
    plan: list[int]
    allowance: int
    spent: int
    left: int
    in_flight: int
    p10: int
    p50: int
    p90: int
    pace: float
    exhaustion: float
    exhausts_at: int
    confidence: float
    unmet: bool
    unplaced: int
    statuses: list[int]
    release: bool
    lag: int
    exponent: int
    autonomy: int
    plan_version: int
    plan_offset: int
    audit_offset: int
    metrics_offset: int
    prior_version: int


def rows(decided: Decided) -> list[Row]:
    """Return one row per campaign. Shares are rounded to four decimals, as they are published."""
    made, due = decided.decisions, decided.due
    clock, horizon, outlook, ruling = made.clock, made.horizon, made.outlook, made.ruling
    lag = np.maximum(due.now - clock.reported_until, 0) // HOUR
    columns = (
        made.hold,
        made.acts,
        clock.hour,
        clock.target,
        due.now,
        clock.hours,
        made.known,
        made.current,
        made.value,
        made.cap,
        made.plan,
        horizon.allowance,
        horizon.spent,
        horizon.left,
        horizon.in_flight,
        outlook.p10,
        outlook.p50,
        outlook.p90,
        np.round(outlook.index, _DIGITS),
        np.round(outlook.exhaustion, _DIGITS),
        outlook.exhausts_at,
        np.round(made.confidence, _DIGITS),
        made.unmet,
        made.unplaced,
        ruling.statuses,
        ruling.release,
        lag,
        *(due.plans[name] for name in ("exponent", "autonomy", "version", "offset")),
        decided.in_force["offset"],
        due.campaigns["offset"],
        decided.prior_versions,
    )
    return list(map(Row._make, zip(*(_plain(column) for column in columns), strict=True)))


def _plain(column: Ints | Floats) -> list[object]:
    return list(column.tolist())
