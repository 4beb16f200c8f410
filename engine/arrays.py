"""Array types of the engine, by what they hold."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Rows = NDArray[Any]
"""A structured array: one record per campaign or hour."""

Array = TypeVar("Array", Ints, Floats)

BLOCK: Final = 16_384
"""Campaigns of a block: what is reckoned of them on the way stays in the processor's cache."""


def blocks(count: int) -> list[slice]:
    """Return ``count`` campaigns some at a time, as many as are quick to go through."""
    return [slice(begin, begin + BLOCK) for begin in range(0, count, BLOCK)]


def picked(values: Array, at: Ints | slice) -> Array:
    """Return some of the values (B,), given by positions that are known to lie within.

    Not to look whether they do makes it several times quicker than ``values[at]``.
    """
    if isinstance(at, slice):
        return values[at]
    if values.strides == (0,) and len(at) <= len(values):
        return values[: len(at)]  # One number, said once for all.
    return values.take(at, mode="clip")
