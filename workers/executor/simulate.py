"""The simulated platform: what it can be asked to change, and what it refuses.

A connector to a real platform answers the same question from the platform's own limits before it
sends anything. Here nothing is sent: what is wanted becomes what is in force.
"""

from __future__ import annotations

from decimal import Decimal

from schemas.action import Action
from schemas.errors import Reason, SchemaError
from schemas.fields import Entity
from schemas.levers import (
    BID,
    BID_DECIMALS,
    BID_MULTIPLIER,
    DAILY_BUDGET,
    DELIVERS,
    FORETOLD,
    HOURLY_BUDGET,
    LEAST_LIFT,
    LEAST_MULTIPLIER,
    MOST_LIFT,
    MOST_MULTIPLIER,
    MULTIPLIER_DECIMALS,
    PAUSED,
    SEASONALITY,
    STATUS,
)
from schemas.money import check_minor
from workers.executor.entries import Finding, rejected

FIELDS = {
    Entity.CAMPAIGN: (HOURLY_BUDGET, BID_MULTIPLIER, DAILY_BUDGET, BID, STATUS, *FORETOLD),
    Entity.AD_SET: (BID,),
}
"""What can be set, by kind of entity."""


def refusal(action: Action) -> Finding | None:
    """Return why the platform would not do ``action``, whatever is in force; None if it would."""
    if action.field not in FIELDS.get(action.entity, ()):
        known = ", ".join(f"{entity}.{name}" for entity, names in FIELDS.items() for name in names)
        wanted = f"{action.entity}.{action.field}"
        return rejected("unsupported_field", f"cannot set {wanted}; what can be set: {known}")
    if action.entity is Entity.CAMPAIGN and action.entity_id != action.campaign_id:
        detail = f"campaign {action.campaign_id} has no {action.entity} {action.entity_id!r}"
        return rejected("unknown_entity", detail)
    if action.returns and action.field != BID:
        detail = f"only a {BID} can return by itself, not a {action.field}: release another action"
        return rejected("returns_unsupported", detail)
    if action.field == BID_MULTIPLIER:
        return _of_multiplier(action)
    if action.field in FORETOLD and action.window_start is None:
        return rejected("window_missing", f"say from when to when {action.field} is to hold")
    kept_in = {STATUS: _of_status, SEASONALITY: _of_factor, BID: _of_bid}.get(action.field)
    return kept_in(action) if kept_in else _of_money(action, "target", action.target)


def _of_bid(action: Action) -> Finding | None:
    """Bids may be finer than the currency, as those for a view or in millionths are."""
    if action.target <= 0:
        return rejected("bid_out_of_range", f"a bid must be above 0, was {action.target}")
    if action.currency is None:
        return rejected("currency_missing", "a bid is money: say in which currency")
    if -int(action.target.normalize().as_tuple().exponent) > BID_DECIMALS:
        detail = f"may have at most {BID_DECIMALS} decimals, was {action.target}"
        return rejected(str(Reason.TOO_MANY_DECIMALS), detail)
    return None


def _of_status(action: Action) -> Finding | None:
    if action.target in (DELIVERS, PAUSED):
        return None
    detail = f"must be {DELIVERS} to deliver or {PAUSED} to pause, was {action.target}"
    return rejected("status_out_of_range", detail)


def _of_factor(action: Action) -> Finding | None:
    if not LEAST_LIFT <= action.target <= MOST_LIFT:
        detail = f"must lie in {LEAST_LIFT} to {MOST_LIFT}, was {action.target}"
        return rejected("factor_out_of_range", detail)
    return None


def _of_multiplier(action: Action) -> Finding | None:
    if not LEAST_MULTIPLIER <= action.target <= MOST_MULTIPLIER:
        detail = f"must lie in {LEAST_MULTIPLIER} to {MOST_MULTIPLIER}, was {action.target}"
        return rejected("multiplier_out_of_range", detail)
    if -int(action.target.normalize().as_tuple().exponent) > MULTIPLIER_DECIMALS:
        # Who counts in steps would expect another value from then on, and drift for good.
        detail = f"may have at most {MULTIPLIER_DECIMALS} decimals, was {action.target}"
        return rejected(str(Reason.TOO_MANY_DECIMALS), detail)
    if action.hourly_cap is not None:
        return _of_money(action, "hourly_cap", action.hourly_cap)
    if action.rolls_back is None:
        detail = "a multiplier alone has no limit: say the most that an hour may spend"
        return rejected("hourly_cap_missing", detail)
    return None


def _of_money(action: Action, name: str, amount: Decimal) -> Finding | None:
    if amount < 0:
        return rejected(f"negative_{name}", f"{name} must not be negative, was {amount}")
    if action.currency is None:
        return rejected("currency_missing", f"{name} is money: say in which currency")
    try:
        check_minor(amount, action.currency, name)
    except SchemaError as error:
        return rejected(str(error.reason), str(error))
    return None
