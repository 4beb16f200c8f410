"""What Meta on loopback keeps: accounts, campaigns and ad sets, in the fields of Graph."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from workers.connectors.meta.units import offset
from workers.connectors.meta.values import value, wire_value
from workers.connectors.protocol import Lever, Ref
from workers.sandbox.platform import Effect


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
        self.entities: dict[str, dict[str, Any]] = {}
        self.before: dict[str, dict[str, Any]] = {}
        self.effects: list[Effect] = []
        self.reported: list[Reported] = []
        self.activities: dict[str, list[dict[str, Any]]] = {}
        self._tags = itertools.count(1)

    def add_account(
        self, account_id: str, currency: str, timezone: str = "Europe/Zurich", minimum: int = 100
    ) -> None:
        """Add an account; ``minimum`` of daily budgets is in Meta's units."""
        self.accounts[account_id] = {
            "id": f"act_{account_id}",
            "name": f"Account {account_id}",
            "currency": currency,
            "timezone_name": timezone,
            "min_daily_budget": minimum,
        }

    def add_campaign(self, account_id: str, campaign_id: str, **fields: object) -> None:
        """Add a campaign that delivers, with further fields as Graph has them."""
        self._add(account_id, campaign_id, fields)

    def add_ad_set(
        self, account_id: str, ad_set_id: str, campaign_id: str, **fields: object
    ) -> None:
        """Add an ad set that delivers, with further fields as Graph has them."""
        self._add(account_id, ad_set_id, {"campaign_id": campaign_id, **fields})

    def _add(self, account_id: str, entity_id: str, fields: Mapping[str, object]) -> None:
        self.entities[entity_id] = {
            "id": entity_id,
            "account_id": account_id,
            "status": "ACTIVE",
            "updated_time": str(next(self._tags)),
            **fields,
        }

    def told(self, entity_id: str, *, stale: bool = False) -> dict[str, Any]:
        """Return an entity as a read tells it."""
        body = dict((stale and self.before.get(entity_id)) or self.entities[entity_id])
        body.setdefault("effective_status", body["status"])
        campaign = self.entities.get(body.get("campaign_id", ""))
        return {**body, "campaign": campaign} if campaign else body

    def currency(self, entity_id: str) -> str:
        """Return the currency of an entity's account."""
        return str(self.accounts[self.entities[entity_id]["account_id"]]["currency"])

    def value(self, ref: Ref) -> Decimal | None:
        """Return what is in force; KeyError if there is no such entity."""
        return value(self.told(ref.entity_id), ref.lever, self.currency(ref.entity_id))

    def set_field(self, ref: Ref, field: str, wire: object, *, by_person: bool = False) -> None:
        """Set a field of an entity."""
        before = self.value(ref)
        old = self.entities[ref.entity_id]
        self.before[ref.entity_id] = old
        self.entities[ref.entity_id] = {**old, field: wire, "updated_time": str(next(self._tags))}
        after = self.value(ref)
        self.effects.append(
            Effect(
                ref=ref,
                before=before,
                after=Decimal(0) if after is None else after,
                at=self.now(),
                by_person=by_person,
            )
        )
        self._tell(ref, (before, after), "" if by_person else "app")

    def _tell(self, ref: Ref, values: tuple[Decimal | None, Decimal | None], app: str) -> None:
        if ref.lever is not Lever.DAILY_BUDGET and ref.lever is not Lever.BID:
            return
        kind = "bidding" if ref.lever is Lever.BID else "budget"
        units = offset(self.currency(ref.entity_id))
        old, new = (None if found is None else int(found * units) for found in values)
        row = {
            "event_type": f"update_{ref.entity}_{kind}",
            "event_time": self.now().isoformat(),
            "actor_name": "Our user" if app else "Jane",
            "application_id": app,
            "object_id": ref.entity_id,
            "extra_data": json.dumps({"old_value": old, "new_value": new}),
        }
        self.activities.setdefault(ref.account_id, []).append(row)

    def edit(self, ref: Ref, target: Decimal) -> None:
        """Set a value as a person does."""
        field, wire = wire_value(ref.lever, target, self.currency(ref.entity_id))
        held = json.loads(wire) if field == "bid_constraints" else wire
        self.set_field(ref, field, held, by_person=True)

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
