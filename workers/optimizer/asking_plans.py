"""Memo of which plans ask for more than hours: to be paused, or to tell platforms of events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from schemas import Plan
from workers.optimizer.plan_rows import read_plan


class AskingBook:
    """Knows of each stored plan whether it asks: so that a tick decodes none but new ones."""

    def __init__(self) -> None:
        """Begin empty; it keeps as many as there are plans."""
        self._known: dict[bytes, Plan | None] = {}

    def plans(self, stored: Mapping[bytes, bytes]) -> Iterator[Plan]:
        """Return the plans that ask, of those that the table of plans holds."""
        known = self._known
        self._known = {
            value: known[value] if value in known else _asking(value) for value in stored.values()
        }
        return (plan for plan in self._known.values() if plan is not None)


def _asking(value: bytes) -> Plan | None:
    plan = read_plan(value)
    tells = any(event.is_told for event in plan.calendar)
    return plan if plan.pauses_on_platform or tells else None
