"""Intervals that hold at all times at once: whoever looks every day is misled no oftener for it.

A normal mixture over the true mean turns the likelihood ratio of n observations into evidence that
exceeds 1 / alpha at any time with a probability of at most alpha where the mean is 0. The same
bound, solved for the mean, is an interval that holds for all n together. The variance is that of
the observations so far, so both are asymptotic: nothing is said before `Mixture.burn_in`
observations, after which they hold for counts, heavy tails and normal noise alike.

Source: Johari, Koomen, Pekelis and Walsh, "Always Valid Inference" (Operations Research 2022);
Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory and asymptotic
confidence sequences" (arXiv 2103.06476), theorem 2.2 and, for the tuning, its appendix; Robbins,
"Statistical methods related to the law of the iterated logarithm" (1970).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.errors import EngineError

_USUAL: Final = 0.05
_LEAST: Final = 14
"""By simulation: at `_USUAL` or above it, the interval then holds its level for all noise tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """How sure, and at which number of observations the interval is to be narrowest."""

    alpha: float = 0.05
    """Probability of ever missing the truth, in (0, 1)."""
    tuned: float = 30.0
    """Observations, above 0; to be chosen before the first one. Half of what is planned is good."""

    def __post_init__(self) -> None:
        """Refuse what is no level or no number of observations."""
        if not 0.0 < self.alpha < 1.0:
            raise EngineError(f"alpha must lie in (0, 1), was {self.alpha}")
        if not 0.0 < self.tuned < np.inf:
            raise EngineError(f"tuned must be above 0, was {self.tuned}")

    @property
    def burn_in(self) -> int:
        """Observations before which nothing is said: their variance is too uncertain.

        The surer one wants to be, the further out in the tails the bound lies, and the more of
        them it takes until a variance that is estimated will do there.
        """
        return int(np.ceil(_LEAST * max(1.0, np.log(self.alpha) / np.log(_USUAL))))

    @property
    def ratio(self) -> float:
        """Variance of the mixture by that of an observation: the r of `half_width`."""
        level = -2.0 * np.log(self.alpha)
        return float((level + np.log(level + 1.0)) / self.tuned)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """What is known after each observation; arrays of shape (B, N)."""

    count: Ints
    """Observations so far."""
    estimate: Floats
    """Their mean, 0 before the first."""
    deviation: Floats
    """Standard deviation of one observation, 0 before the second."""
    told: Bools
    """Whether the burn-in is over: before it nothing is said of the mean."""
    half_width: Floats
    """The interval is the estimate plus or minus this, where it is told; 0 before the second."""
    log_evidence: Floats
    """Natural log of the e-value against a mean of 0; 0 before the burn-in."""

    @property
    def differs(self) -> Bools:
        """Whether the interval has left 0."""
        return self.told & (np.abs(self.estimate) > self.half_width)

    @property
    def p_value(self) -> Floats:
        """Valid at any time, in (0, 1]: one by the largest e-value so far; it never rises."""
        most = np.maximum.accumulate(np.maximum(self.log_evidence, 0.0), axis=-1)
        return np.asarray(np.exp(-most))


def sequence(observations: Floats, mixture: Mixture) -> Sequence:
    """Return what is known of the means of B series after each of their observations.

    Parameters
    ----------
    observations
        Shape (B, N), any unit, in their order; NaN where there is none: nothing changes then.
    mixture
        Fixed before the first observation.
    """
    there = ~np.isnan(observations)
    values = np.where(there, observations, 0.0)
    count = there.cumsum(axis=-1)
    some = np.maximum(count, 1)
    mean = values.cumsum(axis=-1) / some
    # Around the first value: squares of what lies far from 0 would cancel.
    moved = np.where(there, values - _first(values, there), 0.0)
    squares = (moved**2).cumsum(axis=-1) - moved.cumsum(axis=-1) ** 2 / some
    variance = np.where(count > 1, np.maximum(squares, 0.0) / np.maximum(count - 1, 1), 0.0)
    deviation = np.sqrt(variance)
    told = count >= mixture.burn_in
    return Sequence(
        count=count,
        estimate=mean,
        deviation=deviation,
        told=told,
        half_width=half_width(deviation, some, mixture),
        log_evidence=np.where(told, log_evidence(mean, deviation, some, mixture), 0.0),
    )


def _first(values: Floats, there: Bools) -> Floats:
    if not values.shape[-1]:
        return np.zeros((*values.shape[:-1], 1))
    return np.take_along_axis(values, there.argmax(axis=-1)[..., None], axis=-1)


def half_width(deviation: Floats, count: Ints, mixture: Mixture) -> Floats:
    """Return sqrt(2 s² (n r + 1) / (n² r) · ln(sqrt(n r + 1) / alpha)), in the observations' unit.

    Parameters
    ----------
    deviation
        Any shape, s >= 0, of one observation.
    count
        The same shape, n >= 1.
    """
    spread = count * mixture.ratio + 1.0
    room = np.log(np.sqrt(spread) / mixture.alpha)
    return np.asarray(deviation / count * np.sqrt(2.0 * spread / mixture.ratio * room))


def log_evidence(mean: Floats, deviation: Floats, count: Ints, mixture: Mixture) -> Floats:
    """Return n² r mean² / (2 s² (n r + 1)) - ln(n r + 1) / 2: the log of the mixture's e-value.

    It reaches ln(1 / alpha) where ``mean`` leaves `half_width`. Observations that do not differ at
    all tell nothing of their variance, and so nothing of their mean: 0.
    """
    spread = count * mixture.ratio + 1.0
    known = deviation > 0.0
    score = count * mean / np.where(known, deviation, 1.0)
    told = score**2 * mixture.ratio / (2.0 * spread) - 0.5 * np.log(spread)
    return np.where(known, told, 0.0)
