"""How cohorts' values grow with age, and what they will come to: the chain ladder.

Each step of age has one factor: the value of all cohorts at its end over that of the same cohorts
at its beginning. It is the mean of the single cohorts' factors, each with the credibility that its
value gives it, and needs no assumption on how values are distributed.

Source: Mack, "Distribution-free calculation of the standard error of chain ladder reserve
estimates", ASTIN Bulletin 23 (1993).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.arrays import Bools, Floats
from engine.errors import EngineError
from engine.ratios import ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class Triangle:
    """What I cohorts of B campaigns had come to at J ages; shapes (B, I, J)."""

    value: Floats
    """Cumulative, in any unit; what it holds where ``known`` is false does not matter."""
    known: Bools
    """Which ages each cohort has been told at: one stretch of ages, or none."""

    def __post_init__(self) -> None:
        """Refuse values and knowledge of different shapes."""
        if self.value.ndim != 3 or self.value.shape != self.known.shape:  # noqa: PLR2004
            shapes = f"value {self.value.shape}, known {self.known.shape}"
            raise EngineError(f"a triangle needs two arrays of one shape (B, I, J), was {shapes}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """What the triangles of B campaigns say of the J - 1 steps between their ages."""

    factors: Floats
    """Shape (B, J - 1): value at the end of a step over that at its beginning; 1 where no cohort
    was seen through the step."""
    variance: Floats
    """Shape (B, J - 1), >= 0: of a step's end, for a value of 1 at its beginning."""
    level: Floats
    """Shape (B, J - 1): value at the beginning of the step, of cohorts seen through it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ultimate:
    """What cohorts come to at the last age, shape (B, I), and how far that may be off."""

    value: Floats
    error: Floats
    """Standard error: of the process and of the factors."""
    total: Floats
    """Shape (B,): the sum over cohorts."""
    total_error: Floats
    """Shape (B,): cohorts share their factors, so their errors do not cancel."""


def through(triangle: Triangle) -> Bools:
    """Return which cohorts are known at both ends of each step, (B, I, J - 1)."""
    return np.asarray(triangle.known[..., :-1] & triangle.known[..., 1:])


def ladder(triangle: Triangle) -> Ladder:
    """Return the factors of the steps of age, and how much cohorts depart from them.

    The variance of a step seen of one cohort only is the least of the two before it, or less
    (Mack's rule for the last step).
    """
    seen = through(triangle)
    before = np.where(seen, triangle.value[..., :-1], 0.0)
    after = np.where(seen, triangle.value[..., 1:], 0.0)
    level = before.sum(axis=1)
    factors = ratio(after.sum(axis=1), level, 1.0)
    own = ratio(after, before, 0.0)
    departed = (np.maximum(before, 0.0) * np.square(own - factors[:, None, :])).sum(axis=1)
    count = (seen & (before > 0.0)).sum(axis=1)
    variance = departed / np.maximum(count - 1, 1)
    return Ladder(factors=factors, variance=_ended(variance, count == 1), level=level)


def _ended(variance: Floats, single: Bools) -> Floats:
    """Return variances with those of steps that one cohort alone was seen through."""
    whole = variance.copy()
    for step in range(2, whole.shape[1]):
        last, before = whole[:, step - 1], whole[:, step - 2]
        least = np.minimum(ratio(last**2, before, 0.0), np.minimum(last, before))
        whole[:, step] = np.where(single[:, step], least, whole[:, step])
    return whole


def ultimate(triangle: Triangle) -> Ultimate:
    """Return what each cohort comes to at the last age, by the factors of its own campaign.

    A cohort that is not known at all comes to nothing.
    """
    found = ladder(triangle)
    newest = np.where(triangle.known, np.arange(triangle.known.shape[2]), -1).max(axis=2)
    rows, cohorts = np.indices(newest.shape)
    value = np.where(newest >= 0, triangle.value[rows, cohorts, np.maximum(newest, 0)], 0.0)
    # Variances relative to the squared value: of a cohort's own chance, and of the factors.
    own, common = np.zeros(value.shape), np.zeros(value.shape)
    for step in range(found.factors.shape[1]):
        grows = (newest >= 0) & (newest <= step)
        factor, level = found.factors[:, step, None], found.level[:, step, None]
        noise = ratio(found.variance[:, step, None], factor**2, 0.0)
        own = own + np.where(grows, ratio(noise, value, 0.0), 0.0)
        common = common + np.where(grows, ratio(noise, level, 0.0), 0.0)
        value = np.where(grows, value * factor, value)
    alone = value**2 * own
    return Ultimate(
        value=value,
        error=np.sqrt(alone + value**2 * common),
        total=value.sum(axis=1),
        total_error=np.sqrt(alone.sum(axis=1) + _together(value, common)),
    )


def _together(value: Floats, common: Floats) -> Floats:
    """Return the variance of the sum of cohorts (B,) that comes from the factors they share.

    Two cohorts share the steps that the older one has still to go.
    """
    least = np.minimum(common[:, :, None], common[:, None, :])
    return np.asarray((value[:, :, None] * value[:, None, :] * least).sum(axis=(1, 2)))
