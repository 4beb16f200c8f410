"""What is kept of a group's member: its newest word, and its last closed days.

A day that is told again replaces itself, the later telling counts. As only the newest days are kept
and each by its own, the order in which they come makes no difference. Days in another currency than
that of the newest one are not kept: nothing adds them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import numpy as np

from engine.arrays import Rows
from engine.errors import UnknownFormat
from engine.plans import UNLIMITED
from schemas import Portfolio
from schemas.money import exponent_of, floor_to_minor
from workers.instants import day_number

KEPT_DAYS: Final = 60
"""Days up to a member's newest one that are kept."""

FORMAT: Final = 2

_FIRST_HEAD: Final = [
    ("format", "u1"),
    ("releasable", "u1"),
    ("currency", "S3"),
    ("day", "<i4"),
    ("told", "<i8"),
    ("plan_version", "<i8"),
    ("budget", "<i8"),
    ("least", "<i8"),
    ("most", "<i8"),
]
HEAD: Final = np.dtype([*_FIRST_HEAD, ("jitter", "<f8")])
"""A member as of its newest day; money in minor units of ``currency``, ``told`` in seconds;
``jitter`` as below."""

_FIRST_DAY: Final = [
    ("day", "<i4"),
    ("told", "<i8"),
    ("spend", "<i8"),
    ("revenue", "<f8"),
    ("conversions", "<f8"),
    ("maturity", "<f4"),
    ("seen", "<f4"),
]
DAY: Final = np.dtype([*_FIRST_DAY, ("jitter", "<f8")])
"""One closed day: ``revenue`` in minor units, both as reported; ``maturity`` is the share of them
that is reported, ``seen`` what the day counts for by its hours, ``jitter`` by how much chance of
the group's own moved the budget that was in force, natural log."""

_LAYOUTS: Final = ((np.dtype(_FIRST_HEAD), np.dtype(_FIRST_DAY)), (HEAD, DAY))
"""By format, from 1 on; what is new in a later one is 0 in what an earlier one wrote."""

_CURRENCY: Final = slice(2, 5)

CAPPED: Final = 0.75
"""What a day of nothing but capped hours loses of its weight: it says less of how value answers."""


def taken(value: bytes, row: Portfolio) -> bytes:
    """Return a member's value with one more closed day, or with one that is told again."""
    head, days = unpack(value)
    newest = _head(row)
    changed = bool(head.size) and head["currency"][0] != newest["currency"][0]
    if not head.size or rank(newest) > rank(head):
        head, days = newest, days[:0] if changed else days
    elif changed:
        return value
    told = _day(row)
    same = days["day"] == told["day"][0]
    if same.any() and _order(days[same]) >= _order(told):
        told = days[same]
    days = np.concatenate([days[~same], told])
    days = days[np.argsort(days["day"], kind="stable")]
    days = days[days["day"] > head["day"][0] - KEPT_DAYS]
    return bytes(head.tobytes() + days.tobytes())


def currency_of(value: bytes) -> str:
    """Return a member's currency; its place is the same in all formats."""
    return value[_CURRENCY].decode()


def after(value: bytes, day: int) -> bytes:
    """Return a member's value with the days after one only."""
    head, days = unpack(value)
    return bytes(head.tobytes() + days[days["day"] > day].tobytes())


def unpack(value: bytes) -> tuple[Rows, Rows]:
    """Return a member's head (1,) and its days (D,), oldest first; both empty of no value.

    Raises
    ------
    UnknownFormat
        When the value was written by a later version.
    """
    found = value[0] if value else FORMAT
    if not 1 <= found <= FORMAT:
        raise UnknownFormat("member of a group", found=found, known=FORMAT)
    head, day = _LAYOUTS[found - 1]
    heads = np.frombuffer(value[: head.itemsize], dtype=head)
    days = np.frombuffer(value[head.itemsize :], dtype=day)
    if found == FORMAT:
        return heads, days
    heads = _upgraded(heads, HEAD)
    heads["format"] = FORMAT
    return heads, _upgraded(days, DAY)


def _upgraded(rows: Rows, layout: np.dtype[Any]) -> Rows:
    after = np.zeros(len(rows), dtype=layout)
    for name in rows.dtype.names or ():
        after[name] = rows[name]
    return after


def _head(row: Portfolio) -> Rows:
    head = np.zeros(1, dtype=HEAD)
    head["format"], head["releasable"] = FORMAT, row.releasable
    head["currency"] = row.currency.encode()
    head["day"], head["told"] = day_number(row.last_day), _second(row)
    head["plan_version"] = row.plan_version
    head["budget"] = floor_to_minor(row.budget, row.currency)
    head["jitter"] = row.budget_jitter
    # Bounds are rounded inwards.
    head["least"] = -floor_to_minor(-(row.min_budget or Decimal(0)), row.currency)
    most = row.max_budget
    head["most"] = UNLIMITED if most is None else floor_to_minor(most, row.currency)
    head["most"] = np.maximum(head["most"], head["least"])
    return head


def _day(row: Portfolio) -> Rows:
    day = np.zeros(1, dtype=DAY)
    day["day"], day["told"] = day_number(row.last_day), _second(row)
    day["spend"] = floor_to_minor(row.spend, row.currency)
    day["revenue"] = float(row.revenue) * 10.0 ** exponent_of(row.currency)
    day["conversions"], day["maturity"] = row.conversions, row.conversion_maturity
    day["jitter"] = row.budget_jitter
    day["seen"] = _seen(row.observed_hours, row.capped_hours)
    return day


def hours_of(seen: float) -> tuple[int, int]:
    """Return hours that were observed, and how many of them were capped, of a day that counts so.

    They may be others than the day had: they count for the same.
    """
    return _HOURS.get(float(np.float32(seen)), (round(24.0 * min(seen, 1.0)), 0))


def _seen(observed: int, capped: int) -> float:
    """Return what a day counts for by its hours."""
    share = min(capped / max(observed, 1), 1.0)
    return min(observed / 24.0, 1.0) * (1.0 - CAPPED * share)


_HOURS: Final = {
    float(np.float32(_seen(observed, capped))): (observed, capped)
    for observed in range(24, -1, -1)
    for capped in range(observed, -1, -1)
}


def _second(row: Portfolio) -> int:
    return int(row.closed_at.timestamp())


def rank(head: Rows) -> tuple[int, int, bytes]:
    """Return what heads are ordered by: the newest day, told last, is the greatest."""
    return int(head["day"][0]), int(head["told"][0]), head.tobytes()


def _order(day: Rows) -> tuple[int, bytes]:
    return int(day["told"][0]), day.tobytes()
