"""Exact money: decimals on the wire, whole minor units where money is decided.

No function here rounds unless its name says so, and none uses a float.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, Context, Decimal, Inexact, InvalidOperation

from schemas.currencies import EXPONENTS
from schemas.errors import Reason, SchemaError

MAX_AMOUNT = 10**12
"""Largest amount, in whole currency units, that one record may carry."""

MAX_TOTAL = 10**19
"""Largest amount that is summed or projected from many records: more than int64 has minor units."""

MAX_DECIMALS = 18
"""Most digits after the decimal point of an amount on the wire."""

ATTO_PER_UNIT = 10**MAX_DECIMALS
"""The ledger keeps fractions of a currency unit in steps of 1e-18."""

_MICRO = 6
_DIGITS = len(str(MAX_AMOUNT)) - 1
_MAX = Decimal(MAX_AMOUNT)
_MAX_MICROS = Decimal(MAX_AMOUNT * 10**_MICRO)
_STEPS = tuple(Decimal(1).scaleb(-exponent) for exponent in range(5))
_EXACT = Context(prec=64, traps=[Inexact, InvalidOperation])
_DOWN = Context(prec=64, rounding=ROUND_FLOOR, traps=[InvalidOperation])


def exponent_of(currency: str) -> int:
    """Return the decimals of the currency's minor unit: 0, 2, 3 or 4.

    Raises
    ------
    SchemaError
        ``unknown_currency`` when the code is not an active ISO 4217 currency.
    """
    try:
        return EXPONENTS[currency]
    except KeyError:
        detail = f"{currency[:20]!r} is not an active ISO 4217 currency code, such as EUR or JPY"
        raise SchemaError("currency", Reason.UNKNOWN_CURRENCY, detail) from None


def check_amount(
    value: Decimal, field: str, *, decimals: int = MAX_DECIMALS, limit: Decimal = _MAX
) -> None:
    """Raise `SchemaError` unless ``value`` is finite, within ``limit`` and not too fine."""
    if -_MICRO <= value.adjusted() < _DIGITS and _is_short(value, decimals) and value.is_finite():
        return  # As nearly all are: below the least limit there is, and told so most quickly.
    if not value.is_finite():
        raise SchemaError(field, Reason.NOT_FINITE, f"must be a finite number, was {value}")
    if value.copy_abs() > limit:
        detail = f"must lie between -{limit:,} and {limit:,}, was {str(value)[:40]}"
        raise SchemaError(field, Reason.OUT_OF_RANGE, detail)
    if -int(value.as_tuple().exponent) > decimals:
        detail = f"may have at most {decimals} decimals, was {str(value)[:40]}"
        raise SchemaError(field, Reason.TOO_MANY_DECIMALS, detail)


def _is_short(value: Decimal, decimals: int) -> bool:
    """Return whether a ``value`` from a millionth up surely has no more ``decimals``.

    It is written plainly, with a digit and a point before its decimals.
    """
    return len(str(value)) <= decimals + 2


def from_micros(micros: Decimal, field: str) -> Decimal:
    """Return millionths of a currency unit as an amount, exactly, or raise `SchemaError`."""
    check_amount(micros, field, decimals=MAX_DECIMALS - _MICRO, limit=_MAX_MICROS)
    return micros.scaleb(-_MICRO, context=_EXACT)


def check_minor(value: Decimal | None, currency: str, field: str) -> None:
    """Raise `SchemaError` when ``value`` is finer than the currency's minor unit."""
    if value is None:
        return
    exponent = exponent_of(currency)
    try:
        value.quantize(_STEPS[exponent], context=_EXACT)
    except Inexact:
        detail = f"{currency} has {exponent} decimals, was {value}"
        raise SchemaError(field, Reason.TOO_MANY_DECIMALS, detail) from None


def to_minor(value: Decimal, currency: str) -> int:
    """Return ``value`` as whole minor units, exactly.

    Raises
    ------
    SchemaError
        ``too_many_decimals`` when the amount is finer than the minor unit.
    """
    check_minor(value, currency, "amount")
    return int(value.scaleb(EXPONENTS[currency], context=_EXACT))


def floor_to_minor(value: Decimal, currency: str) -> int:
    """Return the largest whole number of minor units that is not above ``value``."""
    scaled = value.scaleb(exponent_of(currency), context=_EXACT)
    return int(scaled.to_integral_value(context=_DOWN, rounding=ROUND_FLOOR))


def from_minor(minor: int, currency: str) -> Decimal:
    """Return minor units as an amount with the currency's own number of decimals."""
    return _EXACT.multiply(minor, _STEPS[exponent_of(currency)])


def to_units_atto(value: Decimal) -> tuple[int, int]:
    """Split an amount exactly into whole units and 1e-18 fractions.

    Returns
    -------
    ``(units, atto)`` with ``value == units + atto * 1e-18`` and
    ``0 <= atto < 1e18``; units are rounded down, so -0.5 is ``(-1, 5e17)``.
    """
    scaled = value.scaleb(MAX_DECIMALS, context=_EXACT)
    whole = int(scaled)
    if whole != scaled:
        detail = f"may have at most {MAX_DECIMALS} decimals, was {value}"
        raise SchemaError("amount", Reason.TOO_MANY_DECIMALS, detail)
    units, atto = divmod(whole, ATTO_PER_UNIT)
    return units, atto


def from_units_atto(units: int, atto: int) -> Decimal:
    """Return the amount ``units + atto * 1e-18``, exactly, without trailing zeros."""
    value = Decimal(units * ATTO_PER_UNIT + atto).scaleb(-MAX_DECIMALS, context=_EXACT)
    whole = value.to_integral_value()
    return whole if whole == value else value.normalize(_EXACT)
