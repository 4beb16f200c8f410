"""Fits the hours of a log: shape of the week, level of each day, and elasticity where bids varied.

    mean spend = exp(hour of day + weekday + day + left over + elasticity * log(bid / usual bid))

by Poisson pseudo-maximum likelihood with weak normal priors, campaign by campaign. It takes hours
without spend as they are, and asks nothing of the noise but its mean. What is left over of the hour
before is in it because bids answer it: a bid that was raised in a poor stretch would else look
as if it bought little. The elasticity's standard error is clustered by days.

Source: Santos Silva and Tenreyro, "The Log of Gravity", Review of Economics and Statistics 88
(2006); Liang and Zeger, "Longitudinal Data Analysis Using Generalized Linear Models", Biometrika
73 (1986), for clustered errors.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from workers.backtest.log import Log

PRIOR: Final = (1.5, 2.0)
"""Mean and standard deviation of the elasticity before anything was seen."""

_SDS: Final = (10.0, 1.5, 0.5, 0.7, 0.5)
"""Of the level, an hour of the day, a weekday, a day and what is left over, natural log."""

_LEFT_OVER: Final = 0.5
"""Share of one hour's surprise that the next is taken to have, before anything was seen."""

_SMALL: Final = 0.05
"""Of a mean hour, added to both sides of a surprise, for hours without spend have no log."""

_ROUNDS: Final = 4
"""How often the fit is made anew with what is left over by the one before."""

_VARIED: Final = 0.03
"""Standard deviation of log bids from which they count as varied."""

_KNOWN: Final = 0.35
"""Standard error over elasticity up to which it counts as learned."""

_ANSWERED: Final = -0.15
"""Correlation of a bid's move with the surprise before it from which the bid answered it."""

_FURTHEST: Final = 3.0
"""Natural log units from the usual bid beyond which a bid counts as so far only."""

_STEPS: Final = 40
_LONGEST_STEP: Final = 2.0
_CLOSE: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What a log says of B campaigns."""

    u: Floats
    """Shape (B, H): log of the bid against the campaign's usual one; 0 where none was told."""
    usual: Floats
    """Shape (B, H): mean spend of each hour at the usual bid."""
    elasticity: Floats
    """Shape (B,); NaN where the log does not tell."""
    error: Floats
    """Shape (B,): its standard error."""
    varied: Bools
    """Shape (B,): whether bids varied at all."""
    answered: Bools
    """Shape (B,): whether bids were moved by what had been spent, which hides elasticity."""


def fit(log: Log, evidence: Bools) -> Fit:
    """Fit each campaign to its hours that are evidence, (B, H)."""
    u, varied = _log_bids(log, evidence)
    usual, told = np.zeros(log.spend.shape), np.full((3, len(u)), np.nan)
    for row in range(len(u)):
        design = _design(log.weekdays[row], u[row])
        usual[row], told[:, row] = _fit_one(design, log.spend[row], evidence[row])
    elasticity, error, answer = told
    known = varied & (elasticity > 0.0) & (error < _KNOWN * elasticity)
    return Fit(
        u=u,
        usual=usual,
        elasticity=np.where(known, elasticity, np.nan),
        error=error,
        varied=varied,
        answered=varied & (answer < _ANSWERED),
    )


def _log_bids(log: Log, evidence: Bools) -> tuple[Floats, Bools]:
    """Return log bids (B, H) against the usual one, which most money was spent at."""
    u = np.zeros(log.spend.shape)
    for row, seen in enumerate(evidence & (log.bid > 0.0)):
        if seen.any():
            bids = np.log(log.bid[row, seen])
            u[row, seen] = bids - middle(bids, log.spend[row, seen])
    u = np.clip(u, -_FURTHEST, _FURTHEST)
    count = np.maximum((evidence & (log.bid > 0.0)).sum(axis=1), 1)
    return u, np.sqrt((u**2).sum(axis=1) / count) > _VARIED


def middle(values: Floats, weights: Floats) -> float:
    """Return the weighted median."""
    order = np.argsort(values, kind="stable")
    running = (weights[order] + 1e-12).cumsum()
    return float(values[order][np.searchsorted(running, 0.5 * running[-1])])


@dataclass(frozen=True, slots=True)
class _Design:
    """The columns of a regression (H, P), the day of each row, and the prior of each column.

    The last column but one is what the hour before left over, the last one is the log bid.
    """

    columns: Floats
    days: Ints
    mean: Floats
    precision: Floats


