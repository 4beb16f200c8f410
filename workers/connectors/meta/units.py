"""Amounts as Meta counts them: whole numbers by its own table, which is not ISO 4217's."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

WHOLE: Final = frozenset(
    {"CLP", "COP", "CRC", "HUF", "ISK", "IDR", "JPY", "KRW", "PYG", "TWD", "VND"}
)
"""Offset 1; every other currency has 100, BHD and JOD too. Source: Meta, "Currency Codes",
developers.facebook.com/docs/marketing-api/currencies."""
ROAS_SCALE: Final = 10_000
"""Of ``roas_average_floor``."""


def offset(currency: str) -> int:
    """Return how many of Meta's units are one of the currency."""
    return 1 if currency in WHOLE else 100


def step(currency: str) -> Decimal:
    """Return the smallest difference between two amounts."""
    return Decimal(1) / offset(currency)
