"""The simulated platform: what it can be asked to change, and what it refuses.

A connector to a real platform answers the same question from the platform's own limits before it
sends anything. Here nothing is sent: what is wanted becomes what is in force.
"""

from __future__ import annotations

from schemas.action import Action
from schemas.errors import SchemaError
from schemas.fields import Entity
from schemas.money import check_minor
from workers.executor.entries import Finding, rejected

FIELDS = {Entity.CAMPAIGN: ("hourly_budget",)}
"""What can be set, by kind of entity. All of it is money."""


def refusal(action: Action) -> Finding | None:
    """Return why the platform would not do ``action``, whatever is in force; None if it would."""
    if action.field not in FIELDS.get(action.entity, ()):
        known = ", ".join(f"{entity}.{name}" for entity, names in FIELDS.items() for name in names)
        wanted = f"{action.entity}.{action.field}"
        return rejected("unsupported_field", f"cannot set {wanted}; what can be set: {known}")
    if action.entity_id != action.campaign_id:
        detail = f"campaign {action.campaign_id} has no {action.entity} {action.entity_id!r}"
        return rejected("unknown_entity", detail)
    if action.target < 0:
        return rejected("negative_target", f"target must not be negative, was {action.target}")
    if action.currency is None:
        return rejected("currency_missing", f"{action.field} is money: say in which currency")
    try:
        check_minor(action.target, action.currency, "target")
    except SchemaError as error:
        return rejected(str(error.reason), str(error))
    return None
