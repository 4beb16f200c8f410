"""How far an order has come: a row for each part that has ended, beside the row of all orders.

The row of all holds every part of an action and what is in force of every ad set. Were it written
for each part, an action over a thousand ad sets would write all of that a thousand times. So it is
written when an action begins and ends; what ends in between has a row of its own, and whoever reads
takes both together. When the row of all is written, it says what they said, and they are gone in
the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

from msgspec import structs

from workers.executor.day_limits import unread_after
from workers.executor.draft import Draft
from workers.executor.live.order import BUDGETS
from workers.executor.live.outcome import Outcome, Result
from workers.executor.orders import HANDS_OFF, MOST_SET_LAST, OpenOrder, Orders, Part, orders_key
from workers.executor.rows import ORDERS, Row, pack, unpack

_CHANGES_MATTER: Final = timedelta(hours=2) // timedelta(milliseconds=1)
"""How long changes of budgets are kept: platforms count those of an hour, by their own clocks."""
_REFUSED: Final = timedelta(hours=6) // timedelta(milliseconds=1)
"""How long what a platform has refused beside others is not asked for again: a budget that was
below the least of the platform may not be so later on the day."""
_FOR_LONG: Final = frozenset({"rejected", "unknown_entity"})
"""Reasons of a refusal that is the same in the next hour."""
_BUDGET_CHANGES: Final = 8
"""Most times of changes kept of one budget; no platform allows more of them in an hour."""

Read = Callable[[bytes], bytes | None]
"""Returns the row of a key, if there is one."""


class Ended(Row, frozen=True, array_like=True):
    """How one part has ended, and what that says of the platform."""

    result: Result
    target: Decimal
    before: Decimal | None
    after: Decimal | None
    at: int
    """When, milliseconds."""
    changed: bool
    """Whether it may have been changed, and counts towards the platform's limit by the hour."""
    refused: bool
    """Whether it would be refused in the next hour as well."""

    @classmethod
    def of(cls, told: Outcome, target: Decimal, at: int) -> Ended:
        """Return what an outcome says of a part; ``target`` is what was sent."""
        return cls(
            told.result,
            target,
            told.before,
            told.after,
            at,
            told.may_have_changed,
            told.result is Result.REJECTED and told.reason in _FOR_LONG,
        )


def orders_of(draft: Draft, campaign: bytes) -> Orders:
    """Return the campaign's orders, as this step has left them."""
    return orders_at(draft.read, campaign) or Orders()


def orders_at(read: Read, campaign: bytes) -> Orders | None:
    """Return the campaign's orders with all that has ended; None where it never had one."""
    orders = unpack(read(orders_key(campaign)), Orders)
    if orders is None or orders.under_way is None:
        return orders
    parts, ended = list(orders.under_way.parts), []
    for at, part in enumerate(parts):
        if part.result is not None:
            continue
        # They end in turn, so behind the first that has not there is none.
        if (end := unpack(read(_ended_key(campaign, at)), Ended)) is None:
            break
        parts[at] = with_end(part, end)
        ended.append((parts[at], end))
    if not ended:
        return orders
    under_way = structs.replace(orders.under_way, parts=tuple(parts))
    return _noted(structs.replace(orders, under_way=under_way), ended)


def orders_in(rows: Mapping[bytes, bytes]) -> Iterator[tuple[bytes, Orders]]:
    """Yield campaign and `Orders` of all campaigns in the table of actions that have some."""
    for campaign in sorted(touched(rows)):
        if (orders := orders_at(rows.get, campaign)) is not None:
            yield campaign, orders


def touched(rows: Mapping[bytes, bytes | None]) -> set[bytes]:
    """Return the campaigns of whose orders there is a row."""
    # Campaigns' names are printable, so a NUL begins the number of a part.
    return {key[1:].partition(b"\0")[0] for key in rows if key.startswith(ORDERS)}


def keep(draft: Draft, campaign: bytes, orders: Orders) -> None:
    """Write the campaign's orders whole, and let go of the rows of parts, which they hold."""
    before = unpack(draft.read(orders_key(campaign)), Orders)
    for at in range(len(before.under_way.parts) if before and before.under_way else 0):
        if draft.read(key := _ended_key(campaign, at)) is not None:
            draft.writes[key] = None
    draft.writes[orders_key(campaign)] = pack(orders)


def keep_end(draft: Draft, campaign: bytes, opened: OpenOrder, end: Ended) -> None:
    """Write that the part which is next in ``opened`` has ended, and nothing else."""
    draft.writes[_ended_key(campaign, opened.at or 0)] = pack(end)


def with_end(part: Part, end: Ended) -> Part:
    """Return the part as it has ended."""
    return structs.replace(
        part, result=end.result, target=end.target, before=end.before, after=end.after
    )


def noted(orders: Orders, part: Part, end: Ended) -> Orders:
    """Keep what the platform has now, when a budget was changed, and what others have set."""
    return _noted(orders, [(part, end)])


def _noted(orders: Orders, ended: Sequence[tuple[Part, Ended]]) -> Orders:
    last, hands_off, refused = dict(orders.set_last), dict(orders.hands_off), dict(orders.refused)
    changes, unread, now = dict(orders.budget_changes), orders.unread, ended[-1][1].at
    for part, end in ended:
        slot = part.slot
        if part.was_set:
            stay = tuple(other for other in orders.edited if other != slot)
            orders = structs.replace(orders, edited=stay)
        last.pop(slot, None)
        if end.after is not None:
            last[slot] = end.after
        if end.changed and part.lever in BUDGETS:
            changes[slot] = (*changes.get(slot, ()), end.at)[-_BUDGET_CHANGES:]
        if end.result is Result.DRIFT:
            orders = structs.replace(orders, edited=orders.with_edited(slot))
            hands_off[slot] = max(end.at + HANDS_OFF, hands_off.get(slot, 0))
        if part.beside and end.refused:
            refused[slot] = end.at + _REFUSED
        unread = unread_after(unread, part, end.after, end.at)
    late = {
        slot: tuple(time for time in times if time > now - _CHANGES_MATTER)
        for slot, times in changes.items()
    }
    return structs.replace(
        orders,
        set_last=dict(list(last.items())[-MOST_SET_LAST:]),
        budget_changes={slot: times for slot, times in late.items() if times},
        hands_off={slot: until for slot, until in hands_off.items() if until > now},
        refused={slot: until for slot, until in refused.items() if until > now},
        unread=unread,
    )


def _ended_key(campaign: bytes, at: int) -> bytes:
    return orders_key(campaign) + b"\0" + at.to_bytes(4, "big")
