"""How Meta's history writes a change: which event, and old and new value in its nested form."""

from __future__ import annotations

import json
from typing import Any, Final

from workers.connectors.protocol import Ref

_STATUS: Final = {"ACTIVE": (1, "Active"), "PAUSED": (15, "Inactive")}
_KINDS: Final = {"status": "run_status", "bid_amount": "bidding", "bid_constraints": "bidding"}


def activity(ref: Ref, field: str, values: tuple[object, object], currency: str) -> dict[str, Any]:
    """Return a row of the history without when and by whom; values as the entity holds them."""
    kind = _KINDS.get(field, "budget")
    extra = _status(values) if field == "status" else _amounts(values, currency)
    return {
        "event_type": f"update_{ref.entity.value}_{kind}",
        "object_id": ref.entity_id,
        "extra_data": json.dumps(extra),
    }


def _status(values: tuple[object, object]) -> dict[str, Any]:
    old, new = (_STATUS[str(value)] for value in values)
    return {
        "type": "run_status",
        "old_value": old[1],
        "new_value": new[1],
        "run_status": {"old_value": old[0], "new_value": new[0]},
    }


def _amounts(values: tuple[object, object], currency: str) -> dict[str, Any]:
    if any(isinstance(value, dict) for value in values):
        return {"old_value": values[0], "new_value": values[1], "type": "bid_constraints"}
    names = ("old_value", "new_value")
    sides = {
        name: {"type": "payment_amount", "currency": currency, name: int(str(value))}
        for name, value in zip(names, values, strict=True)
        if value is not None
    }
    return {**sides, "type": "composite_data"}
