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
from engine.order_values import TaughtValue
from engine.rate_cells import CAMPAIGN, HALF_LIFE, Cells
from workers.adviser.bid_account import Account, Bidder
from workers.adviser.bid_peers import Peers, packed, rates_for
from workers.adviser.bid_slices import Delivered

RECENT: Final = 7 * 24.0
"""Age in hours up to which clicks are of the newest week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """What is known of B campaigns of an account; arrays of shape (B,), or (N,) by slice."""

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


def peers_of(account: Account) -> Peers:
    """Return what all campaigns of the account teach each other, to be kept."""
    sold, kept = account.delivered, _kept(account)
    revenue, orders, _ = _sums(account.bidders, sold, kept)
    values = {
        currency: order_values.teach_value(revenue[own], orders[own])
        for currency, own in _currencies(account.bidders).items()
    }
    return packed(sold, teach(_cells(sold, kept)), values)


def lessons_of(account: Account, peers: Peers) -> Lessons:
    """Return what is known of campaigns, by themselves and what peers have taught.

    One's lessons depend on no other campaign of the account.
    """
    sold, kept, count = account.delivered, _kept(account), len(account.bidders)
    campaign, recent = sold.keys[:, CAMPAIGN], sold.ages < RECENT
    cells = _cells(sold, kept)
    learned = learn(cells, rates_for(peers, sold))
    matured = sold.clicks * sold.share
    newest = rate_cells.gathered(
        sold.kinds, sold.keys[recent], matured[recent], sold.conversions[recent]
    )
    counted = _by(newest.keys[:, CAMPAIGN], newest.conversions, count)
    expected = expected_of(learned, newest)
    value, deviation = _values(account, kept, peers)
    exposure = matured * kept
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


def _kept(account: Account) -> Floats:
    return np.asarray(np.exp2(-account.delivered.ages / HALF_LIFE))


def _cells(sold: Delivered, kept: Floats) -> Cells:
    exposure, conversions = sold.clicks * sold.share * kept, sold.conversions * kept
    return rate_cells.gathered(sold.kinds, sold.keys, exposure, conversions)


def _values(account: Account, kept: Floats, peers: Peers) -> tuple[Floats, Floats]:
    """Return what a conversion of each campaign is worth, and how sure that is."""
    bidders = account.bidders
    revenue, orders, stated = _sums(bidders, account.delivered, kept)
    value, deviation = np.zeros(len(bidders)), np.zeros(len(bidders))
    nothing = TaughtValue(mean=0.0, strength=order_values.ASSUMED_STRENGTH)
    for currency, own in _currencies(bidders).items():
        taught = peers.values.get(currency)
        known = TaughtValue(mean=taught[0], strength=taught[1]) if taught else nothing
        value[own] = order_values.value_per_conversion(
            revenue[own], orders[own], stated[own], known
        )
        deviation[own] = 1.0 / np.sqrt(orders[own] + known.strength)
    told = np.array([each.value or 0.0 for each in bidders])
    return np.where(told > 0.0, told, value), np.where(told > 0.0, 0.0, deviation)


def _sums(
    bidders: tuple[Bidder, ...], sold: Delivered, kept: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return revenue, orders and stated order values by campaign.

    A plan that states an order's value where no revenue is reported is believed: none was counted,
    and not nothing earned.
    """
    campaign, count = sold.keys[:, CAMPAIGN], len(bidders)
    orders = _by(campaign, sold.conversions * kept, count)
    revenue = _by(campaign, sold.revenue * kept, count)
    stated = np.array([_stated(each) for each in bidders])
    return revenue, np.where((revenue <= 0.0) & (stated > 0.0), 0.0, orders), stated


def _currencies(bidders: tuple[Bidder, ...]) -> dict[str, Bools]:
    """Return whose currency each is: campaigns teach those of their own."""
    named = np.array([each.terms.currency if each.terms else "" for each in bidders], dtype=np.str_)
    return {str(each): named == each for each in np.unique(named) if each}


def _stated(bidder: Bidder) -> float:
    terms = bidder.terms
    return float(terms.avg_order_value or 0) if terms else 0.0


def _by(campaign: Ints, counts: Floats, size: int) -> Floats:
    return np.bincount(campaign, counts, size).astype(np.float64)
