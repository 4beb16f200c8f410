"""Intervals of rates and ratios: between which values the true one likely lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats

LIKELY: Final = 1.2816
"""Standard deviations on either side of the middle that hold four of five."""

ENDLESS: Final = 1e30
"""Stands for no upper limit: what counts alone cannot bound."""

ORDERS_VARY: Final = 1.0
"""Standard deviation of an order's revenue against its mean, where a campaign's is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A number of each of B campaigns, and its limits four times of five; shapes (B,)."""

    low: Floats
    middle: Floats
    high: Floats


def share(counted: Floats, of: Floats) -> Interval:
    """Return the interval of a share: ``counted`` (B,) of ``of`` (B,) trials, in [0, 1].

    Without trials it is all of [0, 1]. Counts beyond their trials are taken for all of them.

    Source: Wilson, "Probable Inference, the Law of Succession, and Statistical Inference",
    Journal of the American Statistical Association 22 (1927).
    """
    trials = np.maximum(of, 0.0)
    hits = np.clip(counted, 0.0, trials)
    square = LIKELY**2
    middle = (hits + 0.5 * square) / (trials + square)
    spread = hits * (trials - hits) / np.maximum(trials, 1e-300) + 0.25 * square
    half = LIKELY * np.sqrt(spread) / (trials + square)
    raw = np.divide(hits, trials, out=np.zeros(len(hits)), where=trials > 0.0)
    return Interval(
        low=np.where(hits > 0.0, np.clip(middle - half, 0.0, raw), 0.0),
        middle=raw,
        high=np.where((trials > 0.0) & (hits >= trials), 1.0, np.clip(middle + half, raw, 1.0)),
    )


def per_count(cost: Floats, counted: Floats) -> Interval:
    """Return the interval of cost per conversion: exact cost over a Poisson count, shapes (B,).

    Where nothing was counted the middle and the upper limit are `ENDLESS`; the lower one says
    what a conversion costs at least.

    Source: Wilson and Hilferty, "The Distribution of Chi-Square", Proceedings of the National
    Academy of Sciences 17 (1931), for the limits of a Poisson expectation (a gamma quantile).
    """
    least, most = poisson_limits(counted)
    none = counted <= 0.0
    return Interval(
        low=cost / most,
        middle=_ratio(cost, counted, none),
        high=_ratio(cost, least, none | (least <= 0.0)),
    )


def per_cost(revenue: Floats, cost: Floats, counted: Floats) -> Interval:
    """Return the interval of revenue per cost, of ``counted`` orders; shapes (B,), >= 0.

    By the delta method: revenue is a sum of as many orders as a Poisson number, so that its
    log has the variance ``(1 + ORDERS_VARY ** 2) / counted``. Where there is no cost or no order
    nothing is known: 0 to `ENDLESS`.
    """
    none = (cost <= 0.0) | (counted <= 0.0)
    middle = np.where(none, 0.0, _ratio(revenue, cost, none))
    deviation = np.sqrt((1.0 + ORDERS_VARY**2) / np.where(none, 1.0, counted))
    factor = np.exp(LIKELY * deviation)
    return Interval(
        low=middle / factor, middle=middle, high=np.where(none, ENDLESS, middle * factor)
    )


def poisson_limits(counted: Floats) -> tuple[Floats, Floats]:
    """Return between which expectations counts (B,) came, four times of five."""
    some, more = np.maximum(counted, 1e-3), np.maximum(counted, 0.0) + 1.0
    spread = LIKELY / 3.0
    least = some * np.maximum(1.0 - 1.0 / (9.0 * some) - spread / np.sqrt(some), 0.0) ** 3
    most = more * (1.0 - 1.0 / (9.0 * more) + spread / np.sqrt(more)) ** 3
    return np.where(counted > 0.0, least, 0.0), most


def _ratio(above: Floats, below: Floats, none: Bools) -> Floats:
    ratio = np.divide(above, below, out=np.full(len(above), ENDLESS), where=~none)
    return np.asarray(ratio)
