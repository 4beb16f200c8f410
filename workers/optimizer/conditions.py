"""Freezes, suspected outages and excluded hours, as they are broadcast."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from engine.arrays import Ints
from engine.situation import Conditions
from schemas import Condition, ConditionKind, SchemaError, decode
from schemas.condition import condition_key, scopes_of
from workers.optimizer.plan_calendar import first_second, last_second, together

_TIMED: Final = (ConditionKind.FREEZE, ConditionKind.OUTAGE)
"""Kinds that hold while the clock is between their times."""

_EXCLUDES: Final = ConditionKind.EXCLUDED_WINDOWS
_WINDOWS: Final = condition_key(b"", _EXCLUDES)


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
        if held:
            for i, key in enumerate(keys):
                for scope in scopes_of(key):
                    for kind in _TIMED:
                        name = condition_key(scope, kind)
                        if name in held and _holds(held[name], kind, int(now[i])):
                            found[kind][i] = True
        holding = Conditions(
            frozen=found[ConditionKind.FREEZE],
            outage=found[ConditionKind.OUTAGE],
            excluded=np.zeros(len(keys), dtype=np.bool_),
        )
        return holding, sum(condition is None for condition in held.values())

    def windows(self, latest: Mapping[bytes, bytes], keys: Sequence[bytes]) -> list[bytes]:
        """Return for each campaign the windows that people exclude for it, packed as plans' are.

        Those that cannot be read exclude nothing.
        """
        packed = [b""] * len(keys)
        told = {key: value for key, value in latest.items() if key.endswith(_WINDOWS)}
        if not told:
            return packed
        held = {key: self._packed(value) for key, value in told.items()}
        for i, key in enumerate(keys):
            names = (condition_key(scope, _EXCLUDES) for scope in scopes_of(key))
            packed[i] = together([held[name] for name in names if name in held])
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
    return np.unique(np.array(pairs, dtype=np.int64).reshape(-1, 2), axis=0).tobytes()


def _holds(condition: Condition | None, kind: ConditionKind, now: int) -> bool:
    if condition is None:
        return kind is ConditionKind.FREEZE
    until = condition.until
    return condition.since.timestamp() <= now and (until is None or now < until.timestamp())
