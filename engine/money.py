"""Exact amounts of money in batches: pairs of whole units and 1e-18 fractions.

An amount is the last axis of an int64 array: ``[..., 0]`` whole currency units,
``[..., 1]`` atto (1e-18 of a unit), ``0 <= atto < 1e18``. The amount is
``units + atto * 1e-18``; -0.5 is ``(-1, 5e17)``. Every function is exact.
"""

from __future__ import annotations

import numpy as np

from engine.arrays import Ints

ATTO = 10**18
"""Fractions in one currency unit."""

_HALF = 10**9
_LARGEST = 9 * 10**14
_POWERS = np.array([10**power for power in range(19)], dtype=np.int64)


def add(left: Ints, right: Ints) -> Ints:
    """Return ``left + right``; shapes (..., 2)."""
    return _carried(left + right)


def subtract(left: Ints, right: Ints) -> Ints:
    """Return ``left - right``; shapes (..., 2)."""
    return _carried(left - right)


def total_by(amounts: Ints, owners: Ints, count: int) -> Ints:
    """Return sums by owner: (N, 2) with owners (N,) in [0, count) to (count, 2).

    Fractions are summed in two halves: ten of them would overflow int64.
    """
    sums = []
    for part in _halves(amounts):
        sums.append(np.zeros(count, dtype=np.int64))
        np.add.at(sums[-1], owners, part)
    return _joined(sums[0], sums[1], sums[2])


def ceil_to_minor(amounts: Ints, exponents: Ints) -> Ints:
    """Return the smallest number of minor units that is not below the amount.

    Parameters
    ----------
    amounts
        Shape (B, 2). Beyond 9e14 units the answer stays at 9e14 units: more than
        any budget, and still within int64.
    exponents
        Shape (B,), decimals of the minor unit, 0 to 4.
    """
    units = np.clip(amounts[..., 0], -_LARGEST, _LARGEST)
    step = _POWERS[18 - exponents]
    return units * _POWERS[exponents] - (-amounts[..., 1] // step)


def floor_to_minor(amounts: Ints, exponents: Ints) -> Ints:
    """Return the largest number of minor units that is not above the amount; as `ceil_to_minor`."""
    units = np.clip(amounts[..., 0], -_LARGEST, _LARGEST)
    return units * _POWERS[exponents] + amounts[..., 1] // _POWERS[18 - exponents]


def _carried(amounts: Ints) -> Ints:
    carry = amounts[..., 1] // ATTO
    amounts[..., 0] += carry
    amounts[..., 1] -= carry * ATTO
    return amounts


def _halves(amounts: Ints) -> tuple[Ints, Ints, Ints]:
    return amounts[..., 0], amounts[..., 1] // _HALF, amounts[..., 1] % _HALF


def _joined(units: Ints, high: Ints, low: Ints) -> Ints:
    carry = high // _HALF
    return _carried(np.stack((units + carry, (high - carry * _HALF) * _HALF + low), axis=-1))
