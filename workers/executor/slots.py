"""Slots: the fields of entities, each with a value in force of its own."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from decimal import Decimal
from typing import Final

from msgspec import structs

from schemas.action import Action
from schemas.audit import AuditEntry
from schemas.fields import Entity
from schemas.levers import BID_MULTIPLIER, HOURLY_BUDGET
from schemas.recommendation import Recommendation
from workers.connectors.stretches import Stretch, stretch_of
from workers.instants import to_ms

_KEPT_FOR: Final = timedelta(days=30) // timedelta(milliseconds=1)
"""How long what is known is kept of an ad set that the plan names no more, or of a window that has
ended: far longer than a step back can take, or anything that could be rolled back is remembered."""


def slot_of(subject: Action | Recommendation | AuditEntry) -> str:
    """Return what names the field that ``subject`` is about: of an entity, maybe of a window."""
    return slot_named(subject.entity, subject.entity_id, subject.field, part_of(subject))


def slot_named(entity: Entity, entity_id: str, field: str | None, part: str = "") -> str:
    """Return what names a field of an entity, and of a window where ``part`` names one."""
    name = f"{entity}\0{entity_id}\0{field}"
    return f"{name}\0{part}" if part else name


def part_of(subject: Action | Recommendation | AuditEntry) -> str:
    """Return the window that a value is for, as the part of a lever; empty where it is for none."""
    if subject.window_start is None or subject.window_end is None:
        return ""
    return Stretch(subject.window_start, subject.window_end).part


def targets_of(action: Action) -> dict[str, Decimal]:
    """Return what ``action`` sets, by `slot_of`: its field, and the hourly budget beside it."""
    targets = {slot_of(action): action.target}
    if action.field == BID_MULTIPLIER and action.hourly_cap is not None:
        budget = structs.replace(action, field=HOURLY_BUDGET)
        targets[slot_of(budget)] = action.hourly_cap
    return targets


def is_over(slot: str, last: int, at: int, named: Collection[str]) -> bool:
    """Return whether a slot is to be forgotten: of an ad set that came and went, or a window.

    That is one that the plan does not name, and of which nothing was set for 30 days; ``last`` is
    when something was, milliseconds. A window is over 30 days after its end.
    """
    entity, entity_id, _, *part = slot.split("\0")
    stretch = stretch_of(part[0]) if part else None
    if stretch is not None:
        return to_ms(stretch.end) < at - _KEPT_FOR
    return entity == Entity.AD_SET and entity_id not in named and last < at - _KEPT_FOR
