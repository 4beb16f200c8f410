"""What Meta reports: what came of each hour, and who changed what."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from schemas.fields import Entity
from workers.connectors.errors import Ambiguous
from workers.connectors.meta.units import offset
from workers.connectors.meta.wire import Wire
from workers.connectors.protocol import Account, Edit, Editor, Lever, Performance, Ref

HOURS: Final = "hourly_stats_aggregated_by_advertiser_time_zone"
CONVERSION: Final = "offsite_conversion.fb_pixel_purchase"
_FIELDS: Final = "campaign_id,adset_id,spend,impressions,clicks,actions,action_values"
_EVENTS: Final = {
    "update_ad_set_budget": (Entity.AD_SET, Lever.DAILY_BUDGET),
    "update_campaign_budget": (Entity.CAMPAIGN, Lever.DAILY_BUDGET),
    "update_ad_set_bidding": (Entity.AD_SET, Lever.BID),
}
_MOST_PAGES: Final = 10_000


async def _pages(
    wire: Wire, path: tuple[str, ...], params: dict[str, Any]
) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = []
    after: dict[str, Any] = {}
    for _ in range(_MOST_PAGES):
        body = (await wire.call("GET", path, {**params, **after})).body
        if not isinstance(body.get("data"), list):
            raise Ambiguous("Meta's report has no rows where they belong: ask again.")
        rows += body["data"]
        paging = body.get("paging") or {}
        if not paging.get("next"):
            return rows
        after = {"after": paging["cursors"]["after"]}
    raise Ambiguous("Meta's report does not end: ask for fewer days.")


async def read_hours(
    wire: Wire, account: Account, days: tuple[date, date], as_of: datetime
) -> Sequence[Performance]:
    """Return what came of each hour of local days, as told now."""
    params = {
        "level": "adset",
        "fields": _FIELDS,
        "time_range": {"since": days[0].isoformat(), "until": days[1].isoformat()},
        "time_increment": 1,
        "breakdowns": [HOURS],
        "action_report_time": "impression",
    }
    path = (f"act_{account.account_id.removeprefix('act_')}", "insights")
    rows = await _pages(wire, path, params)
    try:
        return [_hour(row, account, as_of) for row in rows]
    except (KeyError, ValueError, InvalidOperation):
        raise Ambiguous("A row of Meta's report cannot be read: ask again.") from None


def _hour(row: Mapping[str, Any], account: Account, as_of: datetime) -> Performance:
    return Performance(
        account_id=account.account_id,
        campaign_id=row["campaign_id"],
        ad_set_id=row["adset_id"],
        day=date.fromisoformat(row["date_start"]),
        hour=int(row[HOURS][:2]),
        currency=account.currency,
        impressions=int(row.get("impressions", 0)),
        clicks=int(row.get("clicks", 0)),
        spend=Decimal(row.get("spend", "0")),
        conversions=_actions(row.get("actions")),
        revenue=_actions(row.get("action_values")),
        as_of=as_of,
    )


def _actions(told: Sequence[Mapping[str, Any]] | None) -> Decimal:
    values = [Decimal(row["value"]) for row in told or () if row["action_type"] == CONVERSION]
    return sum(values, Decimal(0))


async def read_activities(
    wire: Wire, account: Account, since: datetime, app_id: str
) -> Sequence[Edit]:
    """Return changes of values that we can set, oldest first."""
    path = (f"act_{account.account_id.removeprefix('act_')}", "activities")
    fields = "event_type,event_time,actor_name,application_id,object_id,extra_data"
    rows = await _pages(wire, path, {"fields": fields, "since": int(since.timestamp())})
    try:
        edits = [_edit(row, account, app_id) for row in rows if row.get("event_type") in _EVENTS]
    except (KeyError, ValueError, InvalidOperation):
        raise Ambiguous("A row of Meta's history cannot be read: ask again.") from None
    return sorted((edit for edit in edits if edit.at >= since), key=lambda edit: edit.at)


def _edit(row: Mapping[str, Any], account: Account, app_id: str) -> Edit:
    entity, lever = _EVENTS[row["event_type"]]
    extra = json.loads(row.get("extra_data") or "{}")
    before, after = (extra.get(name) for name in ("old_value", "new_value"))
    units = offset(account.currency)
    return Edit(
        ref=Ref(
            account_id=account.account_id, entity=entity, entity_id=row["object_id"], lever=lever
        ),
        at=datetime.fromisoformat(row["event_time"]),
        actor=row.get("actor_name", ""),
        by=_editor(str(row.get("application_id") or ""), row.get("actor_name", ""), app_id),
        before=None if before is None else Decimal(str(before)) / units,
        after=None if after is None else Decimal(str(after)) / units,
    )


def _editor(application: str, actor: str, app_id: str) -> Editor:
    if application and application == app_id:
        return Editor.US
    if actor in {"Meta", "Facebook", "Automated Rule"}:
        return Editor.RULE
    return Editor.OTHER_APP if application else Editor.PERSON
