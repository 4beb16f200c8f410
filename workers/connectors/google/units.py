"""Amounts as Google Ads counts them: millionths of the currency, in whole billable units."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from workers.connectors.errors import Rejected

MICROS: Final = 1_000_000
"""In one unit of any currency, whatever its decimals."""


def from_micros(micros: int) -> Decimal:
    """Return an amount of money, exactly."""
    return Decimal(micros) / MICROS


def to_micros(amount: Decimal) -> int:
    """Return millionths.

    Raises
    ------
    Rejected
        The amount is none, not above zero, or finer than a millionth.
    """
    if not amount.is_finite() or amount <= 0:
        raise Rejected(f"{amount} cannot be set: give an amount above zero")
    micros = amount * MICROS
    if micros != micros.to_integral_value() or micros >= 2**63:
        raise Rejected(f"{amount} is no whole number of millionths; quantize it first")
    return int(micros)
