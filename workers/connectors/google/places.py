"""Where a value is kept on Google Ads: in which resource, by which field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from schemas.fields import Entity
from workers.connectors.errors import Rejected
from workers.connectors.google.parts import DEVICES
from workers.connectors.protocol import Lever, Ref

Message: TypeAlias = Any
"""A message of the client, which ships no types."""

TARGET_CPA_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "TARGET_CPA": "target_cpa.target_cpa_micros",
        "MAXIMIZE_CONVERSIONS": "maximize_conversions.target_cpa_micros",
    }
)
"""Of a campaign or a portfolio strategy, by the kind of strategy; others have no such target."""

TARGET_ROAS_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "TARGET_ROAS": "target_roas.target_roas",
        "MAXIMIZE_CONVERSION_VALUE": "maximize_conversion_value.target_roas",
    }
)

BID_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "MANUAL_CPC": "cpc_bid_micros",
        "ENHANCED_CPC": "cpc_bid_micros",
        "MANUAL_CPM": "cpm_bid_micros",
        "MANUAL_CPV": "cpv_bid_micros",
    }
)
"""Of an ad group, by its campaign's strategy; under others Google finds the bids by itself."""

_TARGETS: Final = {Lever.TARGET_CPA: TARGET_CPA_FIELDS, Lever.TARGET_ROAS: TARGET_ROAS_FIELDS}
AD_GROUP_TARGETS: Final[Mapping[Lever, str]] = MappingProxyType(
    {Lever.TARGET_CPA: "target_cpa_micros", Lever.TARGET_ROAS: "target_roas"}
)
_BUDGET_FIELDS: Final = {
    Lever.DAILY_BUDGET: ("DAILY", "amount_micros"),
    Lever.LIFETIME_BUDGET: ("CUSTOM_PERIOD", "total_amount_micros"),
}
MODIFIERS: Final = frozenset({Lever.DEVICE_MODIFIER, Lever.SCHEDULE_MODIFIER})


@dataclass(frozen=True, slots=True)
class Place:
    """A resource and a path in it; with whose value it is, that is the version of a state.

    A campaign that is moved to another budget or strategy has its value elsewhere, which is when a
    change that was decided before no longer means what it meant.
    """

    resource: str
    path: str
    strategy: str
    """Kind of the campaign's bidding strategy, which decides what bids and modifiers do."""
    exists: bool = True
    """False where the resource comes to be by the change."""
    zone: str = ""
    """Of the account, where a time in it is a part of the value."""

    def version(self, ref: Ref) -> str:
        """Return the version of a state of a value that is kept here."""
        how = "update" if self.exists else "create"
        kept = (_whose(ref), self.resource, self.path, self.strategy, how, self.zone)
        return " ".join(kept).rstrip()

    @staticmethod
    def of(version: str, ref: Ref) -> Place:
        """Return where a version says that a value is kept.

        Raises
        ------
        Rejected
            It is no version of this connector's, or of another value.
        """
        whose, *kept = version.split(" ")
        known = len(kept) - len(("resource", "path", "strategy", "how"))
        if whose != _whose(ref) or known not in (0, 1):
            raise Rejected("the state was not read of this value: read it, then change it")
        resource, path, strategy, how, *zone = kept
        return Place(resource, path, strategy, exists=how == "update", zone="".join(zone))

    def is_named(self, resource: str) -> bool:
        """Return whether a result names this resource: one that comes to be has Google's number."""
        if self.exists or not self.resource.endswith("/new"):
            return resource == self.resource
        return resource.startswith(self.resource.removesuffix("new"))

    @property
    def owner(self) -> str:
        """Number of the account that has the resource."""
        return self.resource.split("/")[1]

    @property
    def collection(self) -> str:
        """Kind of the resource, such as ``campaignBudgets``."""
        return self.resource.split("/")[2]


def _whose(ref: Ref) -> str:
    return f"{ref.entity.value}/{ref.entity_id}/{ref.lever.value}/{ref.part}"


def place(ref: Ref, row: Message, modifier: Message | None) -> Place | None:
    """Return where a value is kept; None: nowhere.

    ``row`` is what was read of the campaign or ad group, ``modifier`` what was read of the part.
    """
    strategy = row.campaign.bidding_strategy_type.name
    if ref.lever in MODIFIERS:
        return _of_modifier(ref, strategy, modifier)
    if ref.entity is Entity.AD_SET:
        path = _ad_group_path(ref.lever, strategy)
        return Place(row.ad_group.resource_name, path, strategy) if path else None
    if ref.lever in _BUDGET_FIELDS:
        period, path = _BUDGET_FIELDS[ref.lever]
        budget = row.campaign_budget
        kept = budget.period.name == period
        return Place(budget.resource_name, path, strategy) if kept else None
    if ref.lever is Lever.STATUS:
        return Place(row.campaign.resource_name, "status", strategy)
    target = _TARGETS[ref.lever].get(strategy)
    kept_by = row.campaign.bidding_strategy or row.campaign.resource_name
    return Place(kept_by, target, strategy) if target else None


def _ad_group_path(lever: Lever, strategy: str) -> str | None:
    if lever is Lever.STATUS:
        return "status"
    if lever is Lever.BID:
        return BID_FIELDS.get(strategy, "cpc_bid_micros")
    return AD_GROUP_TARGETS[lever] if strategy in _TARGETS[lever] else None


def _of_modifier(ref: Ref, strategy: str, modifier: Message | None) -> Place | None:
    """Return where a modifier is kept, or for a device where it comes to be.

    A stretch of the week is a person's to make: a campaign without any delivers at all times, and
    with one within it only.
    """
    if modifier is not None:
        return Place(modifier.resource_name, "bid_modifier", strategy)
    if ref.lever is Lever.SCHEDULE_MODIFIER or ref.part not in DEVICES:
        return None
    kind = "adGroupBidModifiers" if ref.entity is Entity.AD_SET else "campaignCriteria"
    number = ref.account_id.replace("-", "")
    name = f"customers/{number}/{kind}/{ref.entity_id}~{DEVICES[ref.part]}"
    return Place(name, "bid_modifier", strategy, exists=False)
