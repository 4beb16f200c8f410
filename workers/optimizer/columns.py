"""Decisions as columns of plain Python values, for one loop over campaigns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.arrays import Rows
from engine.calendar import HOUR
from workers.optimizer.deciding import Decided

_Columns = dict[str, Rows]

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
    columns: _Columns = {}
    for part in (_rulings, _times, _amounts, _shares, _origins):
        columns |= part(decided)
    # By name: in a list of so many integers a swap would go unseen, and publish wrong money.
    plain = (columns[name].tolist() for name in Row._fields)
    return list(map(Row._make, zip(*plain, strict=True)))


def _amounts(decided: Decided) -> _Columns:
    made, horizon, outlook = decided.decisions, decided.decisions.horizon, decided.decisions.outlook
    return {
        "current": made.current,
        "value": made.value,
        "cap": made.cap,
        "plan": made.plan,
        "allowance": horizon.allowance,
        "spent": horizon.spent,
        "left": horizon.left,
        "in_flight": horizon.in_flight,
        "p10": outlook.p10,
        "p50": outlook.p50,
        "p90": outlook.p90,
        "unplaced": made.unplaced,
    }


def _shares(decided: Decided) -> _Columns:
    made, outlook = decided.decisions, decided.decisions.outlook
    return {
        "pace": np.round(outlook.index, _DIGITS),
        "exhaustion": np.round(outlook.exhaustion, _DIGITS),
        "confidence": np.round(made.confidence, _DIGITS),
    }


def _rulings(decided: Decided) -> _Columns:
    made = decided.decisions
    return {
        "hold": made.hold,
        "acts": made.acts,
        "known": made.known,
        "unmet": made.unmet,
        "statuses": made.ruling.statuses,
        "release": made.ruling.release,
    }


def _origins(decided: Decided) -> _Columns:
    due = decided.due
    return {
        "exponent": due.plans["exponent"],
        "autonomy": due.plans["autonomy"],
        "plan_version": due.plans["version"],
        "plan_offset": due.plans["offset"],
        "audit_offset": decided.in_force["offset"],
        "metrics_offset": due.campaigns["offset"],
        "prior_version": decided.prior_versions,
    }


def _times(decided: Decided) -> _Columns:
    due, clock = decided.due, decided.decisions.clock
    return {
        "hour": clock.hour,
        "target": clock.target,
        "now": due.now,
        "hours": clock.hours,
        "lag": np.maximum(due.now - clock.reported_until, 0) // HOUR,
        "exhausts_at": decided.decisions.outlook.exhausts_at,
    }