def _design(weekdays: Ints, u: Floats) -> _Design:
    days = np.repeat(np.arange(len(weekdays)), 24)
    hours = np.arange(len(days))
    parts = [
        np.ones((len(days), 1)),
        np.eye(24)[hours % 24],
        np.eye(7)[weekdays[days]],
        np.eye(len(weekdays))[days],
        np.zeros((len(days), 1)),
        u[:, None],
    ]
    sds = np.repeat((*_SDS, PRIOR[1]), [part.shape[1] for part in parts])
    mean = np.zeros(len(sds))
    mean[-2:] = _LEFT_OVER, PRIOR[0]
    return _Design(np.concatenate(parts, axis=1), days, mean, sds**-2.0)


_Told = tuple[float, float, float]
"""The elasticity, its standard error, and how bids moved with the surprise before them."""


def _fit_one(design: _Design, spend: Floats, seen: Bools) -> tuple[Floats, _Told]:
    """Return mean spend at the usual bid (H,), and what is told of the elasticity."""
    level = float(spend[seen].mean()) if seen.any() else 0.0
    if level <= 0.0:
        return np.zeros(len(spend)), (np.nan, np.nan, np.nan)
    y, mean, told = spend / level, np.ones(len(spend)), (np.nan, np.nan, np.nan)
    for _ in range(_ROUNDS):
        design = _with_left_over(design, y, mean, seen)
        mean, told = _round(design, y, seen)
    u = design.columns[:, -1]
    scale = spend[seen].sum() / mean[seen].sum()
    return scale * mean * np.exp(-told[0] * u), told


def _with_left_over(design: _Design, y: Floats, mean: Floats, seen: Bools) -> _Design:
    """Return the design with what each hour's forerunner had beyond its mean, natural log."""
    left = np.where(seen, np.log((y + _SMALL) / (mean + _SMALL)), 0.0)
    columns = design.columns.copy()
    columns[1:, -2] = left[:-1]
    return replace(design, columns=columns)


def _round(design: _Design, y: Floats, seen: Bools) -> tuple[Floats, _Told]:
    """Return means without what is left over (H,), and what is told of the elasticity."""
    x = design.columns[seen]
    weights, noise = _solved(design, x, y[seen])
    error = _error(design, (x, y[seen], design.days[seen]), weights, noise)
    answer = _answer(design.columns[:, -1], design.columns[:, -2], seen)
    plain = np.arange(len(weights)) != len(weights) - 2
    return _means(design.columns, weights * plain), (float(weights[-1]), error, answer)


def _answer(u: Floats, left: Floats, seen: Bools) -> float:
    """Return how the moves of bids go with what the hour before left over: a correlation."""
    both = seen[1:] & seen[:-1] & (left[1:] != 0.0)
    moves, before = np.diff(u)[both], left[1:][both]
    if moves.size == 0 or not moves.std() or not before.std():
        return 0.0
    return float(np.corrcoef(moves, before)[0, 1])


def _means(x: Floats, weights: Floats) -> Floats:
    return np.asarray(np.exp(np.clip(x @ weights, -30.0, 30.0)))


def _solved(design: _Design, x: Floats, y: Floats) -> tuple[Floats, float]:
    """Return the weights of the columns, and the noise: variance over mean."""
    weights, noise = design.mean.copy(), 1.0
    for _ in range(_STEPS):
        mean = _means(x, weights)
        noise = max(float(((y - mean) ** 2 / np.maximum(mean, 1e-9)).mean()), 1e-6)
        slope = x.T @ (y - mean) / noise - design.precision * (weights - design.mean)
        step = np.linalg.solve(_bend(design, x, mean, noise), slope)
        weights = weights + step * min(1.0, _LONGEST_STEP / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < _CLOSE:
            break
    return weights, noise


def _bend(design: _Design, x: Floats, mean: Floats, noise: float) -> Floats:
    return np.asarray((x.T * mean) @ x / noise + np.diag(design.precision))


def _error(
    design: _Design, seen: tuple[Floats, Floats, Ints], weights: Floats, noise: float
) -> float:
    """Return the standard error of the last weight: the larger of the plain and the clustered."""
    x, y, days = seen
    mean = _means(x, weights)
    inverse = np.linalg.inv(_bend(design, x, mean, noise))
    scores = np.zeros((int(days.max()) + 1, x.shape[1]))
    np.add.at(scores, days, x * ((y - mean) / noise)[:, None])
    told = inverse[-1] @ scores.T
    return float(np.sqrt(max(inverse[-1, -1], float((told**2).sum()))))
