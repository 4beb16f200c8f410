"""What is asked of learned curves: intervals, plans, chances, bias and speed."""

from __future__ import annotations

from functools import cache
from math import erf
from time import process_time
from typing import Final

import numpy as np

from benchmarks.response.world import STRATA, World, world
from engine.allocation import allocate
from engine.arrays import Floats
from engine.curve_fitting import Fit, fit_curves
from engine.curves import Curves, power
from engine.response_days import Days

SEEDS: Final = (1, 2, 3)
NOMINAL: Final = 1.2816
"""Standard deviations from the middle to the ends of an 80 % interval."""
FIXED: Final = 0.8
"""The exponent that others assume."""
FOLLOWS, JITTER = 0.5, 0.1
BINS: Final = 10
CENTS: Final = 100.0


@cache
def known(seed: int) -> tuple[World, Fit]:
    """Return a world whose spend varies by itself, and what is learned of it."""
    drawn = world(seed)
    return drawn, fit_curves(drawn.days)


@cache
def coverage() -> Floats:
    """Return the share of true exponents inside their 80 % intervals, by stratum and seed."""
    shares = []
    for seed in SEEDS:
        drawn, fit = known(seed)
        inside = np.abs(fit.exponent - drawn.exponent) <= NOMINAL * fit.exponent_deviation
        shares.append([inside[drawn.stratum == at].mean() for at in range(len(STRATA))])
    return np.array(shares).T


@cache
def regrets() -> Floats:
    """Return regret over that of a fixed exponent, by seed.

    Budgets between half and twice the usual ones, the total as it is; the true curves score both.
    """
    return np.array([_regret(*known(seed)) for seed in SEEDS])


def _regret(drawn: World, fit: Fit) -> float:
    count = len(drawn.usual)
    scale = np.where(fit.usual > 0.0, fit.usual, 1.0) ** -FIXED
    fixed = power(fit.level * scale, np.full(count, FIXED))
    true = power(drawn.level * drawn.usual**-drawn.exponent, drawn.exponent)
    best, learned, assumed = (
        float(true.value(_plan(drawn, curves)).sum()) for curves in (true, fit.curves(), fixed)
    )
    return (best - learned) / (best - assumed)


def _plan(drawn: World, curves: Curves) -> Floats:
    """Return the spend that curves of a day's spend ask for."""
    now = np.round(CENTS * drawn.usual).astype(np.int64)
    in_cents = power(curves.scale * CENTS**-curves.exponent, curves.exponent)
    return allocate(in_cents, now // 2, 2 * now, int(now.sum())).units / CENTS


@cache
def bias() -> float:
    """Return the mean error of exponents where spend follows demand and we jitter it."""
    drawn = world(SEEDS[0], follows=FOLLOWS, jitter=JITTER)
    return float(np.mean(fit_curves(drawn.days).exponent - drawn.exponent))


@cache
def confidence_error() -> float:
    """Return the expected calibration error of the chance that a unit more is worth its price.

    The price is the median of the true marginal values. Source: Guo, Pleiss, Sun and Weinberger,
    "On Calibration of Modern Neural Networks" (ICML 2017), for the measure.
    """
    drawn, fit = known(SEEDS[0])
    true = np.log(drawn.level * drawn.exponent / drawn.usual)
    price = float(np.median(true))
    marginal = np.log(fit.level * fit.exponent / fit.usual)
    deviation = np.hypot(1.0 / np.sqrt(fit.level_precision), fit.exponent_deviation / fit.exponent)
    score = (marginal - price) / deviation
    chance = np.array([0.5 * (1.0 + erf(each / np.sqrt(2.0))) for each in score.tolist()])
    which = np.minimum((chance * BINS).astype(np.int64), BINS - 1)
    said = np.bincount(which, chance, BINS)
    was = np.bincount(which, (true > price).astype(np.float64), BINS)
    return float(np.abs(said - was).sum() / len(chance))


def campaigns_per_second() -> float:
    """Return how many campaigns of 60 days are fitted per second of CPU, the best of several."""
    days: Days = known(SEEDS[0])[0].days
    best = float("inf")
    for _ in range(7):
        began = process_time()
        fit_curves(days)
        best = min(best, process_time() - began)
    return len(days.pool) / best
