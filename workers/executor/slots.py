"""Slots: the fields of entities, each with a value in force of its own."""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs

from schemas.action import Action
from schemas.levers import BID_MULTIPLIER, HOURLY_BUDGET
from schemas.recommendation import Recommendation


def slot_of(subject: Action | Recommendation) -> str:
    """Return what names the field of the entity that ``subject`` is about."""
    return f"{subject.entity}\0{subject.entity_id}\0{subject.field}"


def targets_of(action: Action) -> dict[str, Decimal]:
    """Return what ``action`` sets, by `slot_of`: its field, and the hourly budget beside it."""
    targets = {slot_of(action): action.target}
    if action.field == BID_MULTIPLIER and action.hourly_cap is not None:
        budget = structs.replace(action, field=HOURLY_BUDGET)
        targets[slot_of(budget)] = action.hourly_cap
    return targets
