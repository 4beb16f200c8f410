"""Second prices: what a policy gets from the auctions of one hour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.simulator.market import Auctions, Booleans
from workers.simulator.shapes import Floats, Integers

UNCAPPED = np.int64(2**62)
"""A budget that nothing can use up."""

AGES = (0, 1, 3, 6, 12, 24, 48, 72)
"""Hours after an hour's end at which its conversions are counted; the last count is the truth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What each of B campaigns does in one hour."""

    budget: Integers
    """Shape (B,): most that the hour may cost, units, >= 0."""
    multiplier: Floats
    """Shape (B,): bid = multiplier x value."""
    participation: Floats
    """Shape (B,): share of auctions that it takes part in, in [0, 1]."""

    @classmethod
    def capped(cls, budget: Integers) -> Policy:
        """Bid the value in every auction until ``budget`` (B,) is used up."""
        ones = np.ones(len(budget))
        return cls(budget=budget, multiplier=ones, participation=ones)

    @classmethod
    def throttled(cls, participation: Floats) -> Policy:
        """Bid the value in a share (B,) of all auctions, whatever it costs."""
        budget = np.full(len(participation), UNCAPPED)
        return cls(budget=budget, multiplier=np.ones(len(budget)), participation=participation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What B campaigns got in one hour; conversions as they are counted at each of `AGES`."""

    impressions: Integers
    clicks: Integers
    spend: Integers
    """Shape (B,), units."""
    conversions: Integers
    """Shape (B, A), non-decreasing along ages; the last column is the truth."""
    revenue: Integers
    """Shape (B, A), units."""


def clear(auctions: Auctions, policy: Policy) -> Outcome:
    """Play ``policy`` against ``auctions``.

    A campaign takes auctions as they come, wins where its bid is above the price, pays the price,
    and stops for the rest of the hour before the first win that it cannot afford. So the spend of
    an hour is never above its budget, and a larger budget wins the same auctions and perhaps more.
    """
    _, bought = served(auctions, policy)
    sold = bought[auctions.buyers]
    return Outcome(
        impressions=_per_campaign(np.where(bought, auctions.showings, 0), auctions),
        clicks=_per_campaign(bought, auctions),
        spend=_per_campaign(np.where(bought, auctions.price, 0), auctions),
        conversions=_by_age(auctions, sold, np.ones_like(auctions.revenue)),
        revenue=_by_age(auctions, sold, auctions.revenue),
    )


def served(auctions: Auctions, policy: Policy) -> tuple[Booleans, Booleans]:
    """Return which auctions (N,) the bids win, and which of them the budget pays for."""
    owner = auctions.owner
    bid = policy.multiplier[owner] * auctions.value
    won = (auctions.lot < policy.participation[owner]) & (bid > auctions.price)
    spent = _running(np.where(won, auctions.price, 0), auctions)
    return won, won & (spent <= policy.budget[owner])


def _running(amounts: Integers, auctions: Auctions) -> Integers:
    """Sum ``amounts`` (N,) up to and including each auction, afresh for each campaign."""
    total = np.concatenate(([0], np.cumsum(amounts)))
    before = total[np.concatenate(([0], auctions.ends[:-1]))]
    return np.asarray(total[1:] - before[auctions.owner])


def _per_campaign(amounts: NDArray[np.generic], auctions: Auctions) -> Integers:
    total = np.concatenate(([0], np.cumsum(amounts, dtype=np.int64)))[auctions.ends]
    return np.diff(total, prepend=0)


def _by_age(auctions: Auctions, sold: Booleans, worth: Integers) -> Integers:
    """Sum ``worth`` (C,) of sold buyers by campaign and by the age at which they are counted."""
    seen = np.zeros((len(auctions.ends), len(AGES)), np.int64)
    late = np.searchsorted(AGES, auctions.wait)
    counted = sold & (late < len(AGES))
    rows = auctions.owner[auctions.buyers[counted]]
    np.add.at(seen, (rows, late[counted]), worth[counted])
    return np.cumsum(seen, axis=1)
