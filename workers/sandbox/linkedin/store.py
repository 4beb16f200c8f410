"""What LinkedIn on loopback keeps: accounts, groups, campaigns, limits, reports, tokens."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from workers.connectors.protocol import Lever, Ref
from workers.sandbox.platform import Effect

FIELDS = {
    Lever.DAILY_BUDGET: "dailyBudget",
    Lever.LIFETIME_BUDGET: "totalBudget",
    Lever.BID: "unitCost",
    Lever.STATUS: "status",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What a report tells of a campaign's UTC day, from the moment on from which it tells it."""

    account_id: str
    campaign_id: str
    day: date
    since: datetime
    metrics: Mapping[str, Any]


@dataclass(slots=True)
class Store:
    """All that survives a restart; amounts are kept as LinkedIn tells them."""

    now: Callable[[], datetime]
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    campaigns: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    limits: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By account: an element of adBudgetPricing."""
    reported: list[Reported] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    before: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    """Each campaign as it was before its last change, for stale reads."""
    _tags: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def add_account(self, account_id: str, currency: str) -> None:
        """Add an account."""
        self.accounts[account_id] = {
            "id": int(account_id),
            "name": f"Account {account_id}",
            "currency": currency,
            "status": "ACTIVE",
        }

    def add_group(
        self, account_id: str, group_id: str, *, dynamic: bool = False, **fields: object
    ) -> None:
        """Add a campaign group; a dynamic one owns the budget of its campaigns."""
        strategy = {"budgetOptimization": {"budgetOptimizationStrategy": "DYNAMIC"}}
        self.groups[account_id, group_id] = {
            "id": int(group_id),
            "status": "ACTIVE",
            **(strategy if dynamic else {}),
            **fields,
        }

    def add_campaign(self, account_id: str, campaign_id: str, **fields: object) -> None:
        """Add a campaign that delivers, with further fields as LinkedIn has them."""
        self.campaigns[account_id, campaign_id] = {
            "id": int(campaign_id),
            "status": "ACTIVE",
            "type": "SPONSORED_UPDATES",
            "costType": "CPC",
            "version": {"versionTag": str(next(self._tags))},
            **fields,
        }

    def value(self, ref: Ref) -> Decimal | None:
        """Return what is in force; KeyError if there is no such campaign."""
        return _value(self.campaigns[ref.account_id, ref.entity_id], ref.lever)

    def set_value(self, ref: Ref, wire: object, *, by_person: bool = False) -> None:
        """Set a field of a campaign to what came over the wire."""
        key = (ref.account_id, ref.entity_id)
        old = self.campaigns[key]
        new = {**old, FIELDS[ref.lever]: wire, "version": {"versionTag": str(next(self._tags))}}
        after = _value(new, ref.lever)
        self.before[key], self.campaigns[key] = old, new
        self.effects.append(
            Effect(
                ref=ref,
                before=_value(old, ref.lever),
                after=Decimal(0) if after is None else after,
                at=self.now(),
                by_person=by_person,
            )
        )

    def edit(self, ref: Ref, value: Decimal) -> None:
        """Set a value as a person does."""
        wire: object = {
            "amount": format(value, "f"),
            "currencyCode": self.accounts[ref.account_id]["currency"],
        }
        if ref.lever is Lever.STATUS:
            wire = "ACTIVE" if value else "PAUSED"
        self.set_value(ref, wire, by_person=True)

    def report(self, account_id: str, since: date, until: date) -> list[dict[str, Any]]:
        """Return the elements of a report of days, each as it is told by now."""
        told: dict[tuple[str, date], Reported] = {}
        for row in sorted(self.reported, key=lambda row: row.since):
            known = row.account_id == account_id and row.since <= self.now()
            if known and since <= row.day <= until:
                told[row.campaign_id, row.day] = row
        return [_element(row) for row in told.values()]


def _value(campaign: Mapping[str, Any], lever: Lever) -> Decimal | None:
    found = campaign.get(FIELDS[lever])
    if lever is Lever.STATUS:
        return Decimal(int(found == "ACTIVE"))
    return None if found is None else Decimal(found["amount"])


def _element(row: Reported) -> dict[str, Any]:
    day = {"year": row.day.year, "month": row.day.month, "day": row.day.day}
    return {
        "dateRange": {"start": day, "end": day},
        "pivotValues": [f"urn:li:sponsoredCampaign:{row.campaign_id}"],
        **row.metrics,
    }
