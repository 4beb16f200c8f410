"""Who changed which value on Meta, by the account's log of activities."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from schemas.edit import Editor
from schemas.fields import Entity
from workers.connectors.errors import Ambiguous
from workers.connectors.meta.accounts import account_path
from workers.connectors.meta.pages import read_rows
from workers.connectors.meta.units import offset
from workers.connectors.meta.values import BUDGETS, STRATEGIES, value
from workers.connectors.meta.wire import Wire
from workers.connectors.protocol import Account, Edit, Lever, Ref

_FIELDS: Final = (
    "event_type,event_time,actor_id,actor_name,application_id,application_name,object_id,extra_data"
)
_EVENTS: Final = {
    "update_campaign_budget": (Entity.CAMPAIGN, tuple(BUDGETS)),
    "update_ad_set_budget": (Entity.AD_SET, tuple(BUDGETS)),
    "update_ad_set_bidding": (Entity.AD_SET, tuple(STRATEGIES)),
    "update_campaign_run_status": (Entity.CAMPAIGN, (Lever.STATUS,)),
    "update_ad_set_run_status": (Entity.AD_SET, (Lever.STATUS,)),
}
"""Of what an event tells, and of which values it may be."""
_STATUS: Final[dict[object, Decimal]] = {1: Decimal(1), 15: Decimal(0)}
"""Delivers and is paused; other numbers are on the way to one of them."""
_META: Final = frozenset({"meta", "facebook", "automated rule", "automated rules"})
_META_ID: Final = "0"
_PAGES: Final = frozenset({"ads manager", "power editor", "business manager"})
"""Names of Meta's own pages, in which people work."""

ReadEntity = Callable[[Ref], Awaitable[Mapping[str, Any] | None]]


async def read_history(
    wire: Wire, account: Account, since: datetime, app_id: str, read_entity: ReadEntity
) -> Sequence[Edit]:
    """Return changes of values that can be set, oldest first.

    An event does not say whether a budget is daily or of a lifetime, nor what a bid means: each
    entity is asked once for what it has. Events of values that it has no more are left out.
    """
    path = (account_path(account.account_id), "activities")
    params = {"fields": _FIELDS, "since": int(since.timestamp())}
    rows = await read_rows(wire, path, params)
    try:
        told = [row for row in rows if row.get("event_type") in _EVENTS and _at(row) >= since]
        bodies = await _bodies(told, account, read_entity)
        edits = [_edit(row, account, app_id, bodies.get(row["object_id"])) for row in told]
    except (KeyError, TypeError, ValueError, InvalidOperation):
        raise Ambiguous("A row of Meta's history cannot be read: ask again.") from None
    return sorted((edit for edit in edits if edit is not None), key=lambda edit: edit.at)


async def _bodies(
    rows: Sequence[Mapping[str, Any]], account: Account, read_entity: ReadEntity
) -> Mapping[str, Mapping[str, Any] | None]:
    refs = {_ref(row, account) for row in rows}
    # An event of an ad set does not say whose that is.
    wanted = (ref for ref in refs if ref.lever is not Lever.STATUS or ref.entity is Entity.AD_SET)
    asked = {ref.entity_id: ref for ref in wanted}
    return {entity_id: await read_entity(ref) for entity_id, ref in asked.items()}


def _at(row: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(row["event_time"])


def _ref(row: Mapping[str, Any], account: Account) -> Ref:
    """Return the first of the values that an event may be of."""
    entity, levers = _EVENTS[row["event_type"]]
    return Ref(
        account_id=account.account_id, entity=entity, entity_id=row["object_id"], lever=levers[0]
    )


def _edit(
    row: Mapping[str, Any], account: Account, app_id: str, body: Mapping[str, Any] | None
) -> Edit | None:
    lever = _lever(row, body or {})
    if lever is None:
        return None
    extra = json.loads(row.get("extra_data") or "{}")
    if not isinstance(extra, dict):
        raise TypeError("extra_data is no object")
    return Edit(
        ref=replace(_ref(row, account), lever=lever),
        at=_at(row),
        actor=str(row.get("actor_name", "")),
        by=_editor(row, app_id),
        before=_told(extra, "old_value", lever, account.currency),
        after=_told(extra, "new_value", lever, account.currency),
        campaign_id=_campaign(_ref(row, account), body or {}),
        client=str(row.get("application_name") or ""),
    )


def _campaign(ref: Ref, body: Mapping[str, Any]) -> str:
    """Return whose the entity is; empty for an ad set that is gone."""
    owner = body.get("campaign", {})
    return ref.entity_id if ref.entity is Entity.CAMPAIGN else str(owner.get("id", ""))


def _lever(row: Mapping[str, Any], body: Mapping[str, Any]) -> Lever | None:
    _, levers = _EVENTS[row["event_type"]]
    if levers == (Lever.STATUS,):
        return Lever.STATUS
    return next((lever for lever in levers if value(body, lever, "") is not None), None)


def _told(extra: Mapping[str, Any], side: str, lever: Lever, currency: str) -> Decimal | None:
    """Return one side of a change; an amount stands under the side's name, or once more within."""
    if lever is Lever.STATUS:
        numbers = extra.get("run_status")
        return _STATUS.get(numbers.get(side)) if isinstance(numbers, dict) else None
    found = extra.get(side)
    if isinstance(found, dict):
        found = found.get(side)
    # In which unit the log writes a minimum ROAS is documented nowhere.
    if lever is Lever.TARGET_ROAS or found in {None, ""}:
        return None
    return Decimal(str(found)) / offset(currency)


def _editor(row: Mapping[str, Any], app_id: str) -> Editor:
    """Return who made a change; what Meta makes itself may bear the app that it follows from."""
    name = str(row.get("actor_name", "")).strip().lower()
    if name in _META or str(row.get("actor_id", "")) == _META_ID:
        return Editor.RULE
    application = str(row.get("application_id") or "")
    if application and application == app_id:
        return Editor.US
    page = str(row.get("application_name") or "").strip().lower()
    return Editor.OTHER_APP if (application or page) and page not in _PAGES else Editor.PERSON
