"""What queries find: rows with the fields that were asked for, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from workers.sandbox.google.gaql import Malformed, Query
from workers.sandbox.google.kept import Row, held, put_at
from workers.sandbox.google.refusals import invalid
from workers.sandbox.google.world import SandboxAccount, World

_MOST_EVENTS: Final = 10_000
_OLDEST: Final = timedelta(days=30)
_COLLECTIONS: Final = {
    "campaign": "campaigns",
    "ad_group": "adGroups",
    "campaign_criterion": "campaignCriteria",
    "ad_group_bid_modifier": "adGroupBidModifiers",
    "bidding_seasonality_adjustment": "biddingSeasonalityAdjustments",
}


def find(world: World, account: SandboxAccount, query: Query, *, stale: bool) -> list[Row]:
    """Return the rows that a query finds, as they are now or as they were before a change."""
    if query.resource == "change_event":
        _check_history(query, account, world.now())
    resources = world.before if stale and world.before else world.resources
    every = _rows(world, account, query.resource, resources)
    met = [
        row
        for row in every
        if all(one.holds(str(held(row, one.field))) for one in query.conditions)
    ]
    return [_only(row, query.fields) for row in met[: query.limit]]


def _only(row: Row, fields: tuple[str, ...]) -> Row:
    told: Row = {}
    for path in fields:
        value = held(row, path)
        if value is not None:
            put_at(told, path, value)
    return told


def _rows(
    world: World, account: SandboxAccount, resource: str, resources: dict[str, Row]
) -> Iterator[Row]:
    customer = {
        "id": int(account.account_id),
        "descriptive_name": account.name,
        "currency_code": account.currency,
        "time_zone": account.timezone,
    }
    if resource == "customer":
        yield {"customer": customer}
    elif resource == "currency_constant":
        unit = account.billable_unit_micros
        yield {"currency_constant": {"code": account.currency, "billable_unit_micros": unit}}
    elif resource == "change_event":
        yield from _events(world, account)
    elif resource in _COLLECTIONS:
        root = f"customers/{account.account_id}/{_COLLECTIONS[resource]}/"
        for name in resources:
            if name.startswith(root):
                yield {"customer": customer, **_joined(resources, name, resource)}
    else:
        raise Malformed(f"there is no resource {resource!r}")


def _joined(resources: dict[str, Row], name: str, resource: str) -> Row:
    """Return a resource with those that queries tell together with it."""
    row = resources[name]
    if resource == "campaign":
        strategy = resources.get(row.get("bidding_strategy", ""), {})
        # Another account's strategy is not told.
        own = name.split("/")[1] == strategy.get("resource_name", "//").split("/")[1]
        joined = {"campaign_budget": resources[row["campaign_budget"]]}
        return {"campaign": row, **joined, "bidding_strategy": strategy if own else {}}
    if resource == "bidding_seasonality_adjustment":
        return {resource: row}
    if resource == "ad_group_bid_modifier":
        return {resource: row, "ad_group": resources[row["ad_group"]]}
    return {resource: row, "campaign": resources[row["campaign"]]}


def _events(world: World, account: SandboxAccount) -> Iterator[Row]:
    zone = ZoneInfo(account.timezone)
    for number, (owner, event) in enumerate(world.events):
        if owner == account.account_id:
            local = event["at"].astimezone(zone).strftime("%Y-%m-%d %H:%M:%S.%f")
            name = f"customers/{owner}/changeEvents/{number}"
            yield {"change_event": {**event, "resource_name": name, "change_date_time": local}}


def _check_history(query: Query, account: SandboxAccount, now: datetime) -> None:
    """Raise `Refusal` for a query of the history that has no limit, or reaches too far back."""
    if query.limit is None:
        raise invalid("change_event_error/LIMIT_NOT_SPECIFIED", "no limit")
    if query.limit > _MOST_EVENTS:
        raise invalid("change_event_error/INVALID_LIMIT_CLAUSE", "too high a limit")
    starts = [one.values[0] for one in query.conditions if one.sign == ">="]
    if not starts:
        raise invalid("change_event_error/CHANGE_DATE_RANGE_INFINITE", "no range")
    zone = ZoneInfo(account.timezone)
    if datetime.fromisoformat(min(starts)).replace(tzinfo=zone) < now - _OLDEST:
        raise invalid("change_event_error/START_DATE_TOO_OLD", "older than 30 days")


def hours(world: World, account: SandboxAccount, query: Query) -> list[Row]:
    """Return rows of a report by the hour as they are told now: the last word on each hour."""
    latest: dict[tuple[object, ...], Row] = {}
    for owner, told_from, row in world.hours:
        if owner == account.account_id and told_from <= world.now():
            campaign, segment = row["campaign"]["id"], row["segments"]
            latest[campaign, segment["date"], segment["hour"]] = row
    customer = {"currency_code": account.currency}
    return [
        _only({"customer": customer, **row}, query.fields)
        for row in latest.values()
        if all(one.holds(str(held(row, one.field))) for one in query.conditions)
    ]
