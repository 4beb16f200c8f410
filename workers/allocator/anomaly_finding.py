"""From the evidence of a closed day to what is told of it: one change of each signal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from engine import funnel_alarms
from engine.anomalies import CHANGES, FACTORS
from engine.arrays import Bools, Floats
from engine.funnel import SIGNALS
from engine.funnel_alarms import CONTINUES
from engine.funnel_expected import SLOW
from engine.funnel_watch import Judged
from schemas import Condition, Scope, Shape
from schemas.anomaly import MOST_AMOUNT, Anomaly, Change, Signal
from schemas.money import exponent_of
from workers.allocator.anomaly_conditions import DOWNWARD, DayFindings, effect_of
from workers.allocator.closed_days import end_of, first_second
from workers.instants import from_seconds

MONEY: Final = (Signal.SPEND, Signal.REVENUE)
DOWN: Final = np.array([Change(each) in DOWNWARD for each in CHANGES])
_OUTAGE, _SPIKE = CHANGES.index("outage"), CHANGES.index("spike")
_DIGITS: Final = 2
_HALF: Final = 0.5


class Verdict(NamedTuple):
    """What a closed day of one campaign says."""

    shape: Shape
    judged: Judged
    """Of its one campaign: shapes (5, 5), of evidence (H, 5, 5), of beginnings (5,)."""


def going_on(last: Condition | None) -> dict[Signal, Anomaly]:
    """Return what was told of and had not ended."""
    anomalies = last.anomalies if last is not None and last.active else ()
    return {each.signal: each for each in anomalies if each.until is None}


def found_of(verdict: Verdict, last: Condition | None, least: Floats) -> list[Anomaly]:
    """Return what begins, goes on, or began and ended; ``least`` makes discoveries of hours."""
    judged, before = verdict.judged, going_on(last)
    (alarms,) = funnel_alarms.alarms(judged.evidence[None], least, judged.beginnings[None])
    found = []
    for at, name in enumerate(SIGNALS):
        old = before.get(Signal(name))
        stays = np.zeros(len(CHANGES), dtype=np.bool_)
        if old is not None:
            stays = (judged.now[at] >= CONTINUES) & ((old.change in DOWNWARD) == DOWN)
        told = alarms[at] | stays
        if told.any():
            found.append(_anomaly(verdict, at, told))
    return found


def said_of(
    shape: Shape,
    scope: Scope,
    found: Sequence[Anomaly],
    open_: frozenset[Signal] = frozenset(),
) -> DayFindings:
    """Return what is told of a campaign, or of its account."""
    names = {"platform": shape.platform, "account_id": shape.account_id}
    if scope is Scope.CAMPAIGN:
        names["campaign_id"] = shape.campaign_id
    return DayFindings(
        scope=scope,
        names=names,
        begins=from_seconds(first_second(shape)),
        ends=from_seconds(end_of(shape)),
        found=found,
        open=open_,
    )


def _far(came: Floats) -> Floats:
    """Return how far what came is from what each change makes of it; beyond the ends is near."""
    away = np.log(came / FACTORS)
    away[_OUTAGE] = max(away[_OUTAGE], 0.0)
    away[_SPIKE] = min(away[_SPIKE], 0.0)
    return np.asarray(np.abs(away))


def _anomaly(verdict: Verdict, at: int, told: Bools) -> Anomaly:
    """Return the change whose factor is nearest to what came, of those that are ``told``."""
    judged, signal = verdict.judged, Signal(SIGNALS[at])
    came = (judged.counted[at] + _HALF) / (judged.expected[at] + _HALF)
    # Without an hour of this day that speaks for it, all that is known is that it is not over.
    far = np.where(judged.until[at] > 0, _far(came), 1e6)
    # What is told from the fast level is no drift, though it is one from the slow level, too.
    told = told & ~SLOW if (told & ~SLOW).any() else told
    best = int(np.argmin(np.where(told, far, np.inf)))
    ends = judged.now[at, best] < CONTINUES and judged.until[at, best] > 0
    since = int(judged.since[at, best] or judged.began[at, best])
    change = Change(CHANGES[best])
    return Anomaly(
        signal=signal,
        change=change,
        effect=effect_of(signal, change),
        since=from_seconds(since),
        until=from_seconds(int(judged.until[at, best])) if ends else None,
        evidence=round(float(max(judged.peak[at, best], judged.now[at, best])), _DIGITS),
        expected=_amount(verdict.shape, signal, float(judged.expected[at, best])),
        counted=_amount(verdict.shape, signal, float(judged.counted[at, best])),
    )


def _amount(shape: Shape, signal: Signal, count: float) -> float:
    """Return how much is told of: what no record may say could never be read again."""
    unit = 10.0 ** exponent_of(shape.currency or "XXX") if signal in MONEY else 1.0
    return min(round(count / unit, _DIGITS), MOST_AMOUNT)
