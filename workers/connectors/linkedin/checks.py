"""What LinkedIn would refuse, found before it is asked to do it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from workers.connectors.errors import Rejected
from workers.connectors.linkedin.values import (
    ENDED,
    LEVERS,
    LIMIT_FIELDS,
    MONEY_FIELDS,
    dynamic,
    restli,
    step,
)
from workers.connectors.linkedin.wire import Wire
from workers.connectors.protocol import Change, Lever, State

MOST: Final = Decimal(10**15)
"""Amounts from here on are slips, in every currency."""


def check_locally(change: Change, state: State) -> None:
    """Raise `Rejected` if the change is none that can be sent."""
    ref = change.ref
    if (ref.entity, ref.lever) not in LEVERS or ref.part:
        raise Rejected(
            f"LinkedIn's connector sets no {ref.lever} of a {ref.entity}.", field=str(ref.lever)
        )
    if change.currency != state.currency:
        raise Rejected(
            f"The change is in {change.currency}, the account in {state.currency}: decide it anew.",
            field="currencyCode",
        )
    if ref.lever is Lever.STATUS:
        if change.target not in {Decimal(0), Decimal(1)}:
            raise Rejected("A status is 1 (delivers) or 0 (is paused).", field="status")
        return
    least = step(change.currency)
    if not change.target.is_finite() or not 0 < change.target < MOST or change.target % least:
        raise Rejected(
            f"{change.target} is no positive multiple of {least} {change.currency}.",
            field=MONEY_FIELDS[ref.lever],
        )


def check_alive(campaign: Mapping[str, Any]) -> None:
    """Raise `Rejected` if the campaign has ended or was archived."""
    status = str(campaign.get("status", ""))
    if status in ENDED:
        raise Rejected(
            f"The campaign is {status}, so no change of it has any effect: bring it back in"
            " LinkedIn's Campaign Manager, or end its plan.",
            field="status",
        )


def check_owner(lever: Lever, group_id: str, group: Mapping[str, Any]) -> None:
    """Raise `Rejected` if the budget is that of the campaign's group."""
    if dynamic(group):
        raise Rejected(
            f"The budget lives on campaign group {group_id}, which shares it among its campaigns"
            " (dynamic group budget): set it there, or end that optimization.",
            field=MONEY_FIELDS[lever],
        )


async def check_pricing(wire: Wire, change: Change, campaign: Mapping[str, Any]) -> None:
    """Raise `Rejected` if an amount is beyond the limits that adBudgetPricing tells."""
    query = {
        "account": f"urn:li:sponsoredAccount:{change.ref.account_id}",
        "bidType": campaign.get("costType", "CPC"),
        "campaignType": campaign.get("type", "SPONSORED_UPDATES"),
        "matchType": "EXACT",
        "targetingCriteria": campaign.get("targetingCriteria") or {},
    }
    text = "&".join(f"{name}={restli(value)}" for name, value in query.items())
    answer = await wire.send("GET", f"/adBudgetPricing?q=criteriaV2&{text}", "FINDER")
    for element in (answer.body or {}).get("elements") or ():
        _check_limits(change, element.get(LIMIT_FIELDS[change.ref.lever]) or {})


def _check_limits(change: Change, limits: Mapping[str, Any]) -> None:
    for name, wrong in (("min", Decimal.__lt__), ("max", Decimal.__gt__)):
        amount = (limits.get(name) or {}).get("amount")
        if amount is not None and wrong(change.target, Decimal(str(amount))):
            raise Rejected(
                f"LinkedIn's {name} for this campaign is {amount} {change.currency};"
                f" {change.target} is beyond it.",
                field=MONEY_FIELDS[change.ref.lever],
            )
