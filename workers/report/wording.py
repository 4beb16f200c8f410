"""Numbers, times and changes as people read them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from schemas.currencies import EXPONENTS

NOTHING: Final = "\N{EN DASH}"
"""Stands where there is no figure."""

_LARGE = 1_000.0
_LONGEST = 240
_SMALL_CHANGE = 0.0005


def amount(value: float | None, currency: str) -> str:
    """Return money in whole units from a thousand on, to the minor unit below."""
    if value is None:
        return NOTHING
    decimals = 0 if abs(value) >= _LARGE else EXPONENTS.get(currency, 2)
    return f"{currency} {value + 0.0:,.{decimals}f}".strip()


def exact(value: float | None, currency: str) -> str:
    """Return money to the minor unit."""
    if value is None:
        return NOTHING
    return f"{currency} {value + 0.0:,.{EXPONENTS.get(currency, 2)}f}".strip()


def setting(value: float | None, unit: str, currency: str) -> str:
    """Return a value that was set, in the unit that it is counted in."""
    if value is None:
        return "not known"
    if unit == "currency":
        return exact(value, currency)
    if unit == "multiplier":
        return f"\N{MULTIPLICATION SIGN}{value:,.4g}"
    return f"{value:,.6g} {unit}".strip()


def count(value: float) -> str:
    """Return a number of things; conversions may be fractions."""
    return f"{value:,.0f}" if value == round(value) or value >= _LARGE else f"{value:,.1f}"


def counted(number: float, thing: str) -> str:
    """Return how many there are of something: ``1 campaign``, ``2,000 campaigns``."""
    return f"{count(number)} {thing}" if number == 1 else f"{count(number)} {thing}s"


def share(value: float | None) -> str:
    """Return a share in per cent."""
    return NOTHING if value is None else f"{value:.1%}"


def ratio(value: float | None) -> str:
    """Return a ratio, such as a return on spend."""
    return NOTHING if value is None else f"{value:.2f}"


def change(ours: float | None, others: float | None) -> str:
    """Return how far a figure is above or below another one, in per cent of that one."""
    if ours is None or others is None or others == 0.0:
        return NOTHING
    by = ours / others - 1.0
    return "±0.0%" if abs(by) < _SMALL_CHANGE else f"{by:+.1%}".replace("-", "\N{MINUS SIGN}")


def moment(second: int) -> str:
    """Return an instant in UTC, to the minute."""
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%d %H:%M} UTC"


def duration(hours: int) -> str:
    """Return a length of time in hours, from two days on in days and hours."""
    days, rest = divmod(hours, 24)
    if days <= 1:
        return f"{hours} h"
    return f"{days} d {rest} h" if rest else f"{days} d"


def short(text: str) -> str:
    """Return a text of no more than 240 characters; the rest is in the record."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
