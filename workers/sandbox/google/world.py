"""Accounts, budgets, campaigns and ad groups on loopback, and everything that was set."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias

from schemas.fields import Entity
from workers.connectors.protocol import Lever, Ref
from workers.sandbox.platform import Effect

Row: TypeAlias = dict[str, Any]
"""Of a query, or of a resource: names of fields to values or to further rows."""

OPERATOR: Final = "pacekeeper@example.com"
"""User that the credentials are of."""
PERSON: Final = "person@example.com"

_KINDS: Final = {
    "campaignBudgets": "campaign_budget",
    "campaigns": "campaign",
    "adGroups": "ad_group",
}
_MONEY: Final = frozenset({Lever.DAILY_BUDGET, Lever.LIFETIME_BUDGET, Lever.BID, Lever.TARGET_CPA})
_CAMPAIGN_PATHS: Final[Mapping[tuple[Lever, str], str]] = {
    (Lever.TARGET_CPA, "TARGET_CPA"): "target_cpa.target_cpa_micros",
    (Lever.TARGET_CPA, "MAXIMIZE_CONVERSIONS"): "maximize_conversions.target_cpa_micros",
    (Lever.TARGET_ROAS, "TARGET_ROAS"): "target_roas.target_roas",
    (Lever.TARGET_ROAS, "MAXIMIZE_CONVERSION_VALUE"): "maximize_conversion_value.target_roas",
}
_AD_GROUP_PATHS: Final[Mapping[Lever, str]] = {
    Lever.BID: "cpc_bid_micros",
    Lever.TARGET_CPA: "target_cpa_micros",
    Lever.TARGET_ROAS: "target_roas",
    Lever.STATUS: "status",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxAccount:
    """An account; amounts in millionths of its currency."""

    account_id: str
    currency: str = "EUR"
    timezone: str = "Europe/Berlin"
    billable_unit_micros: int = 10_000
    minimum_daily_micros: int = 1_000_000
    name: str = "Loopback"


@dataclass(slots=True)
class World:
    """What is in force; ``resources`` by resource name, ``hours`` the rows of reports."""

    accounts: dict[str, SandboxAccount] = field(default_factory=dict)
    resources: dict[str, Row] = field(default_factory=dict)
    before: dict[str, Row] = field(default_factory=dict)
    """As it was before the last change, for reads that are late."""
    effects: list[Effect] = field(default_factory=list)
    events: list[tuple[str, Row]] = field(default_factory=list)
    hours: list[tuple[str, datetime, Row]] = field(default_factory=list)
    """Of an account, told from a time on; a later row of the same hour restates it."""

    def add_campaign(
        self, account_id: str, number: str, *, strategy: str = "MANUAL_CPC", **budget: object
    ) -> None:
        """Add a campaign with a budget of the same number: 10 a day unless told otherwise."""
        told = {"period": "DAILY", "amount_micros": 10_000_000, "reference_count": 1} | budget
        root = f"customers/{account_id}"
        name = f"{root}/campaignBudgets/{number}"
        self.resources[name] = {"resource_name": name, **told}
        campaign = f"{root}/campaigns/{number}"
        self.resources[campaign] = {
            "resource_name": campaign,
            "id": int(number),
            "status": "ENABLED",
            "bidding_strategy_type": strategy,
            "campaign_budget": name,
        }

    def add_ad_group(self, account_id: str, campaign: str, number: str) -> None:
        """Add an ad group with a bid of 1."""
        name = f"customers/{account_id}/adGroups/{number}"
        self.resources[name] = {
            "resource_name": name,
            "id": int(number),
            "status": "ENABLED",
            "cpc_bid_micros": 1_000_000,
            "campaign": f"customers/{account_id}/campaigns/{campaign}",
        }

    def place(self, ref: Ref) -> tuple[str, str]:
        """Return the resource and the path of a value; raise `KeyError` where there is none."""
        root = f"customers/{ref.account_id.replace('-', '')}"
        if ref.entity is Entity.AD_SET:
            return self._known(f"{root}/adGroups/{ref.entity_id}"), _AD_GROUP_PATHS[ref.lever]
        campaign = self._known(f"{root}/campaigns/{ref.entity_id}")
        row = self.resources[campaign]
        if ref.lever is Lever.STATUS:
            return campaign, "status"
        if ref.lever is Lever.DAILY_BUDGET:
            return str(row["campaign_budget"]), "amount_micros"
        if ref.lever is Lever.LIFETIME_BUDGET:
            return str(row["campaign_budget"]), "total_amount_micros"
        return campaign, _CAMPAIGN_PATHS[ref.lever, row["bidding_strategy_type"]]

    def _known(self, name: str) -> str:
        self.resources[name]
        return name

    def value(self, ref: Ref) -> Decimal | None:
        """Return what is in force."""
        name, path = self.place(ref)
        return _value(ref.lever, held(self.resources[name], path))

    def edit(self, ref: Ref, value: Decimal) -> None:
        """Set a value as a person does."""
        name, path = self.place(ref)
        raw: object = float(value)
        if ref.lever in _MONEY:
            raw = int(value * 1_000_000)
        elif ref.lever is Lever.STATUS:
            raw = "ENABLED" if value else "PAUSED"
        self.put(name, path, raw, by_person=True)

    def put(self, name: str, path: str, raw: object, *, by_person: bool) -> None:
        """Set a field, and keep what it was, who did it and when."""
        self.before = copy.deepcopy(self.resources)
        ref = self._ref(name, path)
        old = self.value(ref)
        put_at(self.resources[name], path, raw)
        new = self.value(ref) or Decimal(0)
        now = datetime.now(UTC)
        self.effects.append(Effect(ref=ref, before=old, after=new, at=now, by_person=by_person))
        self.events.append((ref.account_id, self._event(name, path, now, by_person=by_person)))

    def _ref(self, name: str, path: str) -> Ref:
        for ref in self.refs():
            if self.place(ref) == (name, path):
                return ref
        raise KeyError(f"{name} {path}")

    def refs(self) -> Iterator[Ref]:
        """Yield every value that can be set."""
        for name in self.resources:
            _, account, kind, number = name.split("/")
            if kind == "campaignBudgets":
                continue
            entity = Entity.AD_SET if kind == "adGroups" else Entity.CAMPAIGN
            for lever in Lever:
                ref = Ref(account_id=account, entity=entity, entity_id=number, lever=lever)
                try:
                    self.place(ref)
                except KeyError:
                    continue
                yield ref

    def _event(self, name: str, path: str, now: datetime, *, by_person: bool) -> Row:
        ref, kind = self._ref(name, path), name.split("/")[2]
        old: Row = {}
        new: Row = {}
        put_at(old, path, held(self.before[name], path))
        put_at(new, path, held(self.resources[name], path))
        owner = "ad_group" if ref.entity is Entity.AD_SET else "campaign"
        plural = "adGroups" if ref.entity is Entity.AD_SET else "campaigns"
        return {
            "at": now,
            "change_resource_type": _KINDS[kind].upper(),
            "client_type": "GOOGLE_ADS_WEB_CLIENT" if by_person else "GOOGLE_ADS_API",
            "user_email": PERSON if by_person else OPERATOR,
            owner: f"customers/{ref.account_id}/{plural}/{ref.entity_id}",
            "changed_fields": {"paths": [path]},
            "old_resource": {_KINDS[kind]: old},
            "new_resource": {_KINDS[kind]: new},
        }


def held(row: Row, path: str) -> Any:  # noqa: ANN401 -- as many kinds as fields have
    """Return what a row holds at a dotted path; None where nothing is."""
    value: Any = row
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def put_at(row: Row, path: str, value: object) -> None:
    """Set what a row holds at a dotted path."""
    *parents, last = path.split(".")
    for name in parents:
        row = row.setdefault(name, {})
    row[last] = value


def _value(lever: Lever, raw: Any) -> Decimal | None:  # noqa: ANN401 -- as many kinds as fields have
    if lever is Lever.STATUS:
        return Decimal(int(raw == "ENABLED"))
    if not raw:
        return None
    return Decimal(raw) / 1_000_000 if lever in _MONEY else Decimal(str(raw))
