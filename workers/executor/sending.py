"""From the orders in the table to those that couriers carry out."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from schemas.action import Release
from schemas.fields import Entity
from schemas.keys import parse_campaign_key
from workers.connectors.protocol import Change, Lever, Ref
from workers.executor.live.order import Order, kind_of
from workers.executor.orders import OpenOrder, Orders

_UNDO_WITHIN: Final = 3_600.0
"""Seconds that putting back may take: from when the action began."""


def order_of(opened: OpenOrder) -> Order:
    """Return the order for the next part of an action that is under way."""
    action, part = opened.action, opened.parts[opened.at or 0]
    ref = Ref(
        account_id=action.account_id,
        entity=part.entity,
        entity_id=part.entity_id,
        lever=part.lever,
        part=part.part,
    )
    change = Change(ref=ref, target=part.target, currency=opened.currency, key=opened.order_id)
    begun, expires = opened.begun / 1000, action.expires_at.timestamp()
    return Order(
        action_id=opened.order_id,
        platform=action.platform,
        change=change,
        expected=part.expected,
        kind=kind_of(change, part.expected),
        released_at=begun,
        # What is put back must not be left half done because time is over.
        expires_at=max(expires, begun) + _UNDO_WITHIN if opened.undoing else expires,
        shadow=opened.shadow,
        by_person=action.released_by is Release.PERSON or opened.undoing,
        highest=part.highest,
        max_change_pct=part.max_change_pct,
    )


def changes_of(campaign: bytes, orders: Orders) -> Iterator[tuple[Order, float]]:
    """Yield the latest changes of the campaign's budgets, each with its time in seconds."""
    key = parse_campaign_key(campaign)
    for slot, times in orders.budget_changes.items():
        entity, entity_id, lever = slot.split("\0")
        ref = Ref(
            account_id=key.account_id,
            entity=Entity(entity),
            entity_id=entity_id,
            lever=Lever(lever),
        )
        for at in times:
            name = f"{slot}@{at}"
            change = Change(ref=ref, target=Decimal(0), currency="", key=name)
            yield _ended(key.platform, change, at / 1000), at / 1000


def _ended(platform: str, change: Change, at: float) -> Order:
    """Return an order that is over; of what it has set nothing is known any more."""
    return Order(
        action_id=change.key,
        platform=platform,
        change=change,
        expected=None,
        kind=kind_of(change, None),
        released_at=at,
        expires_at=at,
    )
