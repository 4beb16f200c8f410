"""Freezes, suspected outages and excluded hours, as they are broadcast."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from math import inf
from typing import Final

import numpy as np

from engine.arrays import Ints
from engine.situation import Conditions
from schemas import Condition, ConditionKind, SchemaError, decode
from schemas.condition import condition_key, scopes_of
from workers.optimizer.plan_calendar import first_second, last_second, together

_TIMED: Final = (ConditionKind.FREEZE, ConditionKind.OUTAGE)
"""Kinds that hold while the clock is between their times."""

_EXCLUDING: Final = (
    ConditionKind.EXCLUDED_WINDOWS,
    ConditionKind.OUTAGE,
    ConditionKind.ANOMALY,
)
"""Kinds whose hours are not learned from, also when they are over."""

_SUFFIXES: Final = tuple(condition_key(b"", kind) for kind in _EXCLUDING)
_ANOMALY: Final = condition_key(b"", ConditionKind.ANOMALY)
_NO_END: Final = 2**53


class ConditionBook:
    """Memo of the conditions that were decoded last: as many as were broadcast."""

    def __init__(self) -> None:
        """Begin empty."""
        self._known: dict[bytes, Condition | None] = {}
        self._packed: Callable[[bytes], bytes] = lru_cache(4_096)(_pack)

    def conditions(
        self, latest: Mapping[bytes, bytes], keys: Sequence[bytes], now: Ints
    ) -> tuple[Conditions, int]:
        """Return what holds for each campaign at its ``now``, in seconds.

        A freeze that cannot be read holds: what it was to stop cannot be undone. Beside the
        conditions is how many cannot be read.
        """
        found = {kind: np.zeros(len(keys), dtype=np.bool_) for kind in _TIMED}
        held = self._held(latest)
        odd, places = _holding(held), _places(held)
        for i, key in enumerate(keys if held else ()):
            # Most campaigns are of no scope that anything is told of.
            scopes = [scope for scope in scopes_of(key) if scope in places]
            if not scopes:
                continue
            rejected = _rejected(held, key)
            for scope in scopes:
                for kind in _TIMED:
                    name = condition_key(scope, kind)
                    if name in held and _holds(held[name], kind, int(now[i]), rejected):
                        found[kind][i] = True
                if scope in odd and _held_by(odd[scope], int(now[i]), rejected):
                    found[ConditionKind.OUTAGE][i] = True
        holding = Conditions(
            frozen=found[ConditionKind.FREEZE],
            paused=np.zeros(len(keys), dtype=np.bool_),
            outage=found[ConditionKind.OUTAGE],
            excluded=np.zeros(len(keys), dtype=np.bool_),
        )
        return holding, sum(condition is None for condition in held.values())

    def windows(self, latest: Mapping[bytes, bytes], keys: Sequence[bytes]) -> list[bytes]:
        """Return for each campaign what people and outages exclude for it, packed as plans' are.

        Those that cannot be read exclude nothing.
        """
        packed = [b""] * len(keys)
        told = {key: value for key, value in latest.items() if key.endswith(_SUFFIXES)}
        if not told:
            return packed
        held = {key: self._packed(value) for key, value in told.items()}
        known, places = self._held(latest), _places(told)
        for i, key in enumerate(keys):
            scopes = [scope for scope in scopes_of(key) if scope in places]
            if not scopes:
                continue
            rejected = _rejected(known, key)
            names = [condition_key(scope, kind) for scope in scopes for kind in _EXCLUDING]
            some = [each for each in names if each in held and not _is_none(known, each, rejected)]
            packed[i] = together([_after(held[name], name, rejected) for name in some])
        return packed

    def _held(self, latest: Mapping[bytes, bytes]) -> dict[bytes, Condition | None]:
        """Return what is active, or cannot be read."""
        known = self._known
        self._known = {
            value: known[value] if value in known else _read(value) for value in latest.values()
        }
        return {
            key: condition
            for key, value in latest.items()
            if (condition := self._known[value]) is None or condition.active
        }


def _places(names: Iterable[bytes]) -> frozenset[bytes]:
    """Return the scopes that conditions of these keys are of."""
    return frozenset(name.rpartition(b"#")[0] for name in names)


def _holding(held: Mapping[bytes, Condition | None]) -> dict[bytes, Condition]:
    """Return by scope the anomalies of which some hold campaigns."""
    found = [each for name, each in held.items() if name.endswith(_ANOMALY) and each is not None]
    return {each.key.removesuffix(_ANOMALY): each for each in found if each.held_since()}


def _held_by(odd: Condition, now: int, rejected: float) -> bool:
    """Return whether something that is odd, and was not rejected, holds a campaign now."""
    since = [each.timestamp() for each in odd.held_since()]
    until = odd.until.timestamp() if odd.until is not None else _NO_END
    return now < until and any(rejected < each <= now for each in since)


def _after(packed: bytes, name: bytes, rejected: float) -> bytes:
    """Return windows, of anomalies those that began after a rejection."""
    if rejected == -inf or not name.endswith(_ANOMALY):
        return packed
    windows = np.frombuffer(packed, dtype=np.int64).reshape(-1, 2)
    return windows[windows[:, 0] > rejected].tobytes()


def _read(value: bytes) -> Condition | None:
    try:
        return decode(value, Condition)
    except SchemaError:
        return None


def _pack(value: bytes) -> bytes:
    """Return the windows of a condition, packed; none where it is lifted or cannot be read."""
    condition = _read(value)
    if condition is None or not condition.active:
        return b""
    pairs = [(first_second(each.start), last_second(each.end)) for each in condition.windows]
    if condition.kind is ConditionKind.OUTAGE:
        end = last_second(condition.until) if condition.until else _NO_END
        pairs = [(first_second(condition.since), end)]
    return np.unique(np.array(pairs, dtype=np.int64).reshape(-1, 2), axis=0).tobytes()


def _rejected(held: Mapping[bytes, Condition | None], campaign: bytes) -> float:
    """Return the second up to which outages that began are none of the campaign's."""
    kind = ConditionKind.REJECTED_OUTAGE
    said = [held.get(condition_key(scope, kind)) for scope in scopes_of(campaign)]
    return max((each.since.timestamp() for each in said if each), default=-inf)


def _is_none(held: Mapping[bytes, Condition | None], name: bytes, rejected: float) -> bool:
    """Return whether a condition is an outage that was rejected."""
    condition = held.get(name)
    if condition is None or condition.kind is not ConditionKind.OUTAGE:
        return False
    return condition.since.timestamp() <= rejected


def _holds(condition: Condition | None, kind: ConditionKind, now: int, rejected: float) -> bool:
    if condition is None:
        return kind is ConditionKind.FREEZE
    since, until = condition.since.timestamp(), condition.until
    if kind is ConditionKind.OUTAGE and since <= rejected:
        return False
    return since <= now and (until is None or now < until.timestamp())
