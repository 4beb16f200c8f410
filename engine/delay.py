"""How late conversions are reported, learned from what later reports change in the same hours.

An hour that is reported again and again tells by how much its count grew from one age to the next.
Over many hours, growth against the count that grew is the reverse hazard of the delay, and its sum
from an age to the oldest one says which share of the final count is reported at that age. Unlike a
mean over the delays seen so far it is not biased by hours that are still young, needs two
sums for each step of age, and takes withdrawals for what they are: growth below zero.

Source: Chapelle, "Modeling Delayed Feedback in Display Advertising", KDD 2014, for exponential
delays; Mack, "Distribution-free calculation of the standard error of chain ladder reserve
estimates", ASTIN Bulletin 23 (1993); Lagakos, Barraj and De Gruttola, "Nonparametric analysis of
truncated survival data", Biometrika 75 (1988).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from engine.arrays import Floats

AGES: Final = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 36, 48, 72, 96, 168, 336, 672)
"""Ends of the steps of age, hours since the end of the hour; a count is final at the last one."""

STEPS: Final = len(AGES) - 1

ASSUMED_DELAY: Final = 24.0
"""Mean delay in hours, exponential, where nobody has taught anything."""

DELAYS: Final = ASSUMED_DELAY * np.exp(0.05 * np.arange(-64, 47))
"""Mean delays in hours that are tried for ages that nobody has lived to; 5 % apart."""

ASSUMED_STRENGTH: Final = 20.0
"""Conversions seen through a step that the assumed delay counts for."""

POOL_STRENGTH: Final = 100.0
"""Own conversions seen through a step that what the others teach counts for: right where mean
delays differ by a factor of 1.5 or so."""

MEMORY: Final = 28 * 24.0
"""Hours after which a restatement counts for 1/e: what belongs to sales changes slowly."""

MOST_MATURE: Final = 2.0
"""Times its final count that an hour may be expected to stand at, before withdrawals."""

LEAST_MATURE: Final = 0.1
"""Share of its final count below which what an hour or a day stands at says nothing of that."""

_STEEPEST: Final = 0.999
"""Bound on a step's growth over twice its level; 1 is growth from nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """Sums over restatements of B campaigns' hours; they can be added up."""

    growth: Floats
    """Shape (B, 16): conversions that came in less those withdrawn, by step of age."""
    level: Floats
    """Shape (B, 16), >= 0: conversions there meanwhile, in hours seen through the whole step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restated:
    """N hours of B campaigns, each in two reports that follow each other."""

    before: Floats
    """Shape (B, N), >= 0: conversions by the earlier report, in any unit that adds up."""
    after: Floats
    """Shape (B, N), >= 0: by the later one."""
    earlier: Floats
    """Shape (B, N) or (N,): age in hours since the end of the hour, >= 0."""
    later: Floats
    """The same of the later report; a pair whose age has not grown teaches nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """What B campaigns begin with, or all of them where B is 1."""

    steps: Floats
    """Shape (B, 16): log growth of the count by step of age."""
    strength: Floats
    """Shape (B, 1), > 0: own conversions seen through a step that it counts for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maturity:
    """Which share of their final conversions B campaigns' hours have by age."""

    logs: Floats
    """Shape (B, 17): natural log of the share at each of `AGES`, 0 at the last."""

    def at(self, ages: Floats) -> Floats:
        """Return the share (B, N) at ages (N,) or (B, N), hours since the end of the hour.

        It is 0 for an hour that is not over, and in (0, `MOST_MATURE`] else. It exceeds 1 where
        conversions will be withdrawn: a report over its share is then still the final count.
        """
        step = np.clip(np.searchsorted(AGES, ages, side="right") - 1, 0, STEPS - 1)
        ends = np.array(AGES, dtype=np.float64)
        part = np.clip((ages - ends[step]) / (ends[step + 1] - ends[step]), 0.0, 1.0)
        rows = np.arange(len(self.logs))[:, None]
        logs = (1.0 - part) * self.logs[rows, step] + part * self.logs[rows, step + 1]
        return np.where(ages < 0.0, 0.0, np.exp(np.minimum(logs, np.log(MOST_MATURE))))


def expected(told: Floats, share: Floats) -> Floats:
    """Return what counts or amounts will come to that are ``told``, shapes alike.

    ``share`` of them is there by now, > 0; less than `LEAST_MATURE` counts as that.
    """
    return np.asarray(told / np.maximum(share, LEAST_MATURE))


def no_delays(count: int) -> Delays:
    """Return the sums of ``count`` campaigns over no restatement."""
    return Delays(growth=np.zeros((count, STEPS)), level=np.zeros((count, STEPS)))


