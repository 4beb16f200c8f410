"""How the revenue of each campaign's clicks grows, learned as its hours are told again.

Only campaigns whose plans judge revenue at a horizon need it. What is learned is about the telling,
as with the delay of conversions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from engine import state, value_told
from engine.arrays import Floats, Ints, Rows
from engine.calendar import HOUR
from engine.delay import Maturity, Restated
from engine.formats import Formats
from engine.intervals import ORDERS_VARY
from engine.value_told import STEPS, ToldValue
from workers.optimizer.draft import Draft
from workers.optimizer.tables import METRICS, value_key

_SUMS: Final = np.dtype(
    [("format", "u1"), ("at", "<i8"), ("growth", "<f8", (STEPS,)), ("level", "<f8", (STEPS,))]
)
"""Format 1: sums that fade, in minor units of the plan's currency, as of a second since 1970."""

_FORMATS: Final = Formats(what="growth of revenue", layouts=(_SUMS,))

_ATTO: Final = 1e-18


class Again(NamedTuple):
    """N hours that are told again, one of each campaign; arrays of shape (N,)."""

    keys: Sequence[bytes]
    before: Floats
    """What the hours had brought, units of money."""
    after: Floats
    earlier: Floats
    """Age in hours at the report before."""
    later: Floats
    now: Ints
    """When they are told, in seconds since 1970."""
    exponent: Ints
    """Decimals of the minor unit."""


def note_value(draft: Draft, again: Again) -> None:
    """Learn by how much revenue has grown since the report before."""
    stored = [value_key(key) for key in again.keys]
    rows = _read(draft.read_all(stored)).copy()
    restated = Restated(
        before=_minor(again.before, again.exponent),
        after=_minor(again.after, again.exponent),
        earlier=again.earlier[:, None],
        later=again.later[:, None],
    )
    passed = np.where(rows["at"] > 0, np.maximum(again.now - rows["at"], 0) / HOUR, 0.0)
    before = ToldValue(growth=rows["growth"], level=rows["level"])
    after = value_told.add_told(before, restated, passed[:, None])
    rows["growth"], rows["level"] = after.growth, after.level
    rows["at"] = np.maximum(rows["at"], again.now)
    for key, value in zip(stored, state.pack(rows), strict=True):
        draft.writes[key] = value


class Judged(NamedTuple):
    """R campaigns whose revenue is judged at a horizon."""

    keys: Sequence[bytes]
    order: Floats
    """Shape (R,), > 0: the usual revenue of a conversion, minor units."""
    conversions: Maturity
    ages: Floats
    """Shape (R, H), hours since the end of the hour."""
    horizon: Floats
    """Shape (R,), days."""


def value_shares(draft: Draft, judged: Judged) -> Floats:
    """Return the share (R, H) of their revenue at the horizon that hours have by now."""
    rows = _read(draft.read_of(METRICS, [value_key(key) for key in judged.keys]))
    told = ToldValue(growth=rows["growth"].copy(), level=rows["level"].copy())
    order = (1.0 + ORDERS_VARY**2) * judged.order
    return value_told.share_at(told, order, judged.conversions, judged.ages, judged.horizon)


def in_units(rows: Rows) -> Floats:
    """Return what hours have brought, (N,), units of money."""
    return np.asarray(rows["revenue"][:, 0] + rows["revenue"][:, 1] * _ATTO)


def _minor(revenue: Floats, exponent: Ints) -> Floats:
    return np.asarray(np.maximum(revenue * 10.0**exponent, 0.0)[:, None])


def _read(values: Sequence[bytes]) -> Rows:
    blank = np.zeros(1, dtype=_SUMS)
    blank["format"] = _FORMATS.newest
    return _FORMATS.read([value or blank.tobytes() for value in values])
