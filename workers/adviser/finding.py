"""What advice comes to before it is a record."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from schemas import Entity, Explanation, Impact, Kind

DIGITS: Final = 6
"""Decimals of numbers in advice."""

HORIZON_DAYS: Final = 7
"""Days that advice holds, and that its impact is told for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to tell people of a campaign."""

    kind: Kind
    entity: Entity
    entity_id: str
    field: str
    unit: str
    verb: str
    """What to do, in a word: the same advice again has the same kind, field, entity and verb."""
    current: Decimal
    recommended: Decimal
    reasons: tuple[Explanation, ...]
    impact: Impact | None
    sure: float
    """The chance that it is so, in [0, 1]."""
    size: float
    """Share of the campaign that is at stake, in [0, 1]."""

    @property
    def what(self) -> str:
        """What it comes to without its numbers."""
        return f"{self.verb} {self.field} {self.entity_id}"


def rounded(value: float) -> float:
    """Return a number as advice tells it."""
    return round(float(value), DIGITS)


def decimal(value: float, digits: int = DIGITS) -> Decimal:
    """Return a number as an amount that advice tells."""
    return Decimal(f"{float(value):.{digits}f}")
