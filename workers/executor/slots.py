"""Slots: the fields of entities, each with a value in force of its own."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from decimal import Decimal
from typing import Final

from msgspec import structs

from schemas.action import Action
from schemas.fields import Entity
from schemas.levers import BID_MULTIPLIER, HOURLY_BUDGET
from schemas.recommendation import Recommendation

_KEPT_FOR: Final = timedelta(days=30) // timedelta(milliseconds=1)
"""How long what is known of an ad set is kept that the plan names no more: far longer than a step
back can take, or anything that could be rolled back is remembered."""


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


def is_over(slot: str, last: int, at: int, named: Collection[str]) -> bool:
    """Return whether a slot is to be forgotten: of an ad set that came and went.

    That is one that the plan does not name, and of which nothing was set for 30 days; ``last`` is
    when something was, milliseconds.
    """
    entity, entity_id, _ = slot.split("\0")
    return entity == Entity.AD_SET and entity_id not in named and last < at - _KEPT_FOR
