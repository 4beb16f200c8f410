"""Chances as people read them: one that is reckoned is never shown as 0 or 100 per cent."""

from __future__ import annotations

from typing import Final

_TENTHS: Final = 1
"""Decimals of a per cent where whole ones would round to an end."""

_EVEN: Final = 0.5
_CERTAIN: Final = frozenset({"0%", "0.0%", "100%", "100.0%"})


def chance(value: float, *, decimals: int = 1) -> str:
    """Return a chance in words, for sentences.

    Parameters
    ----------
    value
        A probability in [0, 1]. Records round theirs, so an end of the range may be none.
    decimals
        Of the per cent: 0 or 1.

    Returns
    -------
    str
        Such as ``93.4%``; ``more than 99.9%`` and ``less than 0.1%`` next to the ends.
    """
    return _worded(value, decimals, ("less than ", "more than "))


def chance_cell(value: float, *, decimals: int = 1) -> str:
    """Return the same in as few characters as a table has room for: ``>99.9%``, ``<0.1%``."""
    return _worded(value, decimals, ("<", ">"))


def _worded(value: float, decimals: int, words: tuple[str, str]) -> str:
    for places in (decimals, _TENTHS):
        told = f"{value:.{places}%}"
        if told not in _CERTAIN:
            return told
    below, above = words
    return f"{above}99.9%" if value > _EVEN else f"{below}0.1%"
