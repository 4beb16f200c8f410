"""Levers: what Pacekeeper sets on a campaign, by the names that records carry."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

HOURLY_BUDGET: Final = "hourly_budget"
"""The most that an hour may spend, in currency."""

DAILY_BUDGET: Final = "daily_budget"
"""What a local day may spend, in currency, in place of the budget of a plan whose period is a day:
as long as the plan stays at the version that it was decided for."""

BID_MULTIPLIER: Final = "bid_multiplier"
"""What all bids are multiplied with: the bid itself, a target cost per conversion, or the
reciprocal of a target of revenue per cost. It comes with the most that an hour may spend."""

STATUS: Final = "status"
"""Whether a campaign delivers on the platform: 1 it does, 0 it is paused."""

SWITCH_UNIT: Final = "switch"
DELIVERS: Final = Decimal(1)
PAUSED: Final = Decimal(0)

SEASONALITY: Final = "seasonality"
"""By what factor conversion rates will differ from the usual in a window of time, as platforms are
told so as to bid for it; 1 where they are told nothing."""

BUDGET_INCREASE: Final = "budget_increase"
"""By how much a day may spend more than its daily budget in a window of time, in currency; 0 where
it may not."""

FORETOLD: Final = (SEASONALITY, BUDGET_INCREASE)
"""What is set for a window of time to come, each with a value of its own."""

LEAST_LIFT: Final = Decimal("0.1")
MOST_LIFT: Final = Decimal(10)

AD_SET_BID_SHARE: Final = "ad_set_bid_share"
DEVICE_BID_SHARE: Final = "device_bid_share"
PLACEMENT_BID_SHARE: Final = "placement_bid_share"
"""What share of its bid a segment is to keep, 0 to exclude it. For people: no worker sets it."""

CLICK_RATE: Final = "click_rate"
"""Clicks per impression that new creatives should reach. For people: no worker sets it."""
BID: Final = "bid"
"""The usual bid for a click of an entity, which the multiplier of bids multiplies."""

BID_UNIT: Final = "currency_per_click"

BID_DECIMALS: Final = 6
"""Most decimals that a bid is given in."""

ON_PLATFORM: Final = "platform_"
"""How the field of an audit entry begins that tells of one of the values that an action sets on a
platform."""

OF_AN_HOUR: Final = frozenset({None, HOURLY_BUDGET, BID_MULTIPLIER})
"""Fields of the advice that decides a campaign's hours; that on anything else stands beside it."""

CURRENCY_UNIT: Final = "currency"
MULTIPLIER_UNIT: Final = "multiplier"
SHARE_UNIT: Final = "share_of_bid"
RATE_UNIT: Final = "clicks_per_impression"

MULTIPLIER_DECIMALS: Final = 6
"""Decimals that a multiplier is given in."""

LEAST_MULTIPLIER: Final = Decimal("0.0001")
MOST_MULTIPLIER: Final = Decimal(10_000)
