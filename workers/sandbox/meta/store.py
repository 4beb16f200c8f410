"""What Meta on loopback keeps: accounts, campaigns and ad sets, in the fields of Graph."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from schemas.fields import Entity
from workers.connectors.protocol import Ref
from workers.sandbox.meta.activities import activity
from workers.sandbox.meta.currencies import OFFSETS
from workers.sandbox.meta.levers import BUDGETS, decoded, encoded, lever_of
from workers.sandbox.meta.quota import BudgetQuota
from workers.sandbox.platform import Effect

_LEAST: Final = {
    "CLICKS": "min_daily_budget_high_freq",
    "THRUPLAY": "min_daily_budget_video_views",
    "APP_INSTALLS": "min_daily_budget_low_freq",
}
"""By what an ad set is billed for; by impressions otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """An hour of an ad set, as it is told from a moment on."""

    account_id: str
    ad_set_id: str
    day: date
    hour: int
    since: datetime
    metrics: Mapping[str, Any]
    """By Graph's names, values as texts."""


class Store:
    """All that is in force."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.accounts: dict[str, dict[str, Any]] = {}
        self.minimums: dict[str, list[dict[str, Any]]] = {}
        """By account, the rows of ``minimum_budgets``."""
        self.entities: dict[str, dict[str, Any]] = {}
        self.before: dict[str, dict[str, Any]] = {}
        self.effects: list[Effect] = []
        self.reported: list[Reported] = []
        self.activities: dict[str, list[dict[str, Any]]] = {}
        self.quota = BudgetQuota(now)
        self._tags = itertools.count(1)

    def add_account(
        self, account_id: str, currency: str, timezone: str = "Europe/Zurich", minimum: int = 100
    ) -> None:
        """Add an account.

        ``minimum`` is the least daily budget of ad sets that are billed by impressions, in Meta's
        units; by clicks and views it is five times as much, by rare actions forty times.
        """
        self.accounts[account_id] = {
            "id": f"act_{account_id}",
            "name": f"Account {account_id}",
            "currency": currency,
            "timezone_name": timezone,
        }
        own = {"USD": 100} | {currency: minimum}
        self.minimums[account_id] = [_least(name, of_views) for name, of_views in own.items()]

    def add_campaign(self, account_id: str, campaign_id: str, **fields: object) -> None:
        """Add a campaign that delivers, with further fields as Graph has them."""
        self._add(account_id, campaign_id, fields)

    def add_ad_set(
        self, account_id: str, ad_set_id: str, campaign_id: str, **fields: object
    ) -> None:
        """Add an ad set that delivers, with further fields as Graph has them."""
        own = {"campaign_id": campaign_id, "billing_event": "IMPRESSIONS"}
        self._add(account_id, ad_set_id, {**own, **fields})

    def _add(self, account_id: str, entity_id: str, fields: Mapping[str, object]) -> None:
        # Who has one of the two budgets tells the other one as nought, who has none tells neither.
        budgets = dict.fromkeys(BUDGETS, "0") if fields.keys() & set(BUDGETS) else {}
        self.entities[entity_id] = {
            "id": entity_id,
            "account_id": account_id,
            "status": "ACTIVE",
            "updated_time": str(next(self._tags)),
            **budgets,
            **fields,
        }

    def told(self, entity_id: str, *, stale: bool = False) -> dict[str, Any]:
        """Return an entity as a read tells it, an ad set with its campaign."""
        body = dict((stale and self.before.get(entity_id)) or self.entities[entity_id])
        effective = body["status"]
        if "campaign_id" in body:
            campaign = self.entities[body["campaign_id"]]
            body["campaign"] = campaign
            above = {"PAUSED": "CAMPAIGN_PAUSED"}.get(campaign["status"], campaign["status"])
            effective = above if effective == "ACTIVE" else effective
        return {"effective_status": effective, **body}

    def least(self, body: Mapping[str, Any]) -> int:
        """Return the least daily budget of an entity, in Meta's units."""
        account_id = body["account_id"]
        currency = self.accounts[account_id]["currency"]
        row = next(row for row in self.minimums[account_id] if row["currency"] == currency)
        return int(row[_LEAST.get(body.get("billing_event", ""), "min_daily_budget_imp")])

    def value(self, ref: Ref) -> Decimal | None:
        """Return what is in force; KeyError if there is no such entity."""
        return decoded(self.told(ref.entity_id), ref.lever, self.offset_of(ref.entity_id))

    def set_field(self, entity_id: str, field: str, held: object, *, by: Mapping[str, str]) -> None:
        """Set a field of an entity; ``by`` is who did, as the history has it."""
        ref = self._ref(entity_id, field)
        before = self.value(ref)
        old = self.entities[entity_id]
        self.before[entity_id] = old
        self.entities[entity_id] = {**old, field: held, "updated_time": str(next(self._tags))}
        after = self.value(ref)
        if field in BUDGETS and ref.entity is Entity.AD_SET:
            self.quota.count(entity_id)
        self.effects.append(
            Effect(
                ref=ref,
                before=before,
                after=Decimal(0) if after is None else after,
                at=self.now(),
                by_person="application_id" not in by,
            )
        )
        row = activity(ref, field, (old.get(field), held), self._currency(entity_id))
        rows = self.activities.setdefault(ref.account_id, [])
        rows.append({**row, "event_time": self.now().strftime("%Y-%m-%dT%H:%M:%S%z"), **by})

    def edit(self, ref: Ref, target: Decimal) -> None:
        """Set a value as a person does."""
        field, held = encoded(ref.lever, target, self.offset_of(ref.entity_id))
        person = {"actor_id": "31", "actor_name": "Jane", "application_name": "Ads Manager"}
        self.set_field(ref.entity_id, field, held, by=person)

    def _ref(self, entity_id: str, field: str) -> Ref:
        body = self.told(entity_id)
        return Ref(
            account_id=body["account_id"],
            entity=Entity.AD_SET if "campaign_id" in body else Entity.CAMPAIGN,
            entity_id=entity_id,
            lever=lever_of(field, body),
        )

    def _currency(self, entity_id: str) -> str:
        return str(self.accounts[self.entities[entity_id]["account_id"]]["currency"])

    def offset_of(self, entity_id: str) -> int:
        """Return how many of Meta's units are one of the currency's."""
        # Of other currencies Meta has no accounts; simulated worlds have some.
        return OFFSETS.get(self._currency(entity_id), 100)

    def report(self, account_id: str, since: date, until: date) -> list[dict[str, Any]]:
        """Return the hours of days, each as it is told by now."""
        told: dict[tuple[str, date, int], dict[str, Any]] = {}
        for row in sorted(self.reported, key=lambda row: row.since):
            if row.account_id != account_id or row.since > self.now():
                continue
            if since <= row.day <= until:
                told[row.ad_set_id, row.day, row.hour] = {
                    "campaign_id": self.entities[row.ad_set_id]["campaign_id"],
                    "adset_id": row.ad_set_id,
                    "date_start": row.day.isoformat(),
                    "hourly_stats_aggregated_by_advertiser_time_zone": (
                        f"{row.hour:02}:00:00 - {row.hour:02}:59:59"
                    ),
                    **row.metrics,
                }
        return list(told.values())


def _least(currency: str, of_views: int) -> dict[str, Any]:
    return {
        "currency": currency,
        "min_daily_budget_imp": of_views,
        "min_daily_budget_video_views": 5 * of_views,
        "min_daily_budget_high_freq": 5 * of_views,
        "min_daily_budget_low_freq": 40 * of_views,
    }
