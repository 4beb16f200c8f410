"""Which field of Graph holds which value and in which unit, written down apart from the connector.

Units: money by Meta's table of currencies, ``roas_average_floor`` in ten-thousandths.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from workers.connectors.protocol import Lever

BUDGETS: Final = ("daily_budget", "lifetime_budget")
_FIELDS: Final = {
    Lever.STATUS: "status",
    Lever.DAILY_BUDGET: "daily_budget",
    Lever.LIFETIME_BUDGET: "lifetime_budget",
    Lever.BID: "bid_amount",
    Lever.COST_CAP: "bid_amount",
    Lever.TARGET_ROAS: "bid_constraints",
}
_STRATEGIES: Final = {
    "LOWEST_COST_WITH_BID_CAP": Lever.BID,
    "COST_CAP": Lever.COST_CAP,
    "LOWEST_COST_WITH_MIN_ROAS": Lever.TARGET_ROAS,
}
SETTABLE: Final = frozenset(_FIELDS.values())
LEAST_ROAS, MOST_ROAS = 100, 10_000_000
"""What ``roas_average_floor`` may be: a ratio of 0.01 to 1000."""


def by_bids(body: Mapping[str, Any]) -> Lever | None:
    """Return what the bid means by the entity's strategy or its campaign's; None for nothing."""
    found = body.get("bid_strategy") or (body.get("campaign") or {}).get("bid_strategy")
    return _STRATEGIES.get(str(found))


def lever_of(field: str, body: Mapping[str, Any]) -> Lever:
    """Return which value of an entity a field holds."""
    if field in {"bid_amount", "bid_constraints"}:
        return by_bids(body) or Lever.BID
    return next(lever for lever, name in _FIELDS.items() if name == field)


def decoded(body: Mapping[str, Any], lever: Lever, offset: int) -> Decimal | None:
    """Return a value in units of the currency; None where the entity has none."""
    held = body.get(_FIELDS[lever])
    if lever is Lever.STATUS:
        return Decimal(1) if held == "ACTIVE" else Decimal(0)
    if (
        held is None
        or held == "0"
        or (lever in _STRATEGIES.values() and by_bids(body) is not lever)
    ):
        return None
    if lever is Lever.TARGET_ROAS:
        return Decimal(held["roas_average_floor"]) / 10_000
    return Decimal(held) / offset


def encoded(lever: Lever, value: Decimal, offset: int) -> tuple[str, object]:
    """Return the field, and what it holds for a value in units of the currency."""
    if lever is Lever.STATUS:
        return "status", "ACTIVE" if value else "PAUSED"
    if lever is Lever.TARGET_ROAS:
        return "bid_constraints", {"roas_average_floor": int(value * 10_000)}
    whole = int(value * offset)
    return _FIELDS[lever], whole if _FIELDS[lever] == "bid_amount" else str(whole)


def held(field: str, sent: str) -> object:
    """Return what a field holds once a form has set it."""
    if field == "bid_constraints":
        return json.loads(sent)
    return int(sent) if field == "bid_amount" else sent
