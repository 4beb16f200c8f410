"""From the orders in the table to those that couriers carry out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from schemas.action import Release
from schemas.fields import Entity
from schemas.keys import names_of
from workers.connectors.protocol import Change, Lever, Ref
from workers.executor.live.order import Order, kind_of
from workers.executor.orders import OpenOrder, Orders

_HOUR_MS: Final = 3_600_000
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
    )
    change = Change(
        ref=ref, target=part.target, currency=opened.currency, key=opened.order_id
    )
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
