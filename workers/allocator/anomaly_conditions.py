"""From what was found of a closed day to the condition that tells of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from msgspec.structs import replace

from schemas import Condition, ConditionKind, Scope, Window
from schemas.anomaly import Anomaly, Change, Effect, Signal
from schemas.condition import MOST_WINDOWS

SAID_AGAIN: Final = timedelta(days=2)
"""After the end of a day that was odd: where no later day says it again by then, nobody is held."""

TOLD_FOR: Final = timedelta(days=7)
"""How long what is over is told of yet."""

UNLEARNED_FOR: Final = timedelta(days=62)
"""After so long no hour is learned anew, whatever becomes of the windows."""

DOWNWARD: Final = frozenset({Change.OUTAGE, Change.DROP, Change.SINKING})

_UNLEARNED, _HELD = Effect.UNLEARNED, Effect.HELD
EFFECTS: Final = MappingProxyType(
    {
        (Signal.IMPRESSIONS, Change.OUTAGE): _UNLEARNED,
        (Signal.IMPRESSIONS, Change.SPIKE): _UNLEARNED,
        (Signal.CLICKS, Change.OUTAGE): _UNLEARNED,
        (Signal.CLICKS, Change.SPIKE): _UNLEARNED,
        (Signal.CONVERSIONS, Change.SPIKE): _UNLEARNED,
        (Signal.REVENUE, Change.OUTAGE): _HELD,
        (Signal.REVENUE, Change.SPIKE): _HELD,
    }
)
"""What follows from changes: those that no market makes overnight. All others are told only.

That conversions vanish is not among them: that is watched hour by hour where anything hangs on it,
and lifted when they are told after all, which a closed day never is. Orders of a hundredth or a
hundred times their value are another currency or unit: one day of them outweighs two weeks."""

_OF: Final = MappingProxyType(
    {
        Signal.IMPRESSIONS: "for what was spent",
        Signal.CLICKS: "for the impressions",
        Signal.SPEND: "by its week and bids",
        Signal.CONVERSIONS: "for the clicks",
        Signal.REVENUE: "for the conversions",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFindings:
    """What a closed day says of a campaign or an account."""

    scope: Scope
    names: dict[str, str]
    """Of the scope."""
    begins: datetime
    ends: datetime
    """Of the day."""
    found: Sequence[Anomaly]
    """What is told of, one of each signal at most; ``until`` is None for what goes on."""
    open: frozenset[Signal] = frozenset()
    """Of which it is not known yet whether they go on."""


def effect_of(signal: Signal, change: Change) -> Effect:
    """Return what follows from a change of a signal."""
    return EFFECTS.get((signal, change), Effect.TOLD)


def next_condition(last: Condition | None, told: DayFindings) -> Condition | None:
    """Return the condition after a closed day; nothing where it says what the last one said."""
    before = {each.signal: each for each in last.anomalies} if last and last.active else {}
    now = {each.signal: _joined(before.get(each.signal), each) for each in told.found}
    others = [each for each in before.values() if each.signal not in now]
    kept = [each if each.signal in told.open else _over(each, told.begins) for each in others]
    kept = [each for each in kept if (each.until or told.ends) > told.begins - TOLD_FOR]
    anomalies = tuple(
        sorted([*kept, *now.values()], key=lambda each: list(Signal).index(each.signal))
    )
    windows = _windows(last, told, list(now.values()))
    if last is None and not anomalies:
        return None
    if last is not None and (last.anomalies, last.windows) == (anomalies, windows):
        return None
    return _condition(last, told, anomalies, windows)


def _joined(before: Anomaly | None, now: Anomaly) -> Anomaly:
    """Return what goes on with its beginning; what changes its direction begins anew."""
    same = before is not None and (before.change in DOWNWARD) == (now.change in DOWNWARD)
    if before is None or not same or before.until is not None:
        return now
    return replace(now, since=min(before.since, now.since))


def _over(each: Anomaly, at: datetime) -> Anomaly:
    return each if each.until is not None else replace(each, until=max(at, each.since))


def _windows(
    last: Condition | None, told: DayFindings, now: Sequence[Anomaly]
) -> tuple[Window, ...]:
    """Return the hours that are not learned from, those that touch as one."""
    some = [(each.start, each.end) for each in (last.windows if last and last.active else ())]
    odd = [each for each in now if each.effect is not Effect.TOLD]
    some += [(each.since, each.until or told.ends) for each in odd]
    joined: list[tuple[datetime, datetime]] = []
    for start, end in sorted(each for each in some if each[1] > told.ends - UNLEARNED_FOR):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return tuple(Window(start=start, end=end) for start, end in joined[-MOST_WINDOWS:])


def _condition(
    last: Condition | None,
    told: DayFindings,
    anomalies: tuple[Anomaly, ...],
    windows: tuple[Window, ...],
) -> Condition:
    going = [each for each in anomalies if each.until is None]
    begins = [each.since for each in anomalies] + [each.start for each in windows]
    ends = [each.until for each in anomalies if each.until] + [each.end for each in windows]
    since = min(begins, default=told.begins)
    until = told.ends + SAID_AGAIN if going else max(ends, default=told.ends)
    names: dict[str, Any] = told.names
    return Condition(
        kind=ConditionKind.ANOMALY,
        scope=told.scope,
        **names,
        version=last.version + 1 if last else 1,
        active=bool(anomalies or windows),
        since=since,
        until=until if until > since else None,
        windows=windows,
        anomalies=anomalies,
        by="allocator",
        why="; ".join(_sentence(told.scope, each) for each in going or anomalies),
    )


def _sentence(scope: Scope, each: Anomaly) -> str:
    what = f"{each.change.value} of {each.signal.value} {_OF[each.signal]}"
    if scope is Scope.ACCOUNT:
        return f"{what}: {each.counted:g} of {each.expected:g} campaigns, in the same way"
    return f"{what}: {each.counted:.6g} came, {each.expected:.6g} were expected"
