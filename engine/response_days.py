"""Closed days of campaigns, and the sums over them that a step of fitting curves needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Floats, Ints
from engine.errors import EngineError

_ROWS: Final = 512
"""Campaigns at a time: their days stay in the processor's cache."""

_LEAST: Final = 1e-12
_PRIOR_VALUE: Final = 20.0
"""Value on a usual day of its pool that counts for as much as a day's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """T closed days of B campaigns."""

    spend: Floats
    """Shape (B, T), money, >= 0."""
    value: Floats
    """Shape (B, T): conversions or revenue, >= 0, as they are expected to be in the end."""
    weight: Floats
    """Shape (B, T), >= 0: what a day counts for; 0 where it is missing, capped or excluded."""
    pool: Ints
    """Shape (B,), from 0: campaigns of one number are alike, and their days are common."""
    jitter: Floats | None = None
    """Shape (B, T), log: how far chance of our own making moved the spend, 0 where it did not."""

    def __post_init__(self) -> None:
        shape = self.spend.shape
        for name in ("value", "weight", "jitter"):
            part = getattr(self, name)
            if part is not None and part.shape != shape:
                raise EngineError(f"{name} has shape {part.shape}, spend has {shape}")
        if self.pool.shape != shape[:1]:
            raise EngineError(f"{shape[0]} campaigns need a pool each, had {len(self.pool)}")
        for name in ("spend", "value", "weight"):
            part = getattr(self, name)
            if part.size and not (part.min() >= 0.0 and part.max() < np.inf):
                raise EngineError(f"{name} must be >= 0 and finite, lay in {_range(part)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Centred:
    """Log spends around a campaign's usual one."""

    usual: Floats
    """Shape (B,): geometric mean of the spend, 0 without any."""
    log_spend: Floats
    """Shape (B, T), 0 where there was none."""
    weight: Floats
    """Shape (B, T): 0 also where nothing was spent."""
    instrument: Floats
    """Shape (B, T), log: what the exponent is learned from, the jitter or the spend itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Of B campaigns at their exponents; shapes (B,) but ``common``."""

    level: Floats
    """Value of a day of usual spend."""
    expected: Floats
    """Weighted value that is expected of all days."""
    squares: Floats
    """Expected value weighted by the square of the weights."""
    days: Floats
    """How many days there are that count."""
    pearson: Floats
    """Mean of squared departures over what is expected."""
    score: Floats
    """What days say of the exponent: departures times the instrument."""
    slope: Floats
    """By how much the score falls for a rise of the exponent by one, as is to be expected."""
    noise: Floats
    """Sum of the squares that the score is made of."""
    common: Floats
    """Shape (P, T): how a day was for a whole pool, 1 a usual one."""


def centred(days: Days) -> Centred:
    """Return log spends around the usual ones."""
    weight = np.where(days.spend > 0.0, days.weight, 0.0)
    logs = np.log(np.where(days.spend > 0.0, days.spend, 1.0))
    total = weight.sum(axis=1)
    middle = (weight * logs).sum(axis=1) / np.maximum(total, _LEAST)
    log_spend = np.where(weight > 0.0, logs - middle[:, None], 0.0)
    return Centred(
        usual=np.where(total > 0.0, np.exp(middle), 0.0),
        log_spend=log_spend,
        weight=weight,
        instrument=log_spend if days.jitter is None else days.jitter,
    )


def sums_of(days: Days, middle: Centred, exponent: Floats, common: Floats) -> Sums:
    """Return the sums at exponents (B,) and common days (P, T)."""
    count, pools = len(exponent), len(common)
    columns = np.zeros((8, count))
    found, looked_for = np.zeros_like(common), np.zeros_like(common)
    order = np.argsort(days.pool, kind="stable")
    for begin in range(0, count, _ROWS):
        rows = order[begin : begin + _ROWS]
        columns[:, rows], value, usual = _block(days, middle, rows, exponent[rows], common)
        _add_to_pools((found, looked_for), days.pool[rows], (value, usual))
    names = ("level", "expected", "squares", "days", "pearson", "score", "slope", "noise")
    renewed = (found + _PRIOR_VALUE) / (looked_for + _PRIOR_VALUE) if pools else common
    return Sums(**dict(zip(names, columns, strict=True)), common=renewed)


def _block(
    days: Days, middle: Centred, rows: Ints, exponent: Floats, common: Floats
) -> tuple[Floats, Floats, Floats]:
    value, weight = days.value[rows], middle.weight[rows]
    log_spend, instrument = middle.log_spend[rows], middle.instrument[rows]
    usual = np.exp(exponent[:, None] * log_spend)
    shape = usual * common[days.pool[rows]]
    weighted = weight * value
    level = weighted.sum(axis=1) / np.maximum(np.vecdot(weight, shape), _LEAST)
    mean = level[:, None] * shape
    expected = weight * mean
    departure = weighted - expected
    heaviest = np.maximum(weight.max(axis=1, initial=0.0), _LEAST)
    counted = weight.sum(axis=1)
    chi_square = np.vecdot(departure, (value - mean) / np.maximum(mean, _LEAST))
    columns = np.stack(
        (
            level,
            expected.sum(axis=1),
            np.vecdot(weight, expected),
            counted / heaviest,
            chi_square / np.maximum(counted, _LEAST),
            *_of_exponent(departure, expected, instrument),
        )
    )
    return columns, weighted, (weight * level[:, None]) * usual


def _of_exponent(
    departure: Floats, expected: Floats, instrument: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return score, slope and noise of the exponent, (B,), as of `Sums`."""
    total = np.maximum(expected.sum(axis=1), _LEAST)
    moved = instrument - (np.vecdot(expected, instrument) / total)[:, None]
    spoken = departure * moved
    return spoken.sum(axis=1), np.vecdot(expected * moved, moved), np.vecdot(spoken, spoken)


def _add_to_pools(sums: tuple[Floats, Floats], pool: Ints, parts: tuple[Floats, Floats]) -> None:
    """Add rows, sorted by their pools, to the sums of these."""
    begins = np.flatnonzero(np.diff(pool, prepend=-1))
    for total, part in zip(sums, parts, strict=True):
        total[pool[begins]] += np.add.reduceat(part, begins, axis=0)


def _range(part: Floats) -> str:
    return f"[{part.min()}, {part.max()}]"
