"""Closed days that are not as they should be: each hour of a day against what is usual by now.

The mean of an hour is a level times its exposure (`engine.funnel`) times factors for the hour of
the day and the day of the week, gamma-Poisson posterior means around 1, times a power of the
multiplier that was in force. That power is a regression, within each day, of what was counted on
the bids, and begins with what is assumed. The level fades, and is of counts that are cut where they
are too odd to be believed, so that what is looked for does not teach what is normal. A day is
judged by what was known when it began, hour after hour, and then learned.

Sources: those of `engine.anomalies` and `engine.change_tests`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from engine.anomalies import BELIEVED, CHANGES, DOUBT, FIRST_HOURS
from engine.arrays import Floats, Ints, Rows
from engine.calendar import HOUR
from engine.change_tests import accumulate
from engine.funnel import SIGNALS, ClosedDays
from engine.funnel_expected import by_change, expected, ratios
from engine.funnel_learning import Lesson, learned
from engine.funnel_spend import begun_anew
from engine.funnel_state import began_late, beginnings

_DOUBTED_SHARE: Final = 0.5
_TESTS: Final = (len(SIGNALS), len(CHANGES))
_COUNTED: Final = ("expected", "counted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a day says of each change; shapes (B, 5, 5), signals by changes, where none is said."""

    evidence: Floats
    """Shape (B, H, 5, 5): of the hours that speak for the change, 0 in others."""
    beginnings: Floats
    """Shape (B, 5): hours of a day in which evidence may begin, as a rule."""
    peak: Floats
    """The most evidence of its hours that speak for the change."""
    now: Floats
    """Evidence when the day ended."""
    since: Ints
    """First second of what the peak rests on; 0 where there is none."""
    until: Ints
    """End of the hour of the peak; 0 where there is none."""
    expected: Floats
    counted: Floats
    """From ``since`` to ``until``; money in its own unit."""
    began: Ints
    """First second of what the evidence when the day ended rests on, where there is any."""


def watch(rows: Rows, days: ClosedDays) -> tuple[Rows, Judged]:
    """Return campaigns (B,) after one day more, and what it says: it is judged, then learned.

    Days are watched in their order, each once.
    """
    rows = begun_anew(rows, days)
    after, day = rows.copy(), expected(rows, days)
    sure = (rows["hours"] >= FIRST_HOURS)[:, None]
    ratio = np.where(sure[..., None], ratios(rows, days, day), 0.0)
    amounts = by_change(day.means) * day.units[:, None, :, None], day.hours.counts
    judged = _judge(after, ratio, amounts, days.starts)
    teaches = np.where(judged.peak.max(axis=2) >= DOUBT, _DOUBTED_SHARE, 1.0)[:, None]
    whole = ~began_late(rows, day.hours.usable)[:, None]
    lesson = Lesson(
        days=days,
        day=day,
        believed=np.where(sure, _believed(day.counts, day.means[:, 0], day.spread), day.counts),
        weight=np.where(whole & day.hours.usable & (day.hours.exposures > 0.0), teaches, 0.0),
    )
    return learned(after, lesson), judged


def _judge(after: Rows, ratio: Floats, told: tuple[Floats, Floats], starts: Ints) -> Judged:
    """Add the hours of a day up, one after the other; ``after`` has what is known at its end."""
    means, counts = told
    said, shape = np.zeros(ratio.shape), (len(after), *_TESTS)
    peak: dict[str, Any] = {name: np.zeros(shape) for name in ("evidence", *_COUNTED)}
    peak |= {name: np.zeros(shape, dtype=np.int64) for name in ("since", "until")}
    for at in range(ratio.shape[1]):
        hour, begins = ratio[:, at], starts[:, at, None, None]
        _add_hour(after, hour, begins, (means[:, at], counts[:, at, :, None]))
        said[:, at] = np.where(hour > 0.0, after["evidence"], 0.0)
        higher = (hour > 0.0) & (after["evidence"] >= peak["evidence"])
        for name, before in peak.items():
            now = begins + HOUR if name == "until" else after[name]
            peak[name] = np.where(higher, now, before)
    return Judged(
        evidence=said,
        beginnings=beginnings(after),
        peak=peak["evidence"],
        now=after["evidence"].copy(),
        since=peak["since"],
        until=peak["until"],
        expected=peak["expected"],
        counted=peak["counted"],
        began=after["since"].copy(),
    )


def _add_hour(after: Rows, ratio: Floats, begins: Ints, more: tuple[Floats, Floats]) -> None:
    """Add what an hour says of each change, and what was expected and counted in it."""
    before, some = after["evidence"], ratio != 0.0
    after["since"] = np.where(some & (before <= 0.0), begins, after["since"])
    for name, amount in zip(_COUNTED, more, strict=True):
        kept = np.where(before > 0.0, after[name], 0.0)
        after[name] = np.where(some, kept + amount, after[name])
    after["evidence"] = accumulate(before, ratio)


def _believed(counts: Floats, means: Floats, spread: Floats) -> Floats:
    """Return counts, cut where they are further from their means than chance explains."""
    most = BELIEVED * np.sqrt(means + spread * means**2) + 1.0
    return np.clip(counts, np.maximum(means - most, 0.0), means + most)
