"""The queries that are sent; every value in them is a number, a date or a currency's code."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from workers.connectors.errors import Rejected

MOST_CHANGES: Final = 10_000
"""That one query of the history may tell."""
CUSTOMER: Final = (
    "SELECT customer.id, customer.descriptive_name, customer.currency_code, customer.time_zone "
    "FROM customer"
)
_CAMPAIGNS: Final = (
    "SELECT customer.currency_code, customer.time_zone, "
    "campaign.resource_name, campaign.id, campaign.status, "
    "campaign.bidding_strategy, campaign.bidding_strategy_type, "
    "campaign.target_cpa.target_cpa_micros, "
    "campaign.maximize_conversions.target_cpa_micros, campaign.target_roas.target_roas, "
    "campaign.maximize_conversion_value.target_roas, campaign_budget.resource_name, "
    "campaign_budget.amount_micros, campaign_budget.total_amount_micros, campaign_budget.period, "
    "campaign_budget.explicitly_shared, campaign_budget.reference_count, "
    "bidding_strategy.resource_name, bidding_strategy.non_removed_campaign_count, "
    "bidding_strategy.target_cpa.target_cpa_micros, "
    "bidding_strategy.maximize_conversions.target_cpa_micros, "
    "bidding_strategy.target_roas.target_roas, "
    "bidding_strategy.maximize_conversion_value.target_roas "
    "FROM campaign WHERE campaign.id IN ({ids})"
)
_AD_GROUPS: Final = (
    "SELECT customer.currency_code, campaign.status, campaign.bidding_strategy_type, "
    "ad_group.resource_name, ad_group.id, ad_group.status, ad_group.cpc_bid_micros, "
    "ad_group.cpm_bid_micros, ad_group.cpv_bid_micros, ad_group.target_cpa_micros, "
    "ad_group.target_roas FROM ad_group WHERE ad_group.id IN ({ids})"
)
_CRITERIA: Final = (
    "SELECT campaign.id, campaign_criterion.resource_name, campaign_criterion.bid_modifier, "
    "campaign_criterion.device.type, campaign_criterion.ad_schedule.day_of_week, "
    "campaign_criterion.ad_schedule.start_hour, campaign_criterion.ad_schedule.start_minute, "
    "campaign_criterion.ad_schedule.end_hour, campaign_criterion.ad_schedule.end_minute "
    "FROM campaign_criterion WHERE campaign.id IN ({ids}) "
    "AND campaign_criterion.type IN ('DEVICE', 'AD_SCHEDULE')"
)
_AD_GROUP_MODIFIERS: Final = (
    "SELECT ad_group.id, ad_group_bid_modifier.resource_name, ad_group_bid_modifier.bid_modifier, "
    "ad_group_bid_modifier.device.type FROM ad_group_bid_modifier WHERE ad_group.id IN ({ids})"
)
SEASONS: Final = (
    "SELECT bidding_seasonality_adjustment.resource_name, bidding_seasonality_adjustment.name, "
    "bidding_seasonality_adjustment.campaigns, bidding_seasonality_adjustment.start_date_time, "
    "bidding_seasonality_adjustment.end_date_time, "
    "bidding_seasonality_adjustment.conversion_rate_modifier "
    "FROM bidding_seasonality_adjustment "
    "WHERE bidding_seasonality_adjustment.status = 'ENABLED'"
)


def customer_number(account_id: str) -> str:
    """Return an account's number without its dashes; raise `Rejected` if it is none."""
    return _number(account_id.replace("-", ""), "account")


def billable_unit(currency: str) -> str:
    """Ask for the smallest amount that a currency is billed in."""
    return (
        "SELECT currency_constant.code, currency_constant.billable_unit_micros "  # noqa: S608 -- checked values, no database
        f"FROM currency_constant WHERE currency_constant.code = '{currency}'"
    )


def campaigns(ids: Iterable[str]) -> str:
    """Ask for what is in force of campaigns and their budgets."""
    return _CAMPAIGNS.format(ids=_numbers(ids, "campaign"))


def ad_groups(ids: Iterable[str]) -> str:
    """Ask for what is in force of ad groups."""
    return _AD_GROUPS.format(ids=_numbers(ids, "ad group"))


def campaign_modifiers(ids: Iterable[str]) -> str:
    """Ask for the modifiers of campaigns, by device and by schedule."""
    return _CRITERIA.format(ids=_numbers(ids, "campaign"))


def ad_group_modifiers(ids: Iterable[str]) -> str:
    """Ask for the modifiers of ad groups."""
    return _AD_GROUP_MODIFIERS.format(ids=_numbers(ids, "ad group"))


def hours(since: date, until: date) -> str:
    """Ask for what came of each campaign by the hour; hours without anything are left out."""
    return (
        "SELECT customer.currency_code, campaign.id, segments.date, segments.hour, "  # noqa: S608 -- checked values, no database
        "metrics.impressions, metrics.clicks, metrics.cost_micros, metrics.conversions, "
        "metrics.conversions_value FROM campaign "
        f"WHERE segments.date BETWEEN '{since:%Y-%m-%d}' AND '{until:%Y-%m-%d}'"
    )


def changes(since: str, until: str) -> str:
    """Ask who changed what, by the account's clock to the second, within the last 30 days."""
    return (
        "SELECT change_event.resource_name, change_event.change_date_time, "  # noqa: S608 -- checked values, no database
        "change_event.change_resource_type, change_event.change_resource_name, "
        "change_event.client_type, change_event.user_email, change_event.campaign, "
        "change_event.ad_group, change_event.changed_fields, change_event.old_resource, "
        "change_event.new_resource FROM change_event "
        f"WHERE change_event.change_date_time >= '{since}' "
        f"AND change_event.change_date_time <= '{until}' "
        f"ORDER BY change_event.change_date_time LIMIT {MOST_CHANGES}"
    )


def _numbers(ids: Iterable[str], what: str) -> str:
    return ", ".join(sorted({_number(one, what) for one in ids}))


def _number(text: str, what: str) -> str:
    if not (text.isascii() and text.isdigit()):
        raise Rejected(f"{what} {text!r} is no number, as Google Ads has them", field=f"{what} id")
    return text
