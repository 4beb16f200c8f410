"""Accounts, budgets, campaigns and ad groups on loopback, and everything that was set."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from schemas.fields import Entity
from workers.connectors.protocol import Lever, Ref
from workers.sandbox.google import seasons
from workers.sandbox.google.kept import (
    Row,
    device_modifier,
    held,
    place,
    put_at,
    raw_of,
    refs,
    value_of,
)
from workers.sandbox.platform import Effect

OPERATOR: Final = "pacekeeper@example.com"
"""User that the credentials are of."""
PERSON: Final = "person@example.com"

_KINDS: Final = {
    "campaignBudgets": "campaign_budget",
    "campaigns": "campaign",
    "adGroups": "ad_group",
    "campaignCriteria": "campaign_criterion",
    "adGroupBidModifiers": "ad_group_bid_modifier",
}
"""Whose changes are told of; those of portfolio strategies are not."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who sets a value: an address, and the client by its name in the history."""

    email: str
    client: str


API: Final = Author(OPERATOR, "GOOGLE_ADS_API")
"""Whoever speaks to loopback by the interface."""
AT_THE_PAGES: Final = Author(PERSON, "GOOGLE_ADS_WEB_CLIENT")


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxAccount:
    """An account; amounts in millionths of its currency."""

    account_id: str
    currency: str = "EUR"
    timezone: str = "Europe/Berlin"
    billable_unit_micros: int = 10_000
    minimum_daily_micros: int = 1_000_000
    name: str = "Loopback"
    trouble: str = ""
    """By which code every request is refused, such as ``authorization_error/MISSING_TOS``."""


@dataclass(slots=True)
class World:
    """What is in force; ``resources`` by resource name, ``hours`` the rows of reports."""

    accounts: dict[str, SandboxAccount] = field(default_factory=dict)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
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
        self._add(name, **told)
        self._add(
            f"{root}/campaigns/{number}",
            id=int(number),
            status="ENABLED",
            bidding_strategy_type=strategy,
            campaign_budget=name,
        )

    def add_ad_group(self, account_id: str, campaign: str, number: str) -> None:
        """Add an ad group with a bid of 1."""
        self._add(
            f"customers/{account_id}/adGroups/{number}",
            id=int(number),
            status="ENABLED",
            cpc_bid_micros=1_000_000,
            campaign=f"customers/{account_id}/campaigns/{campaign}",
        )

    def add_schedule(self, account_id: str, campaign: str, number: str, **schedule: object) -> None:
        """Add a stretch of the week that a campaign delivers in, with no modifier."""
        whole = {"start_minute": "ZERO", "end_minute": "ZERO"}
        self._add(
            f"customers/{account_id}/campaignCriteria/{campaign}~{number}",
            criterion_id=int(number),
            campaign=f"customers/{account_id}/campaigns/{campaign}",
            type="AD_SCHEDULE",
            ad_schedule=whole | schedule,
        )

    def add_portfolio(self, owner: str, number: str, *campaigns: str) -> None:
        """Let campaigns, by their resources' names, bid by one strategy that ``owner`` has."""
        name = f"customers/{owner}/biddingStrategies/{number}"
        self._add(name, id=int(number), non_removed_campaign_count=len(campaigns))
        for campaign in campaigns:
            self.resources[campaign]["bidding_strategy"] = name

    def remove(self, account_id: str, campaign: str) -> None:
        """Remove a campaign, and with it the budget that is its own."""
        row = self.resources[f"customers/{account_id}/campaigns/{campaign}"]
        row["status"] = self.resources[row["campaign_budget"]]["status"] = "REMOVED"

    def _add(self, name: str, **told: object) -> None:
        self.resources[name] = {"resource_name": name, **told}

    def value(self, ref: Ref) -> Decimal | None:
        """Return what is in force."""
        if ref.lever is Lever.SEASONALITY:
            return seasons.factor_for(self.resources, self._zone(ref.account_id), ref)
        name, path = place(self.resources, ref)
        return value_of(ref.lever, held(self.resources.get(name, {}), path))

    def edit(self, ref: Ref, value: Decimal, by: Author = AT_THE_PAGES) -> None:
        """Set a value as a person does, or another program."""
        if ref.lever is Lever.SEASONALITY:
            made = seasons.by_hand(self.resources, self._zone(ref.account_id), ref, value)
            self.put_season(*made, by=by)
            return
        name, path = place(self.resources, ref)
        self.put(name, path, raw_of(ref.lever, value), by=by)

    def put(self, name: str, path: str, raw: object, *, by: Author) -> None:
        """Set a field, and keep what it was, who did it and when."""
        self.before = copy.deepcopy(self.resources)
        ref = self._ref(name, path)
        old = self.value(ref)
        if name not in self.resources:
            self.resources[name] = device_modifier(name)
        put_at(self.resources[name], path, raw)
        new = self.value(ref) or Decimal(0)
        now = self.now()
        self.effects.append(Effect(ref=ref, before=old, after=new, at=now, by_person=by != API))
        kind = name.split("/")[2]
        if kind in _KINDS:
            event = self._event(ref, name, path, by) | {"at": now}
            self.events.append((ref.account_id, event))

    def put_season(self, name: str, row: object, *, by: Author) -> None:
        """Make a seasonality adjustment, change it, or remove it where ``row`` is None."""
        told = row if isinstance(row, dict) else self.resources[name]
        zone = self._zone(name.split("/")[1])
        ref = seasons.ref_of(told, zone)
        self.before, old = copy.deepcopy(self.resources), self.value(ref)
        if row is None:
            del self.resources[name]
        else:
            self.resources[name] = {**told, "resource_name": name}
        new, now = seasons.factor_for(self.resources, zone, ref), datetime.now(UTC)
        self.effects.append(Effect(ref=ref, before=old, after=new, at=now, by_person=by != API))

    def _zone(self, account: str) -> ZoneInfo:
        return ZoneInfo(self.accounts[account.replace("-", "")].timezone)

    def _ref(self, name: str, path: str) -> Ref:
        for ref in refs(self.resources):
            if place(self.resources, ref) == (name, path):
                return ref
        raise KeyError(f"{name} {path}")

    def _event(self, ref: Ref, name: str, path: str, by: Author) -> Row:
        kind = _KINDS[name.split("/")[2]]
        old: Row = {}
        new: Row = {}
        put_at(old, path, held(self.before.get(name, {}), path))
        put_at(new, path, held(self.resources[name], path))
        campaign = f"customers/{ref.account_id}/campaigns/{ref.entity_id}"
        group = f"customers/{ref.account_id}/adGroups/{ref.entity_id}"
        owners = {"campaign": campaign}
        if ref.entity is Entity.AD_SET:
            owners = {"campaign": self.resources[group]["campaign"], "ad_group": group}
        return {
            **owners,
            "change_resource_type": kind.upper(),
            "change_resource_name": name,
            "client_type": by.client,
            "user_email": by.email,
            "changed_fields": {"paths": [path]},
            "old_resource": {kind: old},
            "new_resource": {kind: new},
        }
