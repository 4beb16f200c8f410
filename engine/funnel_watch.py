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
from typing import Final

import numpy as np

from engine.anomalies import BELIEVED, CHANGES, DOUBT, FACTORS, FIRST_HOURS
from engine.arrays import Floats, Ints, Rows
from engine.calendar import HOUR
from engine.change_tests import accumulate, log_ratio
from engine.funnel import SIGNALS, WATCHED, ClosedDays, held
from engine.funnel_learning import Lesson, learned
from engine.funnel_state import factors, inverse_size, levels, units

SLOW: Final = np.array([False, False, False, True, True])
"""Which changes are told from the slow level, for the other one goes along with them."""

_DOUBTED_SHARE: Final = 0.5
_TESTS: Final = (len(SIGNALS), len(CHANGES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a day says of each change; shapes (B, 5, 5), signals by changes."""

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
    hours, after, by = held(days), rows.copy(), factors(rows, days)
    level = levels(rows, hours, by[2])
    unit = units(rows, level[:, 0])
    level /= unit[:, None]
    counts = np.divide(hours.counts, unit[:, None], out=np.zeros_like(hours.counts))
    means = level[:, :, None] * (by[0] * by[1] * by[2] * hours.exposures)[:, None]
    usable, sure = hours.usable & (hours.exposures > 0.0), (rows["hours"] >= FIRST_HOURS)[:, None]
    spread = inverse_size(rows)[:, None] + hours.doubt
    behind = 1.0 / np.maximum(rows["count"] / unit[:, None], 1.0)[:, :, None]
    ratio = _ratios(counts, means, spread[:, None] + behind)
    amounts = means * unit[:, None, None], hours.counts
    judged = _judge(after, np.where((usable & sure)[..., None], ratio, 0.0), amounts, days.starts)
    teaches = np.where(judged.peak.max(axis=2) >= DOUBT, _DOUBTED_SHARE, 1.0)[:, None]
    lesson = Lesson(
        days=days,
        hours=hours,
        believed=np.where(sure, _believed(counts, means[:, 0], spread), counts),
        means=means[:, 0],
        units=unit,
        spread=spread,
        level=level[:, 0],
        factors=by,
        weight=np.where(usable, teaches, 0.0),
    )
    return learned(after, lesson), judged


def _ratios(counts: Floats, means: Floats, unsure: Floats) -> Floats:
    """Return what hours say of each change, (B, H, 5, 5); slow ones by the slow level."""
    chosen = SLOW.astype(np.int64)
    expected, inverse = (np.moveaxis(each[:, chosen], 1, 3) for each in (means, unsure))
    return np.where(WATCHED, log_ratio(counts[..., None], expected, inverse, FACTORS), 0.0)


def _judge(after: Rows, ratio: Floats, told: tuple[Floats, Floats], starts: Ints) -> Judged:
    """Add the hours of a day up, one after the other; ``after`` has what is known at its end."""
    shape = (len(after), *_TESTS)
    means, counts = told
    slow = np.moveaxis(means[:, SLOW.astype(np.int64)], 1, 3)
    peak, expected, counted = np.zeros((3, *shape))
    since, until = np.zeros((2, *shape), dtype=np.int64)
    for at in range(ratio.shape[1]):
        hour, begins = ratio[:, at], starts[:, at, None, None]
        before = after["evidence"]
        some = hour != 0.0
        after["since"] = np.where(some & (before <= 0.0), begins, after["since"])
        for name, more in (("expected", slow[:, at]), ("counted", counts[:, at, :, None])):
            kept = np.where(before > 0.0, after[name], 0.0)
            after[name] = np.where(some, kept + more, after[name])
        after["evidence"] = accumulate(before, hour)
        higher = (hour > 0.0) & (after["evidence"] >= peak)
        peak = np.where(higher, after["evidence"], peak)
        since, until = (
            np.where(higher, new, old)
            for new, old in ((after["since"], since), (begins + HOUR, until))
        )
        expected, counted = (
            np.where(higher, after[name], old)
            for name, old in (("expected", expected), ("counted", counted))
        )
    return Judged(
        peak=peak,
        now=after["evidence"].copy(),
        since=since,
        until=until,
        expected=expected,
        counted=counted,
        began=after["since"].copy(),
    )


def _believed(counts: Floats, means: Floats, spread: Floats) -> Floats:
    """Return counts, cut where they are further from their means than chance explains."""
    most = BELIEVED * np.sqrt(means + spread * means**2) + 1.0
    return np.clip(counts, np.maximum(means - most, 0.0), means + most)
