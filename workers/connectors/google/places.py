"""Where a value is kept on Google Ads: in which resource, by which field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from schemas.fields import Entity
from workers.connectors.amounts import MONEY
from workers.connectors.errors import Rejected
from workers.connectors.google.units import from_micros, to_micros
from workers.connectors.protocol import Lever, Ref

Message: TypeAlias = Any
"""A message of the client, which ships no types."""

TARGET_CPA_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "TARGET_CPA": "target_cpa.target_cpa_micros",
        "MAXIMIZE_CONVERSIONS": "maximize_conversions.target_cpa_micros",
    }
)
"""Of a campaign, by its bidding strategy; the others have no such target."""

TARGET_ROAS_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "TARGET_ROAS": "target_roas.target_roas",
        "MAXIMIZE_CONVERSION_VALUE": "maximize_conversion_value.target_roas",
    }
)

AD_GROUP_FIELDS: Final[Mapping[Lever, str]] = MappingProxyType(
    {
        Lever.BID: "cpc_bid_micros",
        Lever.TARGET_CPA: "target_cpa_micros",
        Lever.TARGET_ROAS: "target_roas",
        Lever.STATUS: "status",
    }
)
_BUDGET_FIELDS: Final = {
    Lever.DAILY_BUDGET: ("DAILY", "amount_micros"),
    Lever.LIFETIME_BUDGET: ("CUSTOM_PERIOD", "total_amount_micros"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A resource and a path in it; with whose value it is, that is the version of a state.

    A campaign that is moved to another budget or strategy has its value elsewhere, which is when a
    change that was decided before no longer means what it meant.
    """

    resource: str
    path: str

    def version(self, ref: Ref) -> str:
        """Return the version of a state of a value that is kept here."""
        return f"{ref.entity.value}/{ref.entity_id} {self.resource} {self.path}"

    @staticmethod
    def of(version: str, ref: Ref) -> Place:
        """Return where a version says that a value is kept.

        Raises
        ------
        Rejected
            It is no version of this connector's, or of another entity's value.
        """
        whose, _, kept = version.partition(" ")
        resource, _, path = kept.partition(" ")
        if whose != f"{ref.entity.value}/{ref.entity_id}" or not path:
            raise Rejected("the state was not read of this entity: read it, then change it")
        return Place(resource, path)

    @property
    def collection(self) -> str:
        """Kind of the resource, such as ``campaignBudgets``."""
        return self.resource.split("/")[2]


def place(ref: Ref, row: Message) -> Place | None:
    """Return where a value is kept by what was read of its campaign or ad group; None: nowhere."""
    if ref.entity is Entity.AD_SET:
        path = AD_GROUP_FIELDS.get(ref.lever)
        return Place(row.ad_group.resource_name, path) if path else None
    if ref.lever in _BUDGET_FIELDS:
        period, path = _BUDGET_FIELDS[ref.lever]
        budget = row.campaign_budget
        return Place(budget.resource_name, path) if budget.period.name == period else None
    path = _campaign_path(ref.lever, row.campaign.bidding_strategy_type.name)
    return Place(row.campaign.resource_name, path) if path else None


def _campaign_path(lever: Lever, strategy: str) -> str | None:
    if lever is Lever.STATUS:
        return "status"
    fields = {Lever.TARGET_CPA: TARGET_CPA_FIELDS, Lever.TARGET_ROAS: TARGET_ROAS_FIELDS}
    return fields.get(lever, {}).get(strategy)


def at(message: Message, path: str) -> Message:
    """Return what a message holds at a dotted path."""
    for name in path.split("."):
        message = getattr(message, name)
    return message


def told(lever: Lever, raw: Message) -> Decimal | None:
    """Return a value from the platform's form; zero is none set, except of a status."""
    if lever is Lever.STATUS:
        return Decimal(int(raw.name == "ENABLED"))
    if not raw:
        return None
    return from_micros(raw) if lever in MONEY else Decimal(str(raw))


def wire_value(lever: Lever, value: Decimal) -> int | float | str:
    """Return a value in the platform's form; raise `Rejected` where it has none."""
    if lever in MONEY:
        return to_micros(value)
    if lever is Lever.STATUS and value in (0, 1):
        return "ENABLED" if value else "PAUSED"
    if lever is Lever.TARGET_ROAS and value.is_finite() and value > 0:
        return float(value)
    raise Rejected(f"{lever} cannot be set to {value}: it is outside what the lever takes")
