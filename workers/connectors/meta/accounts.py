"""What holds for all of an account of Meta's."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from workers.connectors.errors import Ambiguous
from workers.connectors.meta.pages import read_rows
from workers.connectors.meta.units import offset, step
from workers.connectors.meta.values import account_number
from workers.connectors.meta.wire import Wire
from workers.connectors.protocol import Account, Lever

_MINIMUMS: Final = (
    "min_daily_budget_imp",
    "min_daily_budget_video_views",
    "min_daily_budget_high_freq",
    "min_daily_budget_low_freq",
)
"""By what an ad set is billed for: impressions, views, frequent actions (clicks), rare ones."""


def account_path(account_id: str) -> str:
    """Return the account's id as addresses have it; `Rejected` where it is none."""
    return f"act_{account_number(account_id)}"


async def read_account(wire: Wire, account_id: str) -> Account:
    """Return an account without its minimums."""
    fields = {"fields": "name,currency,timezone_name"}
    body = (await wire.call("GET", (account_path(account_id),), fields)).body
    if not body.get("currency") or not body.get("timezone_name"):
        raise Ambiguous("Meta's answer has no currency or time zone of the account.")
    return Account(
        account_id=account_id,
        name=str(body.get("name", "")),
        currency=body["currency"],
        timezone=body["timezone_name"],
        step=step(body["currency"]),
        minimums={},
    )


async def read_minimums(wire: Wire, account: Account) -> Mapping[Lever, Decimal]:
    """Return the least that a daily budget may be, whatever an ad set is billed for.

    Below it every ad set is refused; one that is billed by clicks or rarer actions has a higher
    least of its own, which Meta's dry run tells.
    """
    rows = await read_rows(wire, (account_path(account.account_id), "minimum_budgets"), {})
    units = offset(account.currency)
    try:
        told = [
            Decimal(row[name]) / units
            for row in rows
            if row["currency"] == account.currency
            for name in _MINIMUMS
            if name in row
        ]
    except (KeyError, TypeError, ValueError, InvalidOperation):
        raise Ambiguous("A row of Meta's minimum budgets cannot be read: ask again.") from None
    return {Lever.DAILY_BUDGET: min(told)} if told else {}
