"""What the audit trail says is in force on the platforms, and whether it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from schemas import AuditEntry
from schemas.audit import MAY_BE_IN_FORCE, OPEN
from schemas.levers import ON_PLATFORM
from workers.connectors.protocol import Lever, Ref


class Slot(NamedTuple):
    """One value on a platform."""

    platform: str
    ref: Ref


@dataclass(slots=True)
class Trail:
    """Keeps the last word on each value.

    An action that is itself one value of the platform has one entry; of any other, each value that
    it sets has an entry of its own before the action's.
    """

    values: dict[Slot, Decimal | None] = field(default_factory=dict)
    """None where the trail says that it does not know."""
    _in_parts: set[str] = field(default_factory=set)

    def hear(self, entry: AuditEntry) -> None:
        """Take in what an entry says of the platform."""
        if entry.status in OPEN or entry.action_id is None:
            return
        lever = entry.field.removeprefix(ON_PLATFORM)
        if entry.is_of_part:
            self._in_parts.add(entry.action_id)
        elif lever not in set(Lever) or entry.action_id in self._in_parts:
            return
        ref = Ref(
            account_id=entry.account_id,
            entity=entry.entity,
            entity_id=entry.entity_id,
            lever=Lever(lever),
        )
        if entry.after is not None or entry.status in MAY_BE_IN_FORCE:
            self.values[Slot(entry.platform, ref)] = entry.after


@dataclass(frozen=True, slots=True, kw_only=True)
class OnPlatforms:
    """What came of a demo on the platforms that it was played on."""

    changes: Mapping[str, int]
    """Values that were set, by platform."""
    values: int
    """Values that were compared."""
    differences: Mapping[str, str]
    """What is in force and what the trail says, by value, where they are not the same."""

    def sentence(self) -> str:
        """Return it for reading."""
        made = ", ".join(f"{count:,} on {name}" for name, count in self.changes.items())
        said = f"Changes that the platforms made, as their own clients asked: {made}. "
        if not self.differences:
            return said + (
                f"Each of the {self.values:,} values there is what the audit trail says: "
                "0 differences."
            )
        told = "; ".join(f"{name}: {what}" for name, what in self.differences.items())
        return said + f"{len(self.differences):,} of {self.values:,} values differ: {told}."

    def facts(self) -> dict[str, Any]:
        """Return it as values that JSON can hold."""
        return {
            "changes": dict(self.changes),
            "values": self.values,
            "differences": dict(self.differences),
        }
