"""What campaigns' hours are usually like, and how much the newest ones differ.

Three ratios are watched: clicks that an hour of the day brings, what a click costs, and conversions
for money. Spend is counted in clicks at the usual cost, so that all three are counts against counts
that are expected, which `engine.bid_emergency` judges.

How far counts usually stray is measured, hour by hour and day by day, and the larger of the two is
taken: days that differ as a whole (weekends, news) move all hours of a window together.

Source: McCullagh and Nelder, "Generalized Linear Models", 2nd ed. (1989), 4.5 and 6.2, for the
dispersion from Pearson's statistic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.bid_emergency import Change, fall, rise

LEAST_DAYS: Final = 7
"""Days of which hours are to be known before anything is called usual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    """D days of B campaigns by local hour; arrays of shape (B, D, 24), 0 where not known."""

    clicks: Floats
    spend: Floats
    """Money, in any unit."""
    conversions: Floats
    share: Floats
    """Of its final conversions that is there, in (0, 2]."""
    known: Bools


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What B campaigns' hours are like; arrays of shape (B,) but for `clicks`."""

    clicks: Floats
    """Shape (B, 24): of each local hour."""
    cost: Floats
    """Money for a click; 0 where there was none, and then nothing is ever sure."""
    rate: Floats
    """Conversions for a unit of money, once all have come."""
    spend_spread: Floats
    """Variance of spend, counted in clicks, over its mean, >= 1; so the others."""
    cost_spread: Floats
    rate_spread: Floats
    enough: Bools
    """Whether `LEAST_DAYS` were known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """The newest H hours of B campaigns, the last one last; arrays of shape (B, H)."""

    clicks: Floats
    spend: Floats
    conversions: Floats
    share: Floats
    hour: Ints
    """Local hour of the day, 0 to 23."""
    part: Floats
    """How much of the hour is told, in [0, 1]; 0 for one that is not to be looked at."""
    lift: Floats
    """Demand that is known to be other than usual, as a factor, > 0."""
    raised: Floats
    """Shape (B,): the bid over what was usually bid, >= 1: what that explains is no emergency."""
    daily: Floats
    """Shape (B,): money that a day may spend by the plan; where it is more than usual spend may
    rise to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """How B campaigns' newest hours differ from what is usual."""

    spend: Change
    """Spend, against what the hours bring, or may bring by the plan."""
    cost: Change
    """What clicks cost."""
    conversions: Change
    """Conversions for the money, as far as they are there by now: how far they fell."""

    @property
    def sure(self) -> Bools:
        """Whether any of the three is an emergency, (B,)."""
        return self.spend.sure | self.cost.sure | self.conversions.sure


def usual(sold: Sold) -> Usual:
    """Return what is usual; one campaign's depends on no other."""
    days = np.count_nonzero(sold.known.any(axis=2), axis=1)
    told = np.count_nonzero(sold.known, axis=1)
    clicks = sold.clicks.sum(axis=1) / np.maximum(told, 1)
    spend, converted = sold.spend.sum(axis=(1, 2)), sold.conversions.sum(axis=(1, 2))
    cost = _over(spend, sold.clicks.sum(axis=(1, 2)))
    matured = sold.spend * sold.share
    rate = _over(converted, matured.sum(axis=(1, 2)))
    counted = _over(sold.spend, cost[:, None, None])
    expected = clicks[:, None, :] * sold.known
    return Usual(
        clicks=clicks,
        cost=cost,
        rate=rate,
        spend_spread=_spread(counted, expected, days),
        cost_spread=_spread(counted, sold.clicks, days),
        rate_spread=_spread(sold.conversions, rate[:, None, None] * matured, days),
        enough=np.asarray(days >= LEAST_DAYS),
    )


def changes(known: Usual, newest: Newest) -> Changes:
    """Return how the newest hours differ from what is usual, (B,)."""
    looked = (newest.part > 0.0) & (known.cost > 0.0)[:, None] & known.enough[:, None]
    raised = newest.raised[:, None]
    clicks, spend = newest.clicks * looked, newest.spend * looked
    counted = _over(spend, known.cost[:, None])
    usually = known.cost * known.clicks.sum(axis=1)
    allowed = np.maximum(_over(newest.daily, usually), 1.0)
    due = np.take_along_axis(known.clicks, newest.hour, axis=1) * allowed[:, None]
    # A higher bid brings more clicks and each costs more: both at most in proportion.
    due = due * newest.lift * newest.part * looked * np.square(raised)
    converted = newest.conversions * looked
    owed = known.rate[:, None] * spend * newest.share / raised
    return Changes(
        spend=rise(counted, due, known.spend_spread),
        cost=rise(counted / raised, clicks, known.cost_spread),
        conversions=fall(converted, owed, known.rate_spread),
    )


def _spread(counted: Floats, expected: Floats, days: Ints) -> Floats:
    """Return the variance over the mean, (B,), of counts (B, D, 24) around what is expected.

    What is expected was taken from the same days, and is to foretell others: it is off by one
    part in D both times.
    """
    off = counted - expected
    mean = expected.sum(axis=(1, 2))
    by_hour = _over(np.square(off).sum(axis=(1, 2)), mean)
    by_day = _over(np.square(off.sum(axis=2)).sum(axis=1), mean)
    count = np.maximum(days, 2).astype(np.float64)
    return np.maximum(np.maximum(by_hour, by_day) * (count + 1.0) / (count - 1.0), 1.0)


def _over(one: Floats, other: Floats) -> Floats:
    """Return quotients, 0 where there is nothing to divide by."""
    top, bottom = np.broadcast_arrays(one, other)
    return np.asarray(np.divide(top, bottom, out=np.zeros(top.shape), where=bottom > 0.0))
