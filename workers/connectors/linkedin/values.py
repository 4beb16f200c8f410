"""LinkedIn's fields of a campaign, and the values that they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from schemas.currencies import EXPONENTS
from schemas.fields import Entity
from workers.connectors.errors import Rejected
from workers.connectors.protocol import Lever, Ref, State

MONEY_FIELDS: Final = {
    Lever.DAILY_BUDGET: "dailyBudget",
    Lever.LIFETIME_BUDGET: "totalBudget",
    Lever.BID: "unitCost",
}
LIMIT_FIELDS: Final = {Lever.DAILY_BUDGET: "dailyBudgetLimits", Lever.BID: "bidLimits"}
BUDGETS: Final = frozenset({Lever.DAILY_BUDGET, Lever.LIFETIME_BUDGET})
LEVERS: Final = frozenset((Entity.CAMPAIGN, lever) for lever in (*MONEY_FIELDS, Lever.STATUS))
ENDED: Final = frozenset({"ARCHIVED", "CANCELED", "COMPLETED", "PENDING_DELETION", "REMOVED"})
"""States of a campaign that no change of its values brings it back from."""


def step(currency: str) -> Decimal:
    """Return the smallest difference between two amounts of a currency."""
    return Decimal(1).scaleb(-EXPONENTS.get(currency, 2))


def owner(campaign: Mapping[str, Any], lever: Lever) -> str:
    """Return the group that may have the budget in the campaign's place; empty where none may."""
    if lever not in BUDGETS or campaign.get(MONEY_FIELDS[lever]):
        return ""
    return str(campaign.get("campaignGroup") or "").rpartition(":")[2]


def dynamic(group: Mapping[str, Any]) -> bool:
    """Return whether a group has the budget of its campaigns, and shares it among them."""
    optimized = group.get("budgetOptimization") or {}
    return optimized.get("budgetOptimizationStrategy") == "DYNAMIC"


def state(
    campaign: Mapping[str, Any], lever: Lever, currency: str, group: Mapping[str, Any]
) -> State:
    """Return what a campaign's fields, or those of its `owner` (empty: none), say of one value."""
    status = str(campaign.get("status", ""))
    holder = group if dynamic(group) else campaign
    amount = (holder.get(MONEY_FIELDS.get(lever, "")) or {}).get("amount")
    value = None if amount is None else Decimal(str(amount))
    if lever is Lever.STATUS:
        value = Decimal(int(status == "ACTIVE"))
    return State(
        value=value,
        currency=currency,
        version=str((campaign.get("version") or {}).get("versionTag", "")),
        shared=holder is group,
        delivering=status == "ACTIVE",
    )


def patch(ref: Ref, target: Decimal, currency: str) -> tuple[dict[str, Any], str]:
    """Return the body that sets a value, and the value as it stands in it."""
    if ref.lever is Lever.STATUS:
        sent = "ACTIVE" if target else "PAUSED"
        return {"patch": {"$set": {"status": sent}}}, sent
    sent = format(target.quantize(step(currency)), "f")
    money = {"amount": sent, "currencyCode": currency}
    return {"patch": {"$set": {MONEY_FIELDS[ref.lever]: money}}}, sent


def identifier(text: str, what: str) -> str:
    """Return an id that can stand in an address: LinkedIn's are numbers.

    Raises
    ------
    Rejected
        It is none.
    """
    if not (text.isascii() and text.isdigit()):
        raise Rejected(f"LinkedIn's ids are numbers; that of the {what} is {text!r}.", field=what)
    return text


def restli(value: object) -> str:
    """Return a value as Rest.li 2.0 writes it in an address."""
    if isinstance(value, Mapping):
        return "(" + ",".join(f"{quote(k, safe='')}:{restli(v)}" for k, v in value.items()) + ")"
    if isinstance(value, list | tuple):
        return "List(" + ",".join(map(restli, value)) + ")"
    return quote(str(value), safe="")
