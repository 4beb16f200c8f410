"""Where Meta keeps which value, and how it writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from schemas.fields import Entity
from workers.connectors.errors import Rejected
from workers.connectors.meta.units import ROAS_SCALE, offset
from workers.connectors.protocol import Lever, Ref, State

BUDGETS: Final = {Lever.DAILY_BUDGET: "daily_budget", Lever.LIFETIME_BUDGET: "lifetime_budget"}
STRATEGIES: Final = {
    Lever.BID: "LOWEST_COST_WITH_BID_CAP",
    Lever.COST_CAP: "COST_CAP",
    Lever.TARGET_ROAS: "LOWEST_COST_WITH_MIN_ROAS",
}
LEVERS: Final = frozenset(
    {(entity, lever) for entity in (Entity.CAMPAIGN, Entity.AD_SET) for lever in BUDGETS}
    | {(entity, Lever.STATUS) for entity in (Entity.CAMPAIGN, Entity.AD_SET)}
    | {(entity, Lever.BUDGET_INCREASE) for entity in (Entity.CAMPAIGN, Entity.AD_SET)}
    | {(Entity.AD_SET, lever) for lever in STRATEGIES}
)
_OWN: Final = "account_id,status,effective_status,daily_budget,lifetime_budget,bid_strategy"
FIELDS: Final = {
    Entity.CAMPAIGN: f"{_OWN},updated_time",
    Entity.AD_SET: f"{_OWN},updated_time,bid_amount,bid_constraints,learning_stage_info,"
    "campaign{id,daily_budget,lifetime_budget,bid_strategy}",
}
GONE: Final = frozenset({"ARCHIVED", "DELETED"})


def identifier(text: str, what: str) -> str:
    """Return an id that can stand in an address; `Rejected` where it cannot."""
    if not (text.isascii() and text.isdigit()):
        raise Rejected(f"{text!r} is no {what} of Meta's: its ids are digits.", field="id")
    return text


def account_number(account_id: str) -> str:
    """Return the account's id without ``act_``."""
    return identifier(account_id.removeprefix("act_"), "account")


def whose(ref: Ref) -> str:
    """Return the account and entity of a value, with which the version of its state begins."""
    return f"{account_number(ref.account_id)}/{ref.entity.value}/{ref.entity_id}"


def value(body: Mapping[str, Any], lever: Lever, currency: str) -> Decimal | None:
    """Return a value in units of the currency; None where the entity has none of its own."""
    if lever is Lever.STATUS:
        return Decimal(int(body.get("status") == "ACTIVE"))
    if lever in BUDGETS:
        found = body.get(BUDGETS[lever])
    elif strategy(body) != STRATEGIES[lever]:
        return None
    elif lever is Lever.TARGET_ROAS:
        found = (body.get("bid_constraints") or {}).get("roas_average_floor")
    else:
        found = body.get("bid_amount")
    if found in {None, "", "0", 0}:
        return None
    return Decimal(str(found)) / (ROAS_SCALE if lever is Lever.TARGET_ROAS else offset(currency))


def strategy(body: Mapping[str, Any]) -> str:
    """Return how bids are found; the campaign's where the ad set says nothing."""
    campaign = body.get("campaign") or {}
    return str(body.get("bid_strategy") or campaign.get("bid_strategy") or "")


def state(ref: Ref, body: Mapping[str, Any], currency: str) -> State:
    """Return what is in force of one value; its version says whose it is."""
    learning = (body.get("learning_stage_info") or {}).get("status") == "LEARNING"
    return State(
        value=value(body, ref.lever, currency),
        currency=currency,
        version=f"{whose(ref)} {body.get('updated_time', '')}",
        learning=learning,
        delivering=body.get("effective_status", body.get("status")) == "ACTIVE",
    )


def wire_value(lever: Lever, target: Decimal, currency: str) -> tuple[str, str]:
    """Return the field, and the value as it goes over the wire."""
    if lever is Lever.STATUS:
        return "status", "ACTIVE" if target else "PAUSED"
    if lever is Lever.BUDGET_INCREASE:
        return "budget_value", str(int(target * offset(currency)))
    if lever is Lever.TARGET_ROAS:
        return "bid_constraints", json.dumps({"roas_average_floor": int(target * ROAS_SCALE)})
    return BUDGETS.get(lever, "bid_amount"), str(int(target * offset(currency)))


def check_place(ref: Ref, body: Mapping[str, Any]) -> None:
    """Raise `Rejected` where the value does not live on this entity, and say where it does."""
    if body.get("effective_status") in GONE or body.get("status") in GONE:
        raise Rejected(f"The {ref.entity} is archived or deleted: choose another.", field="status")
    if ref.lever in STRATEGIES and strategy(body) != STRATEGIES[ref.lever]:
        found = strategy(body) or "LOWEST_COST_WITHOUT_CAP"
        raise Rejected(
            f"The ad set's bid strategy is {found}: set {STRATEGIES[ref.lever]} there first.",
            field="bid_strategy",
        )
    if ref.lever in BUDGETS and value(body, ref.lever, "") is None:
        raise Rejected(_where(ref, body), field=BUDGETS[ref.lever])


def _where(ref: Ref, body: Mapping[str, Any]) -> str:
    campaign = body.get("campaign") or {}
    for place, holder in (
        (f"the {ref.entity}", body),
        (f"campaign {campaign.get('id')}", campaign),
    ):
        for lever, field in BUDGETS.items():
            if value(holder, lever, "") is not None:
                return f"The budget lives in {field} of {place}: set {lever} there."
    return "It has no budget of its own: its ad sets have, set it there."
