"""What a family of response curves is asked, whatever its shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engine.arrays import Floats


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Of N curves of one family; shapes (N,)."""

    scale: Floats
    """Value; of saturating curves the most there is to win. >= 0."""
    half: Floats
    """Spend that sets where a curve bends, > 0; not used by ``Power``."""
    exponent: Floats
    """Without unit: ``Power`` in (0, 1), ``Hill`` > 0; not used by the others."""


class Family(Protocol):
    """The questions; spends, steps and results have shape (N,)."""

    def value(self, of: Coefficients, spend: Floats) -> Floats:
        """Return what a spend brings."""

    def gain(self, of: Coefficients, spend: Floats, more: Floats) -> Floats:
        """Return what ``more`` brings on top of ``spend``."""

    def log_marginal(self, of: Coefficients, spend: Floats) -> Floats:
        """Return the log of the value of a unit more."""

    def log_reference(self, of: Coefficients) -> Floats:
        """Return the log price that ``spend_at`` is asked against."""

    def spend_at(self, of: Coefficients, below: Floats) -> Floats:
        """Return the spend whose marginal value is a price; may be negative.

        ``below`` is by how much the log price lies below the curve's reference.
        """

    def fall(self, of: Coefficients, spend: Floats) -> Floats:
        """Return by how much that spend falls for a rise of the log price by one."""
