"""What is known of a campaign's closed days, and what it says of a day before that is judged.

Sources: those of `engine.anomalies`; Hastings et al. and Clark, Perry for its moments.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import numpy as np

from engine.anomalies import CHANGES
from engine.arrays import Bools, Floats, Rows
from engine.formats import Formats
from engine.funnel import ANSWERS, REVENUE, SIGNALS, SPEND, SURE, ClosedDays, Held

STRENGTH: Final = np.array([10.0, 10.0, 3.0, 20.0, 20.0])
"""Events of a cell of the week that its being like the others counts for, by signal."""

WEEKDAY_STRENGTH: Final = 10.0 * STRENGTH
"""The same of a day of the week: the hours of one day are odd together."""

_SPREAD, _SPREAD_WEIGHT, _LEAST_SPREAD = 0.1, 25.0, 1e-3
_SCATTER_WEIGHT: Final = 20.0
_SCATTERS: Final = 0.1, 10.0
_FIRST_DAY: Final = 24.0
"""Hours with a count that what is known of a campaign begins with."""
_WHOLE_DAY: Final = 20
"""Usable hours of a first day from which on it says what an hour usually brings."""

_SIGNALS: Final = len(SIGNALS)
_TESTS: Final = (len(SIGNALS), len(CHANGES))

_FIRST: Final = [
    ("format", "u1"),
    ("hours", "<f8", (_SIGNALS,)),
    ("count", "<f8", (2, _SIGNALS)),
    ("exposure", "<f8", (2, _SIGNALS)),
    ("paid", "<f8", (2,)),
    ("scatter", "<f8", (2,)),
    ("excess", "<f8", (_SIGNALS,)),
    ("square", "<f8", (_SIGNALS,)),
    ("of_day", "<f4", (2, 24, _SIGNALS)),
    ("answer", "<f8", (2, _SIGNALS)),
    ("of_week", "<f4", (2, 7, _SIGNALS)),
    ("evidence", "<f8", _TESTS),
    ("since", "<i8", _TESTS),
    ("expected", "<f4", _TESTS),
    ("counted", "<f4", _TESTS),
]
_SECOND: Final = [*_FIRST, ("lived", "<f8", (3,)), ("active", "<f8", (2, _SIGNALS))]
WATCH: Final = np.dtype([*_SECOND, ("steering", "u1")])
"""One campaign, 2,338 bytes. Hours learned; sums that fade: of counts and exposures, fast
and slow; of spend and clicks; of the scatter of orders; of what squared deviations exceed Poisson's
by, and of squared means; of what was counted and expected in cells of the week; of the regression
on bids. Then the evidence of each change, the first second of what it rests on, and what was
expected and counted since. Sums that fade of hours that were told, of those without room for their
spend, and of the logs of their multipliers; of hours that were usable, and that had a count. Who
steers it: `UNKNOWN`, `LEFT_ALONE` or `STEERED`."""

UNKNOWN, LEFT_ALONE, STEERED = range(3)

_LAYOUTS: Final = np.dtype(_FIRST), np.dtype(_SECOND), WATCH


def _upgraded(layout: np.dtype[Any], rows: Rows) -> Rows:
    """Return rows of a format as rows of the next: of what is new they know nothing."""
    after = np.zeros(len(rows), dtype=layout)
    for name in rows.dtype.names or ():
        after[name] = rows[name]
    return after


_FORMATS: Final = Formats(
    what="watch of closed days",
    layouts=_LAYOUTS,
    upgrades=tuple(partial(_upgraded, layout) for layout in _LAYOUTS[1:]),
)


def unpack(values: Sequence[bytes]) -> Rows:
    """Return B stored campaigns as rows of `WATCH`; empty bytes are one never seen.

    Raises
    ------
    UnknownFormat
        When a value was written by another version.
    """
    return _FORMATS.read_or_begin(values)


def units(rows: Rows, level: Floats) -> Floats:
    """Return what one event of each signal comes to, (B, 5): of spend what a click costs.

    Of revenue it is what its variance comes to for each unit of its mean: orders of one price tell
    a wrong currency sooner than orders of all prices.
    """
    found = np.ones((len(rows), _SIGNALS))
    spend, clicks = rows["paid"].T
    known = (spend > 0.0) & (clicks > 0.0)
    np.divide(spend, clicks, out=found[:, SPEND], where=known)
    order = level[:, REVENUE]
    square, mean = rows["scatter"].T
    scatter = (square + _SCATTER_WEIGHT) / (mean + _SCATTER_WEIGHT)
    found[:, REVENUE] = np.where(order > 0.0, order * np.clip(scatter, *_SCATTERS), 1.0)
    return found


def began_late(rows: Rows, usable: Bools) -> Bools:
    """Return of which signals this is the first day, and hours (B, H, 5) of it are missing; (B, 5).

    An evening says little of an hour of the whole day, and what days that follow are held against
    would be wrong until it is forgotten.
    """
    first = (rows["exposure"].max(axis=1) <= 0.0) & (rows["active"][:, 0] <= 0.0)
    return np.asarray(first & (usable.sum(axis=1) < _WHOLE_DAY))


def levels(rows: Rows, hours: Held, bids: Floats) -> Floats:
    """Return counts for each exposure, (B, 2, 5); before the first day those of the day itself."""
    own = np.where(hours.usable, hours.counts, 0.0).sum(axis=1)
    behind = np.where(hours.usable, hours.exposures * bids, 0.0).sum(axis=1)
    fresh = rows["exposure"].max(axis=1, keepdims=True) <= 0.0
    count = np.where(fresh, own[:, None], rows["count"])
    exposure = np.where(fresh, behind[:, None], rows["exposure"])
    level = np.zeros(count.shape)
    np.divide(count, exposure, out=level, where=exposure > 0.0)
    return level


def factors(rows: Rows, days: ClosedDays) -> tuple[Floats, Floats, Floats]:
    """Return the factors of the hours of the day, of the day of the week, and of bids.

    Shapes (B, H, 5), (B, 1, 5), (B, H, 5).
    """
    seen, expected = np.moveaxis(rows["of_day"].astype(np.float64), 1, 0)
    of_day = (seen + STRENGTH) / (expected + STRENGTH)
    seen, expected = np.moveaxis(rows["of_week"].astype(np.float64), 1, 0)
    of_week = (seen + WEEKDAY_STRENGTH) / (expected + WEEKDAY_STRENGTH)
    at = np.arange(len(rows))
    bids = np.exp(answers(rows)[:, None] * days.log_multiplier[..., None])
    return of_day[at[:, None], days.of_day], of_week[at, days.weekday][:, None], bids


def answers(rows: Rows) -> Floats:
    """Return the log of each signal to the log of the multiplier, (B, 5)."""
    square, product = rows["answer"][:, 0], rows["answer"][:, 1]
    return np.asarray((product + SURE * ANSWERS) / (square + SURE))


def inverse_size(rows: Rows) -> Floats:
    """Return by how much rates vary beyond counting, (B, 5)."""
    spread = (rows["excess"] + _SPREAD * _SPREAD_WEIGHT) / (rows["square"] + _SPREAD_WEIGHT)
    return np.asarray(np.maximum(spread, _LEAST_SPREAD))


def bids_doubt(rows: Rows, log_multiplier: Floats) -> Floats:
    """Return how unsure it is what bids (B, H) make of spend: a standard error of its log, (B, H).

    Near the bids that were usual lately it is known; away from them it is what they taught.
    """
    hours, _, logs = rows["lived"].T
    usual = np.divide(logs, hours, out=np.zeros(len(rows)), where=hours > 0.0)
    error = 1.0 / np.sqrt(rows["answer"][:, 0, SPEND] + SURE[SPEND])
    return np.asarray(error[:, None] * np.abs(log_multiplier - usual[:, None]))


def tight_share(rows: Rows) -> Floats:
    """Return the share of hours that had no room for more spend than is usual, (B,)."""
    hours, tight, _ = rows["lived"].T
    return np.asarray(np.divide(tight, hours, out=np.zeros(len(rows)), where=hours > 0.0))


def beginnings(rows: Rows) -> Floats:
    """Return in how many hours of a day evidence may begin, (B, 5): those in which anything came.

    Evidence of a fall begins after an hour that ended what there was, and of a rise with an hour
    that speaks for it; both have a count. Of a campaign never seen it may be each of 24.
    """
    usable, active = np.moveaxis(rows["active"], 1, 0)
    return np.asarray(24.0 * (active + _FIRST_DAY) / (usable + _FIRST_DAY))