def add_restatements(delays: Delays, restated: Restated) -> Delays:
    """Return sums with N restated hours more, in whatever order they come.

    A count is taken to have moved in a straight line between two reports: reports that
    are further apart than the steps of age blur the delay, and do not shift it.
    """
    growth, level = moved(restated, AGES)
    return Delays(growth=delays.growth + growth, level=delays.level + level)


def moved(restated: Restated, ends: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Return by how much counts moved in each step between ``ends``, and what was there meanwhile.

    ``ends`` are S + 1 ages in hours; both are of shape (B, S), as in `Delays`.
    """
    span = restated.later - restated.earlier
    per_hour = (restated.after - restated.before) / np.where(span > 0.0, span, 1.0)
    growth = np.zeros((len(per_hour), len(ends) - 1))
    level = np.zeros(growth.shape)
    for step, (start, end) in enumerate(pairwise(ends)):
        first = np.clip(restated.earlier, start, end)
        hours = np.maximum(np.clip(restated.later, start, end) - first, 0.0)
        # Most pairs reach one step: the others are not touched, which is ten times as fast.
        reached = np.flatnonzero(np.atleast_2d(hours).any(axis=0))
        here = hours[..., reached]
        middle = (first + 0.5 * hours - restated.earlier)[..., reached]
        there = restated.before[:, reached] + per_hour[:, reached] * middle
        growth[:, step] = (per_hour[:, reached] * here).sum(axis=1)
        level[:, step] = (there * here).sum(axis=1) / (end - start)
    return growth, level


def together(delays: Delays) -> Delays:
    """Return the sums over all B campaigns, as one row."""
    return Delays(
        growth=delays.growth.sum(axis=0, keepdims=True),
        level=delays.level.sum(axis=0, keepdims=True),
    )


def faded(delays: Delays, hours: float | Floats) -> Delays:
    """Return sums that count for less ``hours`` later: one number, or each campaign's (B, 1)."""
    kept = np.exp(-hours / MEMORY)
    return Delays(growth=delays.growth * kept, level=delays.level * kept)


def maturity(own: Delays, pool: Delays) -> Maturity:
    """Return how mature hours are by age, of B campaigns.

    ``pool`` is one row: the sums of all campaigns of a scope. Each campaign is shrunk to it.
    """
    return mature(own, taught_by(pool))


def taught_by(pool: Delays) -> Taught:
    """Return what the sums of a scope, one row or B of them, teach those that lean on them.

    They are shrunk to the exponential delay that explains them best, which also stands for ages
    that nobody has lived to.
    """
    steps = _shrunk(pool, _exponential(pool), ASSUMED_STRENGTH)
    return Taught(steps=steps, strength=np.full((len(steps), 1), POOL_STRENGTH))


def mature(own: Delays, taught: Taught) -> Maturity:
    """Return how mature hours are by age, of B campaigns that begin with what they were taught."""
    steps = _shrunk(own, taught.steps, taught.strength)
    to_go = np.cumsum(steps[:, ::-1], axis=1)[:, ::-1]
    return Maturity(logs=np.concatenate((-to_go, np.zeros((len(to_go), 1))), axis=1))


def _exponential(delays: Delays) -> Floats:
    """Return the log growth of each step, (B, 16), by the exponential delay that is likeliest.

    What came in is Poisson around what an exponential delay makes of the level. Withdrawals are
    no delay and left out. `ASSUMED_DELAY` counts for some conversions of its own.
    """
    tried = 2.0 * np.tanh(0.5 * _log_growth(DELAYS[:, None]))
    assumed = 2.0 * np.tanh(0.5 * _log_growth(ASSUMED_DELAY))
    growth = np.maximum(delays.growth, 0.0) + ASSUMED_STRENGTH * assumed
    level = delays.level + ASSUMED_STRENGTH
    likelihood = growth @ np.log(np.maximum(tried, 1e-12)).T - level @ tried.T
    return np.asarray(_log_growth(DELAYS[np.argmax(likelihood, axis=1), None]))


def _log_growth(mean: Floats | float) -> Floats:
    """Return the log growth of each step where delays are exponential; clicks come all hour."""
    share = -np.expm1(-(np.array(AGES) + 0.5) / mean)
    return np.asarray(np.diff(np.log(share), axis=-1))


def _shrunk(delays: Delays, towards: Floats, strength: float | Floats) -> Floats:
    """Return the log growth of each step, drawn to ``towards`` as by that many conversions.

    Growth over twice the mean level is the hyperbolic tangent of half the log growth.
    """
    growth = delays.growth + strength * 2.0 * np.tanh(0.5 * towards)
    level = delays.level + strength
    return np.asarray(2.0 * np.arctanh(np.clip(0.5 * growth / level, -_STEEPEST, _STEEPEST)))
