"""The highest multiplier that keeps a target of cost per conversion, or of revenue per cost.

Cost per result grows with the multiplier. What it would be at a multiplier of 1 is learned as a
ratio of sums, in which an hour's cost counts by the share of its conversions that is expected to be
reported by now: cost that cannot have led to reports yet is not held against the campaign. The
multiplier at which the target is met follows; the best purchase under a budget and a target
is one multiplier, the smaller of the two.

Where goals collide: the hard cap of money goes first, then the least that must be spent, then this
ceiling, then value.

Source: Balseiro, Bhawalkar, Feng, Lu, Mirrokni, Sivan and Wang, "A Field Guide for Pacing Budget
and ROS Constraints" (arXiv 2302.08530), for the minimum of two multipliers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Floats
from engine.delay import LEAST_MATURE
from engine.intervals import LIKELY

ANSWER: Final = 0.75
"""By how much log cost per result grows with the log multiplier, about: 1 where buyers are few,
less the more of the market is bought. Hours near the multiplier decided hardly need it."""

FREE: Final = 2.0
"""Conversions that a campaign without any is credited with at no cost, so that chance does not
bind it. With those that come the credit wanes: it would let every target be missed a little."""

MEMORY: Final = 14 * 24.0
"""Hours after which an hour counts for 1/e."""

UNBOUND: Final = 50.0
"""Natural log of the multiplier that stands for no ceiling at all."""

HARD: Final = 1.4
"""Times the target that a bid may reach for one expected result, whatever was learned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """N hours of B campaigns; shapes (B, N), >= 0 but for the log multipliers."""

    cost: Floats
    """Minor units."""
    log_multiplier: Floats
    """Of the multiplier that was in force, natural log."""
    conversions: Floats
    """Reported by now."""
    results: Floats
    """What the target is for: the conversions again, or their revenue in minor units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Sums over the hours of B campaigns, shapes (B,); they can be added up."""

    exposure: Floats
    """Mature cost, as it would have been for the same results at a multiplier of 1."""
    conversions: Floats
    """Reported, in the hours that are judged."""
    results: Floats
    """The same of the results."""

    def __add__(self, other: Evidence) -> Evidence:
        """Return the sums over the hours of both."""
        return Evidence(
            exposure=self.exposure + other.exposure,
            conversions=self.conversions + other.conversions,
            results=self.results + other.results,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """The highest log multipliers of B campaigns, shapes (B,), natural log, within `UNBOUND`."""

    log_multiplier: Floats
    low: Floats
    """At least four of five times the true one lies between ``low`` and ``high``, as far as counts
    tell: how much the revenue of orders differs is not in it."""
    high: Floats


def weigh(hours: Hours, maturity: Floats, ages: Floats) -> Evidence:
    """Return what hours tell by now, an immature one nothing.

    Parameters
    ----------
    maturity
        Shape (B, N): expected share of each hour's final conversions that is reported by now.
    ages
        Shape (N,) or (B, N): hours since the end of the hour; old hours count for less.
    """
    judged = maturity >= LEAST_MATURE
    weight = np.where(judged, np.exp(-np.maximum(ages, 0.0) / MEMORY), 0.0)
    at_one = hours.cost * np.exp(-ANSWER * hours.log_multiplier)
    return Evidence(
        exposure=(weight * maturity * at_one).sum(axis=1),
        conversions=(weight * hours.conversions).sum(axis=1),
        results=(weight * hours.results).sum(axis=1),
    )


def faded(evidence: Evidence, hours: float) -> Evidence:
    """Return evidence ``hours`` later: of hours that are final and not kept one by one."""
    kept = np.exp(-hours / MEMORY)
    return Evidence(
        exposure=kept * evidence.exposure,
        conversions=kept * evidence.conversions,
        results=kept * evidence.results,
    )


def believed(
    log_multiplier: Floats, cost_per_result: Floats, conversions: Floats, worth: Floats
) -> Evidence:
    """Return a belief as evidence (B,): at ``log_multiplier`` a result costs so much.

    It counts for as many ``conversions``, of ``worth`` results each: forty are right where
    campaigns differ from what is believed by a sixth.
    """
    results = conversions * worth
    exposure = results * cost_per_result * np.exp(-ANSWER * log_multiplier)
    return Evidence(exposure=exposure, conversions=conversions, results=results)


def ceiling(evidence: Evidence, cost_per_result: Floats, worth: Floats) -> Ceiling:
    """Return the highest multipliers that are expected to keep their targets.

    Parameters
    ----------
    cost_per_result
        Shape (B,), > 0: the most that a conversion may cost on average, in minor units, or 1 /
        ROAS where results are revenue; infinite where there is no target.
    worth
        Shape (B,), > 0: usual result of one conversion: 1, or the revenue of an order.
    """
    seen = evidence.conversions
    each = np.divide(evidence.results, seen, out=worth.astype(np.float64), where=seen > 0.0)
    exposure = np.log(np.maximum(evidence.exposure, np.finfo(np.float64).tiny))
    least, most = _likely(evidence.conversions)
    credit = worth * FREE**2 / (FREE + evidence.conversions)
    low, middle, high = (
        _affordable(cost_per_result, results, exposure)
        for results in (least * each, evidence.results + credit, most * each)
    )
    return Ceiling(log_multiplier=middle, low=low, high=high)


def _affordable(cost_per_result: Floats, results: Floats, log_exposure: Floats) -> Floats:
    """Return the log multiplier at which ``results`` cost what they may, within `UNBOUND`."""
    some = np.maximum(results, np.finfo(np.float64).tiny)
    wanted = np.log(cost_per_result) + np.log(some) - log_exposure
    return np.clip(wanted / ANSWER, -UNBOUND, UNBOUND)


def _likely(counts: Floats) -> tuple[Floats, Floats]:
    """Return between which expectations the counts (B,) of rare events came, four times of five.

    The limits of `engine.intervals.poisson_limits`, kept above zero so that their logs are finite.
    Source: Wilson and Hilferty, "The Distribution of Chi-Square", Proceedings of the National
    Academy of Sciences 17 (1931).
    """
    some, more = np.maximum(counts, 1e-3), counts + 1.0
    least = some * np.maximum(1.0 - 1.0 / (9.0 * some) - LIKELY / (3.0 * np.sqrt(some)), 0.0) ** 3
    most = more * (1.0 - 1.0 / (9.0 * more) + LIKELY / (3.0 * np.sqrt(more))) ** 3
    return np.maximum(least, np.finfo(np.float64).tiny), most


def hard_limit(cost_per_result: Floats, results_per_value: Floats) -> Floats:
    """Return the log multiplier (B,) beyond which no evidence may carry a campaign.

    For bids of multiplier times value, ``results_per_value`` (B,), > 0, being the results that are
    expected of a value of 1: 1 where values are expected results themselves. An auction never
    charges more than the bid, so that a multiplier of the target alone is safe.
    """
    return np.minimum(np.log(HARD * cost_per_result * results_per_value), UNBOUND)


def settled(budget: Floats, highest: Floats, minimum: Floats) -> Floats:
    """Return the log multiplier (B,) to bid with, where goals collide.

    Never above what the budget affords; above the ceiling ``highest`` only as far as the
    ``minimum`` spend needs it, which is minus infinity where there is none.
    """
    return np.minimum(budget, np.maximum(highest, minimum))
