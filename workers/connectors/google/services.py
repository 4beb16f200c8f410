"""The services that change what is kept on Google Ads, by the collection that they change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Service:
    """A service of the client's."""

    module: str
    name: str
    method: str
    """Which changes resources of the collection."""
    field: str
    """Under which a row of a query, or a result of the method, has the resource."""


SERVICES: Final[Mapping[str, Service]] = MappingProxyType(
    {
        "campaignBudgets": Service(
            "campaign_budget_service",
            "CampaignBudgetService",
            "mutate_campaign_budgets",
            "campaign_budget",
        ),
        "campaigns": Service("campaign_service", "CampaignService", "mutate_campaigns", "campaign"),
        "adGroups": Service("ad_group_service", "AdGroupService", "mutate_ad_groups", "ad_group"),
        "biddingStrategies": Service(
            "bidding_strategy_service",
            "BiddingStrategyService",
            "mutate_bidding_strategies",
            "bidding_strategy",
        ),
        "biddingSeasonalityAdjustments": Service(
            "bidding_seasonality_adjustment_service",
            "BiddingSeasonalityAdjustmentService",
            "mutate_bidding_seasonality_adjustments",
            "bidding_seasonality_adjustment",
        ),
        "campaignCriteria": Service(
            "campaign_criterion_service",
            "CampaignCriterionService",
            "mutate_campaign_criteria",
            "campaign_criterion",
        ),
        "adGroupBidModifiers": Service(
            "ad_group_bid_modifier_service",
            "AdGroupBidModifierService",
            "mutate_ad_group_bid_modifiers",
            "ad_group_bid_modifier",
        ),
    }
)
"""By the part of a resource's name that says what it is."""
