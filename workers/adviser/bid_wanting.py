"""From what was learned to the bids that are wanted, held to what may be bid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

import numpy as np

from engine import bids
from engine.arrays import Bools, Floats, Ints
from engine.bid_gains import Gains, Move, gains, worthwhile
from engine.bids import Bids, Goals, InForce, Limits
from engine.mean_rates import MeanRates, rows_of
from engine.rate_cells import CAMPAIGN
from schemas import Bid, BidTerms
from schemas.levers import BID_DECIMALS
from schemas.money import exponent_of
from workers.adviser.bid_account import Account, Standing
from workers.adviser.bid_lessons import RECENT, Lessons

HIGHEST: Final = 1e9
"""Highest bid where a plan sets none."""

_HUNDREDTH: Final = 2
_NEVER: Final = 1e9
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One ad set, or a campaign that names none, whose bid may be advised on."""

    campaign: int
    code: int
    """Of the ad set within its campaign, `engine.rate_cells.UNKNOWN` for the campaign itself."""
    ad_set: str | None
    terms: BidTerms
    standing: Standing
    bid: Decimal
    """The usual bid that is in force, > 0: without the pacing multiplier."""
    bounds: Bid
    protected: bool
    learning: bool

    @property
    def decimals(self) -> int:
        """Decimals of its bids: the currency's; more where bids that are named have more.

        Then a hundredth of the bid can be said as well.
        """
        named = (self.bid, self.bounds.min, self.bounds.max)
        finest = max(-int(each.normalize().as_tuple().exponent) for each in named if each)
        usual = exponent_of(self.terms.currency)
        if finest <= usual:
            return usual
        return min(max(finest, _HUNDREDTH - self.bid.adjusted()), BID_DECIMALS)

    @property
    def step(self) -> Decimal:
        """The smallest difference of two bids, money."""
        return Decimal(1).scaleb(-self.decimals)

    def amount(self, money: float) -> Decimal:
        """Return money as a whole number of steps."""
        return Decimal(round(money / float(self.step))).scaleb(-self.decimals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What G entities' bids are to be; arrays of shape (G,), money in units of the currency."""

    allowed: Floats
    """What a conversion may cost, 0 where nothing is known."""
    rate: Floats
    """Conversions per click, with the newest week's performance."""
    deviation: Floats
    """Standard deviation of the log of what a click is worth."""
    worth: Floats
    """What a click is worth: the bid that would be best without any limit."""
    bids: Bids
    old: Floats
    off: Bools
    """Whether the bid in force is off by more than noise, or beyond its bounds."""
    clicks: Floats
    """A day, in the newest week."""
    spend: Floats
    gains: Gains


def wanted(
    account: Account,
    lessons: Lessons,
    entities: Sequence[Entity],
    means: MeanRates,
) -> Wanted:
    """Return the bids of entities, whose mean rates are given; one's depends on no other."""
    campaign = np.array([each.campaign for each in entities], dtype=np.int64)
    goals = _goals(entities)
    allowed = bids.worth(lessons.value[campaign], goals)
    rate = means.mean * lessons.performance[campaign]
    deviation = _deviation(lessons, campaign, goals, means)
    worth, limits, now = allowed * rate, _limits(entities), _in_force(account, entities)
    made = bids.bids(worth, limits, now, np.ones(len(entities)))
    clicks, spend = _daily(account, lessons, entities)
    move = Move(
        old=now.bid,
        new=np.where(made.bid > 0.0, made.bid, now.bid),
        allowed=np.where(allowed > 0.0, allowed, 1.0),
        rate=rate,
        deviation=deviation,
        clicks=clicks,
        spend=spend,
    )
    return Wanted(
        allowed=allowed,
        rate=rate,
        deviation=deviation,
        worth=worth,
        bids=made,
        old=now.bid,
        off=_is_off(now.bid, worth, limits, deviation),
        clicks=clicks,
        spend=spend,
        gains=gains(move),
    )


def _is_off(bid: Floats, worth: Floats, limits: Limits, deviation: Floats) -> Bools:
    known = np.where(worth > 0.0, worth, bid)
    beyond = (bid < limits.low) | (bid > limits.high)
    return np.asarray(beyond | worthwhile(bid, known, deviation))


def _deviation(lessons: Lessons, campaign: Ints, goals: Goals, means: MeanRates) -> Floats:
    """Return how far what a click is worth may be off, natural log."""
    by_value = np.where(goals.target_cpa > 0.0, 0.0, lessons.value_deviation[campaign])
    parts = (means.deviation, lessons.performance_deviation[campaign], by_value)
    return np.asarray(np.sqrt(sum(np.square(each) for each in parts)))


def _goals(entities: Sequence[Entity]) -> Goals:
    targets = [(each.terms.target_cpa, each.terms.target_roas) for each in entities]
    cpa, roas = np.array([[float(one or 0) for one in pair] for pair in targets]).reshape(-1, 2).T
    return Goals(target_cpa=cpa, target_roas=roas, margin=np.zeros(len(targets)))


def _limits(entities: Sequence[Entity]) -> Limits:
    steps = [float(each.step) for each in entities]
    return Limits(
        low=np.array([float(each.bounds.min or each.step) for each in entities]),
        high=np.array([float(each.bounds.max or HIGHEST) for each in entities]),
        change=np.array([each.terms.max_change_pct / 100.0 for each in entities]),
        cooldown=np.array([each.terms.cooldown_minutes / 60.0 for each in entities]),
        step=np.array(steps),
    )


def _in_force(account: Account, entities: Sequence[Entity]) -> InForce:
    changed = [each.standing.changed_at for each in entities]
    since = [_NEVER if each is None else (account.now - each) / _HOUR for each in changed]
    return InForce(
        bid=np.array([float(each.bid) for each in entities]),
        since=np.array(since),
        learning=np.array([each.learning for each in entities], dtype=np.bool_),
    )


def _daily(account: Account, lessons: Lessons, entities: Sequence[Entity]) -> tuple[Floats, Floats]:
    """Return the clicks and the spend of a day of the newest week, by entity."""
    sold, recent = account.delivered, lessons.recent
    asked = np.array([(each.campaign, each.code) for each in entities], dtype=np.int64)
    place = rows_of(asked.reshape(-1, 2), sold.keys)
    mine = recent & (place >= 0)
    oldest = np.zeros(len(account.bidders))
    np.maximum.at(oldest, sold.keys[:, CAMPAIGN], np.minimum(sold.ages + 1.0, RECENT))
    days = np.maximum(np.ceil(oldest / 24.0), 1.0)[asked.reshape(-1, 2)[:, 0]]
    clicks, spend = (
        np.bincount(place[mine], each[mine], len(entities)) / days
        for each in (sold.clicks, sold.spend)
    )
    return clicks, spend
