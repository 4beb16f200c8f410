"""What an account's clicks teach: rates, values, and whether the newest week keeps to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine import order_values, rate_cells
from engine.arrays import Bools, Floats, Ints
from engine.bids import PERFORMANCE_STRENGTH, performance
from engine.conversion_rates import Learned, learn, teach
from engine.mean_rates import expected_of
from engine.rate_cells import CAMPAIGN, HALF_LIFE
from workers.adviser.bid_account import Account, Bidder, Delivered

RECENT: Final = 7 * 24.0
"""Age in hours up to which clicks are of the newest week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """What B campaigns of an account have taught; arrays of shape (B,), or (N,) by slice."""

    learned: Learned
    exposure: Floats
    """Shape (N,): clicks by the share of their conversions that is there, and by their age."""
    recent: Bools
    """Shape (N,): of the newest week."""
    value: Floats
    """Money that a conversion is worth, 0 where nothing is known of it."""
    value_deviation: Floats
    """Standard deviation of its log, 0 where it was told."""
    counted: Floats
    """Conversions of the newest week."""
    expected: Floats
    """Those that rates foretell of its clicks, as far as they are there."""
    performance: Floats
    """By what bids move for the two."""
    weight: Floats
    """Share of the newest week in all that rates are learned from, in [0, 1]."""

    @property
    def performance_deviation(self) -> Floats:
        """Standard deviation of the log of the performance, (B,)."""
        return np.asarray(np.sqrt(self.expected) / (self.expected + PERFORMANCE_STRENGTH))


def lessons_of(account: Account) -> Lessons:
    """Return what all campaigns of the account teach, each the more the more is known of it."""
    sold = account.delivered
    campaign, count = sold.keys[:, CAMPAIGN], len(account.bidders)
    matured = rate_cells.matured(account.maturity, campaign, sold.clicks, sold.ages)
    kept = np.exp2(-sold.ages / HALF_LIFE)
    exposure, recent = matured * kept, sold.ages < RECENT
    cells = rate_cells.gathered(sold.kinds, sold.keys, exposure, sold.conversions * kept)
    learned = learn(cells, teach(cells))
    newest = rate_cells.gathered(
        sold.kinds, sold.keys[recent], matured[recent], sold.conversions[recent]
    )
    counted = _by(newest.keys[:, CAMPAIGN], newest.conversions, count)
    expected = expected_of(learned, newest)
    value, deviation = _values(account.bidders, sold, kept)
    whole = _by(campaign, exposure, count)
    fresh = _by(campaign[recent], exposure[recent], count)
    return Lessons(
        learned=learned,
        exposure=exposure,
        recent=np.asarray(recent),
        value=value,
        value_deviation=deviation,
        counted=counted,
        expected=expected,
        performance=performance(counted, expected),
        weight=np.divide(fresh, whole, out=np.zeros(count), where=whole > 0.0),
    )


def _values(bidders: tuple[Bidder, ...], sold: Delivered, kept: Floats) -> tuple[Floats, Floats]:
    """Return what a conversion of each campaign is worth, and how sure that is.

    Campaigns teach those of their own currency. A plan that states an order's value where no
    revenue is reported is believed: none was counted, and not nothing earned.
    """
    campaign, count = sold.keys[:, CAMPAIGN], len(bidders)
    orders = _by(campaign, sold.conversions * kept, count)
    revenue = _by(campaign, sold.revenue * kept, count)
    stated = np.array([_stated(each) for each in bidders])
    orders = np.where((revenue <= 0.0) & (stated > 0.0), 0.0, orders)
    currencies = np.array([each.terms.currency if each.terms else "" for each in bidders])
    value, deviation = np.zeros(count), np.zeros(count)
    for currency in np.unique(currencies):
        own = currencies == currency
        taught = order_values.teach_value(revenue[own], orders[own])
        value[own] = order_values.value_per_conversion(
            revenue[own], orders[own], stated[own], taught
        )
        deviation[own] = 1.0 / np.sqrt(orders[own] + taught.strength)
    told = np.array([each.value or 0.0 for each in bidders])
    return np.where(told > 0.0, told, value), np.where(told > 0.0, 0.0, deviation)


def _stated(bidder: Bidder) -> float:
    terms = bidder.terms
    return float(terms.avg_order_value or 0) if terms else 0.0


def _by(campaign: Ints, counts: Floats, size: int) -> Floats:
    return np.bincount(campaign, counts, size).astype(np.float64)
