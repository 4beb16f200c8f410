"""High-demand periods on loopback: more budget for a stretch of time, under ids of their own."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from aiohttp import web

from schemas.fields import Entity
from workers.connectors.protocol import Lever, Ref
from workers.sandbox.meta.faulty import refused
from workers.sandbox.meta.store import Store
from workers.sandbox.platform import Effect

EDGE: Final = "budget_schedules"
_QUARTER: Final = 15 * 60
_AMOUNTS: Final = ("budget_value", "time_start", "time_end")


class Periods:
    """All periods of all entities, and what is answered to requests about them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.rows: dict[str, dict[str, Any]] = {}
        """By id, as the edge tells them, and whose each is."""
        self._before: dict[str, dict[str, Any]] = {}
        self._ids = itertools.count(900_001)

    def of(self, entity_id: str, *, stale: bool) -> list[dict[str, Any]]:
        """Return the periods of an entity as a read tells them."""
        rows = self._before if stale else self.rows
        mine = [row for row in rows.values() if row["ad_object_id"] == entity_id]
        return [
            {**row, "time_start": _text(row["time_start"]), "time_end": _text(row["time_end"])}
            for row in mine
        ]

    def value(self, ref: Ref, offset: int) -> Decimal:
        """Return by how much a day's budget is higher in a stretch, all in all."""
        span = tuple(int(datetime.fromisoformat(each).timestamp()) for each in ref.part.split("/"))
        found = (
            row["budget_value"]
            for row in self.rows.values()
            if row["ad_object_id"] == ref.entity_id
            and (row["time_start"], row["time_end"]) == span
            and row["budget_value_type"] == "ABSOLUTE"
        )
        return Decimal(sum(found)) / offset

    def make(self, entity_id: str, form: Mapping[str, str]) -> web.Response:
        """Return the answer to who makes a period."""
        refusal = self._refusal(entity_id, form)
        if refusal is not None:
            return refusal
        period = str(next(self._ids))
        self._put(period, entity_id, self._read(form))
        return web.json_response({"id": period})

    def change(self, method: str, period: str, form: Mapping[str, str]) -> web.Response:
        """Return the answer to who changes a period or deletes it."""
        entity_id = self.rows[period]["ad_object_id"]
        if method == "DELETE":
            self._put(period, entity_id, None)
            return web.json_response({"success": True})
        refusal = self._refusal(entity_id, form)
        if refusal is None:
            self._put(period, entity_id, self._read(form))
        return refusal or web.json_response({"success": True})

    def edit(self, ref: Ref, value: Decimal, offset: int) -> None:
        """Set the increase of a stretch as a person does."""
        start, end = (int(datetime.fromisoformat(each).timestamp()) for each in ref.part.split("/"))
        row = {
            "time_start": start,
            "time_end": end,
            "budget_value": int(value * offset),
            "budget_value_type": "ABSOLUTE",
        }
        same = [
            period
            for period, each in self.rows.items()
            if each["ad_object_id"] == ref.entity_id
            and (each["time_start"], each["time_end"]) == (start, end)
        ]
        self._put((same or [str(next(self._ids))])[0], ref.entity_id, row, by_person=True)

    def _put(
        self, period: str, entity_id: str, row: dict[str, Any] | None, *, by_person: bool = False
    ) -> None:
        told = row or self.rows[period]
        ref, offset = self._ref(entity_id, told), self._store.offset_of(entity_id)
        self._before, before = copy.deepcopy(self.rows), self.value(ref, offset)
        if row is None:
            del self.rows[period]
        else:
            self.rows[period] = {"id": period, "ad_object_id": entity_id, **row}
        after = self.value(ref, offset)
        now = self._store.now()
        effect = Effect(ref=ref, before=before, after=after, at=now, by_person=by_person)
        self._store.effects.append(effect)

    def _ref(self, entity_id: str, row: Mapping[str, Any]) -> Ref:
        body = self._store.told(entity_id)
        times = (datetime.fromtimestamp(row[name], UTC) for name in ("time_start", "time_end"))
        return Ref(
            account_id=body["account_id"],
            entity=Entity.AD_SET if "campaign_id" in body else Entity.CAMPAIGN,
            entity_id=entity_id,
            lever=Lever.BUDGET_INCREASE,
            part="/".join(f"{time:%Y-%m-%dT%H:%MZ}" for time in times),
        )

    def _refusal(self, entity_id: str, form: Mapping[str, str]) -> web.Response | None:
        body = self._store.told(entity_id)
        if body["status"] in {"ARCHIVED", "DELETED"}:
            return refused(100, 1487056, "The object is archived or deleted.", "status")
        if body.get("daily_budget", "0") == "0":
            return refused(100, 1885621, "The budget lives elsewhere.", "budget_value")
        numbers = [form.get(name, "") for name in _AMOUNTS]
        if not all(each.isdigit() for each in numbers) or not int(numbers[0]):
            return refused(100, 0, "Invalid parameter.", "budget_value")
        start, end = int(numbers[1]), int(numbers[2])
        wrong = start % _QUARTER or end % _QUARTER or end <= start
        if wrong or start <= self._store.now().timestamp():
            return refused(100, 0, "Invalid times.", "time_start")
        if form.get("budget_value_type") not in {"ABSOLUTE", "MULTIPLIER"}:
            return refused(100, 0, "Invalid type.", "budget_value_type")
        return None

    @staticmethod
    def _read(form: Mapping[str, str]) -> dict[str, Any]:
        amounts = {name: int(form[name]) for name in _AMOUNTS}
        return {**amounts, "budget_value_type": form["budget_value_type"]}


def _text(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
