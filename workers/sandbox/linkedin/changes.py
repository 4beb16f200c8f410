"""What LinkedIn on loopback accepts of a change of a campaign."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from aiohttp import web

from schemas.currencies import EXPONENTS
from schemas.fields import Entity
from workers.connectors.protocol import Lever, Ref
from workers.sandbox.linkedin.faulty import refused
from workers.sandbox.linkedin.store import FIELDS, Store

_LEVERS = {name: lever for lever, name in FIELDS.items()}
_LIMITS = {"dailyBudget": "dailyBudgetLimits", "unitCost": "bidLimits"}


def change(store: Store, account_id: str, campaign_id: str, body: object) -> web.Response:
    """Make a partial update: all of its fields, or none and a refusal."""
    if (account_id, campaign_id) not in store.campaigns:
        return refused(404, "RESOURCE_NOT_FOUND")
    fields = body.get("patch", {}).get("$set") if isinstance(body, dict) else None
    if not isinstance(fields, dict) or not fields:
        return refused(400, "ILLEGAL_ARGUMENT", "patch")
    for name, value in fields.items():
        code = _refusal(store, account_id, campaign_id, name, value)  # nothing is set before all
        if code:
            return refused(422, code, name)
    for name, value in fields.items():
        ref = Ref(
            account_id=account_id,
            entity=Entity.CAMPAIGN,
            entity_id=campaign_id,
            lever=_LEVERS[name],
        )
        store.set_value(ref, value)
    return web.Response(status=204, headers={"x-li-uuid": "sandbox-204"})


def _refusal(store: Store, account_id: str, campaign_id: str, name: str, value: object) -> str:
    if name not in _LEVERS:
        return "FIELD_UNKNOWN"
    campaign = store.campaigns[account_id, campaign_id]
    if campaign["status"] in {"ARCHIVED", "CANCELED", "REMOVED"}:
        return "CAMPAIGN_ENDED"
    if _LEVERS[name] is Lever.STATUS:
        return "" if value in {"ACTIVE", "PAUSED", "ARCHIVED"} else "STATUS_UNKNOWN"
    group = store.groups.get((account_id, campaign.get("campaignGroup", "").rpartition(":")[2]), {})
    if name != "unitCost" and "budgetOptimization" in group:
        return "BUDGET_OWNED_BY_CAMPAIGN_GROUP"
    limits = store.limits.get(account_id, {}).get(_LIMITS.get(name, ""), {})
    return _money_refusal(store.accounts[account_id]["currency"], limits, value)


def _money_refusal(currency: str, limits: Mapping[str, Any], value: object) -> str:
    if not isinstance(value, dict) or not isinstance(value.get("amount"), str):
        return "MONEY_MALFORMED"
    if value.get("currencyCode") != currency:
        return "CURRENCY_MISMATCH"
    try:
        amount = Decimal(value["amount"])
    except InvalidOperation:
        return "MONEY_MALFORMED"
    if not amount.is_finite() or amount != round(amount, EXPONENTS[currency]):
        return "MONEY_MALFORMED"
    return _limit_refusal(limits, amount)


def _limit_refusal(limits: Mapping[str, Any], amount: Decimal) -> str:
    if "min" in limits and amount < Decimal(limits["min"]["amount"]):
        return "AMOUNT_TOO_LOW"
    if "max" in limits and amount > Decimal(limits["max"]["amount"]):
        return "AMOUNT_TOO_HIGH"
    return ""
