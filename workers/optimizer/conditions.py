"""Freezes and suspected outages, as they are broadcast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.arrays import Ints
from engine.situation import Conditions
from schemas import Condition, ConditionKind, SchemaError, decode
from schemas.condition import condition_key, scopes_of


class ConditionBook:
    """Memo of the conditions that were decoded last: as many as were broadcast."""

    def __init__(self) -> None:
        """Begin empty."""
        self._known: dict[bytes, Condition | None] = {}

    def conditions(
        self, latest: Mapping[bytes, bytes], keys: Sequence[bytes], now: Ints
    ) -> tuple[Conditions, int]:
        """Return what holds for each campaign at its ``now``, in seconds.

        A freeze that cannot be read holds: what it was to stop cannot be undone. Beside the
        conditions is how many cannot be read.
        """
        found = {kind: np.zeros(len(keys), dtype=np.bool_) for kind in ConditionKind}
        known = self._known
        self._known = {
            value: known[value] if value in known else _read(value) for value in latest.values()
        }
        held = {
            key: condition
            for key, value in latest.items()
            if (condition := self._known[value]) is None or condition.active
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
