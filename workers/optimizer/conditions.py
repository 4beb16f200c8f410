"""Freezes and suspected outages, as they are broadcast."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np

from engine.arrays import Ints
from engine.situation import Conditions
from schemas import Condition, ConditionKind, SchemaError, decode
from schemas.condition import condition_key, scopes_of


class ConditionBook:
    """Memo of conditions that were decoded."""

    def __init__(self) -> None:
        """Begin empty; the memo is bounded."""
        self._read: Callable[[bytes], Condition | None] = lru_cache(maxsize=4_096)(_read)

    def conditions(
        self, latest: Mapping[bytes, bytes], keys: Sequence[bytes], now: Ints
    ) -> tuple[Conditions, int]:
        """Return what holds for each campaign at its ``now``, in seconds.

        A freeze that cannot be read holds: what it was to stop cannot be undone. Beside the
        conditions is how many cannot be read.
        """
        found = {kind: np.zeros(len(keys), dtype=np.bool_) for kind in ConditionKind}
        held = {
            key: self._read(value)
            for key, value in latest.items()
            if (condition := self._read(value)) is None or condition.active
        }
        if held:
            for i, key in enumerate(keys):
                for scope in scopes_of(key):
                    for kind in ConditionKind:
                        name = condition_key(scope, kind)
                        if name in held and _holds(held[name], kind, int(now[i])):
                            found[kind][i] = True
        holding = Conditions(frozen=found[ConditionKind.FREEZE], outage=found[ConditionKind.OUTAGE])
        return holding, sum(condition is None for condition in held.values())


def _read(value: bytes) -> Condition | None:
    try:
        return decode(value, Condition)
    except SchemaError:
        return None


def _holds(condition: Condition | None, kind: ConditionKind, now: int) -> bool:
    if condition is None:
        return kind is ConditionKind.FREEZE
    until = condition.until
    return condition.since.timestamp() <= now and (until is None or now < until.timestamp())
