"""Amounts as Google Ads counts them: millionths of the currency, in whole billable units."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from typing import Final

from workers.connectors.errors import Rejected
from workers.connectors.protocol import Lever

MICROS: Final = 1_000_000
"""In one unit of any currency, whatever its decimals."""

MONEY: Final = frozenset(
    {Lever.DAILY_BUDGET, Lever.LIFETIME_BUDGET, Lever.BID, Lever.COST_CAP, Lever.TARGET_CPA}
)
_RATIO_STEP: Final = Decimal("0.01")


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


def rounded_down(amount: Decimal, step: Decimal, lever: Lever) -> Decimal:
    """Return the highest value not above ``amount`` that can be set; `STATUS` is left as it is."""
    if lever is Lever.STATUS:
        return amount
    unit = step if lever in MONEY else _RATIO_STEP
    return (amount / unit).to_integral_value(ROUND_FLOOR) * unit
