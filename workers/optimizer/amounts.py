"""Minor units as amounts on the wire."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from schemas.levers import MULTIPLIER_DECIMALS


def writer(exponent: int) -> Callable[[int], str]:
    """Return what writes minor units of a currency with so many decimals: 1234 as "12.34"."""
    if exponent == 0:
        return str
    scale, digits = 10**exponent, f"0{exponent}d"

    @lru_cache(maxsize=65_536)
    def write(minor: int) -> str:
        sign = "-" if minor < 0 else ""
        units, part = divmod(abs(minor), scale)
        return f"{sign}{units}.{part:{digits}}"

    return write


WRITERS = tuple(writer(exponent) for exponent in range(MULTIPLIER_DECIMALS + 1))
"""`writer` by exponent."""
