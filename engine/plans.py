"""A plan as a row of numbers, so that a batch of campaigns is one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from engine.arrays import Bools, Ints, Rows
from engine.errors import UnknownFormat
from engine.state import NEVER

FORMAT: Final = 1
PLAN: Final = np.dtype(
    [
        ("format", "u1"),
        ("status", "u1"),
        ("strategy", "u1"),
        ("period", "u1"),
        ("rollover", "u1"),
        ("autonomy", "u1"),
        ("objective", "u1"),
        ("actuator", "u1"),
        ("protected", "u1"),
        ("exponent", "u1"),
        ("detailed", "u1"),
        ("currency", "S3"),
        ("zone", "S34"),
        ("version", "<i8"),
        ("offset", "<i8"),
        ("amount", "<i8"),
        ("rollover_cap", "<i8"),
        ("daily_cap", "<i8"),
        ("daily_floor", "<i8"),
        ("hourly_cap", "<i8"),
        ("hourly_floor", "<i8"),
        ("flight_first", "<i8"),
        ("flight_last", "<i8"),
        ("cooldown", "<i8"),
        ("max_changes", "<i8"),
        ("max_change", "<f8"),
        ("min_confidence", "<f8"),
    ]
)
"""One plan. Money is in minor units; ``daily_cap`` is the lower of the plan's daily cap and
maximum; `UNLIMITED` stands for no cap. Flight days are local days since 1970-01-01, both
included, `engine.state.NEVER` and `UNLIMITED` where open. ``cooldown`` is in seconds,
``max_change`` a fraction of the value in force. ``detailed`` says that the plan has flight
gaps or weights of its own. Codes are positions in `STATUSES` and so on, but `autonomy_codes` and
`autonomy_for` write and read ``autonomy``; ``version`` 0 is no plan."""

UNLIMITED: Final = 2**60

STATUSES: Final = ("active", "paused", "ended")
STRATEGIES: Final = (
    "even",
    "front_loading",
    "performance_based",
    "dayparting",
    "conversion_pattern",
    "adaptive",
)
PERIODS: Final = ("day", "week", "month", "flight")
ROLLOVERS: Final = ("none", "full", "capped")
AUTONOMIES: Final = ("observe", "propose", "auto")
OBJECTIVES: Final = ("conversions", "value")
ACTUATORS: Final = ("bid", "target_cpa", "target_roas", "budget")

_MULTIPLIER: Final = 4
"""Factor of the multiplier's autonomy in a row, counted from 1; 0 is that of the hourly budget."""


def no_plans(count: int) -> Rows:
    """Return rows that stand for "this campaign has no plan"."""
    rows = np.zeros(count, dtype=PLAN)
    rows["format"] = FORMAT
    rows["flight_first"] = NEVER
    for name in ("flight_last", "rollover_cap", "daily_cap", "hourly_cap"):
        rows[name] = UNLIMITED
    return rows


def autonomy_codes(budget: Ints, multiplier: Ints) -> Ints:
    """Return what rows keep of how far B plans let an hour's budget, and a multiplier, go; (B,).

    Both are positions in `AUTONOMIES`. Where they are one, the code is that position.
    """
    return np.where(budget == multiplier, budget, budget + _MULTIPLIER * (1 + multiplier))


def autonomy_for(plans: Rows, steers: Bools) -> Ints:
    """Return the position in `AUTONOMIES` of what is set on B plans, shape (B,).

    ``steers`` says of which a multiplier of bids is set; of the others it is an hour's budget.
    """
    multiplier, budget = np.divmod(plans["autonomy"].astype(np.int64), _MULTIPLIER)
    return np.where(steers & (multiplier > 0), multiplier - 1, budget)


def unpack(values: Sequence[bytes]) -> Rows:
    """Return the plans at the head of B values; an empty value is no plan.

    Raises
    ------
    UnknownFormat
        When a value was written by another version.
    """
    blank, size = no_plans(1).tobytes(), PLAN.itemsize
    rows = np.frombuffer(b"".join([value[:size] or blank for value in values]), dtype=PLAN)
    if rows.size and (rows["format"] != FORMAT).any():
        raise UnknownFormat("plan", found=int(rows["format"].max()), known=FORMAT)
    return rows
