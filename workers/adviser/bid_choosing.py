"""Whose bids are advised on, and why others are passed over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import numpy as np

from engine.rate_cells import AD_SET, CAMPAIGN, UNKNOWN
from schemas import Bid, BidTerms
from schemas.fields import Status
from schemas.levers import BID_DECIMALS
from schemas.zones import zone
from workers.adviser.bid_account import Account, Bidder, Standing
from workers.adviser.bid_wanting import Entity


class Reason(StrEnum):
    """Why no bid is advised."""

    NO_PLAN = "no_plan"
    NOT_ACTIVE = "not_active"
    FLIGHT_OVER = "flight_over"
    PLATFORM_BIDS = "platform_bids"
    NO_TARGET = "no_target"
    NO_CLICKS = "no_clicks"
    BID_UNKNOWN = "bid_unknown"
    NO_VALUE = "no_value"
    WITHIN_NOISE = "within_noise"
    COOLDOWN = "cooldown"
    LEARNING_PHASE = "learning_phase"
    NO_CHANGE = "no_change"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """An ad set, or a campaign with all that it has, that is left alone."""

    campaign: int
    ad_set: str | None
    reason: Reason


def chosen(account: Account, due: list[int]) -> tuple[list[Entity], list[Passed]]:
    """Return the ad sets of due campaigns whose bids may be advised on, and what is passed over."""
    entities: list[Entity] = []
    passed: list[Passed] = []
    clicked = _clicked(account)
    for campaign in due:
        bidder = account.bidders[campaign]
        terms, refusal = bidder.terms, _refusal(account, bidder)
        if terms is None or refusal is not None:
            reason = refusal or Reason.NO_PLAN
            passed.append(Passed(campaign=campaign, ad_set=None, reason=reason))
            continue
        for code in _codes(account, campaign):
            found = _entity(account, (campaign, code), terms)
            name = _name(account, campaign, code)
            if (campaign, code) not in clicked:
                passed.append(Passed(campaign=campaign, ad_set=name, reason=Reason.NO_CLICKS))
            elif found is None:
                passed.append(Passed(campaign=campaign, ad_set=name, reason=Reason.BID_UNKNOWN))
            else:
                entities.append(found)
    return entities, passed


def _refusal(account: Account, bidder: Bidder) -> Reason | None:
    terms = bidder.terms
    if terms is None:
        return Reason.NO_PLAN
    today = account.now.astimezone(zone(terms.timezone)).date()
    checks = (
        (terms.status is not Status.ACTIVE, Reason.NOT_ACTIVE),
        (terms.flight_end is not None and today > terms.flight_end, Reason.FLIGHT_OVER),
        (terms.platform_bids, Reason.PLATFORM_BIDS),
        (terms.target_cpa is None and terms.target_roas is None, Reason.NO_TARGET),
    )
    return next((reason for holds, reason in checks if holds), None)


def _codes(account: Account, campaign: int) -> Iterator[int]:
    """Yield the campaign's ad sets, or the campaign itself where none is named."""
    named = len(account.delivered.ad_sets[campaign])
    yield from range(named) if named else (UNKNOWN,)


def _name(account: Account, campaign: int, code: int) -> str | None:
    return None if code == UNKNOWN else account.delivered.ad_sets[campaign][code]


def _clicked(account: Account) -> set[tuple[int, int]]:
    keys = account.delivered.keys[account.delivered.clicks > 0.0]
    pairs = np.unique(keys[:, [CAMPAIGN, AD_SET]], axis=0).tolist()
    return {(campaign, code) for campaign, code in pairs}


def _entity(account: Account, which: tuple[int, int], terms: BidTerms) -> Entity | None:
    """Return an ad set or campaign with its usual bid; None where no bid is known."""
    campaign, code = which
    bidder, ad_set = account.bidders[campaign], _name(account, campaign, code)
    own = terms.ad_sets.get(ad_set) if ad_set is not None else None
    bounds = (own.bid if own else None) or terms.bid or Bid()
    standing = bidder.standing.get(ad_set) or bidder.standing.get(None)
    bid = _usual(bidder, terms, bounds.base, standing)
    if bid is None or bid <= 0:
        return None
    return Entity(
        campaign=campaign,
        code=code,
        ad_set=ad_set,
        terms=terms,
        standing=standing or Standing(bid=bid),
        bid=bid,
        bounds=bounds,
        protected=terms.protected or bool(own and own.protected),
        learning=bidder.learning,
    )


def _usual(
    bidder: Bidder, terms: BidTerms, base: Decimal | None, standing: Standing | None
) -> Decimal | None:
    """Return the bid without the pacing multiplier.

    Where an hourly multiplier moves it, the plan's base is what it multiplies; a reported bid was
    moved already.
    """
    if terms.paced and base:
        return base
    if standing is None:
        return base
    if not terms.paced:
        return standing.bid
    return round(standing.bid / bidder.multiplier, BID_DECIMALS)
