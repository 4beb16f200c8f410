"""Which campaigns the platforms on loopback hold: those of a simulated world, by number.

Platforms name campaigns and ad sets by numbers, where the simulated market has names; the market
itself stays what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from schemas.fields import Entity
from schemas.keys import CampaignKey
from schemas.money import exponent_of
from workers.connectors.amounts import floor_to
from workers.connectors.meta.units import step as meta_step
from workers.connectors.protocol import Lever, Ref
from workers.simulator.market import UNITS, mean_bids
from workers.simulator.population import World

BY_TARGET: Final = ("google", "905-377-6048")
"""The account whose campaigns bid towards a target cost per conversion."""

_FIRST_CAMPAIGN, _FIRST_AD_SET = 700_100_000, 800_100_000
_BID_BY_AD_SET: Final = frozenset({"google", "meta"})
"""Platforms where campaigns have no bid of their own."""
_USUAL_TARGET: Final = 20
"""Times the bid for a click: the first target of a conversion, until somebody sets another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedCampaign:
    """A campaign on a platform, as it is when the platform begins to serve."""

    key: CampaignKey
    currency: str
    timezone: str
    daily_budget: Decimal
    bid: Decimal
    """For a click, in whole steps of the platform's."""
    ad_set_id: str = ""
    """Where the bid is set; empty where the campaign has it."""

    @property
    def by_target(self) -> bool:
        """Return whether the platform bids towards a target cost per conversion."""
        return self.key[:2] == BY_TARGET

    @property
    def target_cpa(self) -> Decimal:
        """Return the first target, where the platform bids towards one."""
        return self.bid * _USUAL_TARGET

    @property
    def step(self) -> Decimal:
        """Return the smallest difference between two amounts on the platform."""
        return step_of(self.key.platform, self.currency)

    @property
    def values(self) -> Iterator[tuple[Ref, Decimal]]:
        """Yield what Pacekeeper may set of it, with the first values."""
        yield self._ref(Lever.DAILY_BUDGET), self.daily_budget
        if self.by_target:
            yield self._ref(Lever.TARGET_CPA), self.target_cpa
        elif self.ad_set_id:
            yield self._ref(Lever.BID, ad_set=True), self.bid
        else:
            yield self._ref(Lever.BID), self.bid

    def _ref(self, lever: Lever, *, ad_set: bool = False) -> Ref:
        return Ref(
            account_id=self.key.account_id,
            entity=Entity.AD_SET if ad_set else Entity.CAMPAIGN,
            entity_id=self.ad_set_id if ad_set else self.key.campaign_id,
            lever=lever,
        )


Portfolio = tuple[PlacedCampaign, ...]


def step_of(platform: str, currency: str) -> Decimal:
    """Return the smallest difference between two amounts; Meta counts some currencies coarser."""
    return meta_step(currency) if platform == "meta" else Decimal(1).scaleb(-exponent_of(currency))


def numbered(world: World) -> World:
    """Return the world with numbers as campaign ids, and with the very same market."""
    campaigns = (
        replace(each, key=each.key._replace(campaign_id=str(_FIRST_CAMPAIGN + row)))
        for row, each in enumerate(world.campaigns)
    )
    return replace(world, campaigns=tuple(campaigns))


def portfolio_of(world: World) -> Portfolio:
    """Return the campaigns of a numbered world, with their usual bids."""
    bids = mean_bids(world.market)
    return tuple(
        PlacedCampaign(
            key=each.key,
            currency=each.currency,
            timezone=each.timezone,
            daily_budget=each.day_budget,
            bid=_whole(Decimal(float(bids[row])) / UNITS, step_of(each.key[0], each.currency)),
            ad_set_id=str(_FIRST_AD_SET + row) if each.key.platform in _BID_BY_AD_SET else "",
        )
        for row, each in enumerate(world.campaigns)
    )


def _whole(amount: Decimal, step: Decimal) -> Decimal:
    return max(floor_to(amount, step), step).quantize(step)
