"""Ordering: an action becomes an order, whose intent is in the log before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from msgspec import structs

from schemas.action import Action, Release
from schemas.audit import AuditStatus
from schemas.levers import STATUS
from workers.connectors.settings import AccountMode
from workers.executor import entries, grants, holding, pausing
from workers.executor.attributing import editor_of
from workers.executor.capping import is_left, unheld
from workers.executor.day_limits import at_worst
from workers.executor.draft import Draft
from workers.executor.entries import Finding, expired, rejected
from workers.executor.obstacles import obstacles
from workers.executor.orders import OpenOrder, Orders, Part
from workers.executor.platforms import not_named
from workers.executor.progress import keep, orders_of
from workers.executor.rails import too_fast
from workers.executor.rows import Campaign
from workers.executor.tables import known_plan_of, rule_of
from workers.executor.translating import CannotSet, parts_of
from workers.instants import from_ms, to_ms


def order(draft: Draft, campaign: Campaign, action: Action, at: int) -> None:
    """Carry the action out now, or after those that are under way."""
    orders = orders_of(draft, action.key)
    if orders.under_way is None:
        keep(draft, action.key, begun(draft, campaign, orders, action, at))
    elif (waiting := _queued(orders.waiting, action, draft.policy.remembered)) is not None:
        keep(draft, action.key, structs.replace(orders, waiting=waiting))
    else:
        most = draft.policy.remembered
        detail = f"{most} actions of the campaign wait for the platform already"
        _end(draft, campaign, action, at, rejected("too_many_waiting", detail))


def _queued(waiting: tuple[Action, ...], action: Action, most: int) -> tuple[Action, ...] | None:
    """Return what waits with one action more; None where as many wait already.

    A person's pause goes before all that was not said of the status before it, and finds room
    however much else waits: it is what stops the rest.
    """
    first = pausing.is_free(action)
    if sum(pausing.is_free(each) == first for each in waiting) >= most:
        return None
    behind = (at for at, each in enumerate(waiting, start=1) if not first or each.field == STATUS)
    at = max(behind, default=0)
    return (*waiting[:at], action, *waiting[at:])


def is_full(draft: Draft, campaign: bytes) -> bool:
    """Return whether no more actions of the campaign can wait for the platform."""
    return len(orders_of(draft, campaign).waiting) >= draft.policy.remembered


def next_begun(draft: Draft, campaign: Campaign, orders: Orders, at: int) -> Orders:
    """Begin the first of those that wait that nothing keeps from it; nothing is under way."""
    while orders.waiting and orders.under_way is None:
        action, *others = orders.waiting
        orders = structs.replace(orders, waiting=tuple(others))
        orders = begun(draft, campaign, orders, action, at)
    return orders


def begun(draft: Draft, campaign: Campaign, orders: Orders, action: Action, at: int) -> Orders:
    """Write the intent, or why there is none; return the orders with the action under way, if."""
    if action.returns_from and (held := holding.wanted(draft, action, at)):
        # It was frozen while others were carried out.
        holding.keep(draft, action.key, [held])
        return orders
    # One that was granted later, by the ledger's time, has no effect before.
    at = max(at, grants.since(draft, action))
    try:
        obstacle = next(_all_obstacles(draft, campaign, action, at), None)
        obstacle = obstacle or too_fast(orders, rule_of(draft.view, action.key), action, at)
        opened = None if obstacle else _opened(draft, campaign, orders, action, at)
    except CannotSet as error:
        obstacle, opened = error.finding, None
    if opened is None:
        _end(draft, campaign, action, at, obstacle or _nothing_to_set())
        return orders
    if not opened.shadow:
        before = campaign.value_for(action)
        told = _told(opened.parts) + unheld(draft.policy.platforms, opened)
        finding = Finding(AuditStatus.INTENT, "to_be_sent", told, before=before)
        entries.of_action(draft, action, at, finding)
    since = orders.since or at
    return structs.replace(orders, under_way=opened, count=orders.count + 1, since=since)


def _nothing_to_set() -> Finding:
    return rejected("nothing_to_set", "no ad set of the campaign has a bid that this would change")


def _all_obstacles(draft: Draft, campaign: Campaign, action: Action, at: int) -> Iterator[Finding]:
    if to_ms(action.expires_at) <= at:
        detail = f"expired at {action.expires_at.isoformat()} while others were carried out"
        yield expired("expired", f"{detail}; wait for the next recommendation")
    if draft.policy.platforms.mode_of(action) is None:
        yield rejected("unknown_account", not_named(action.platform, action.account_id))
    yield from obstacles(draft, campaign, action, at)


def _opened(
    draft: Draft, campaign: Campaign, orders: Orders, action: Action, at: int
) -> OpenOrder | None:
    rule = known_plan_of(draft.view, action.key)
    if rule is None or not rule.currency:
        raise CannotSet("plan_not_known", "no plan of the campaign is known: publish it once more")
    currency = action.currency or rule.currency
    if currency != rule.currency:
        # The plan's bids and caps are in its own: compared with others they would mean nothing.
        detail = f"the plan is in {rule.currency}, the action in {currency}; correct the plan"
        raise CannotSet("currency_mismatch", detail)
    worst = at_worst(campaign, orders.unread, currency)
    told = parts_of(draft.policy.platforms, rule, worst, action, currency)
    parts = [part for part in told if not is_left(orders, part, at)]
    for part in parts:
        _refuse_hands_off(draft, orders, part, action, at)
    known = tuple(structs.replace(part, expected=orders.set_last.get(part.slot)) for part in parts)
    if pausing.is_own_word(action):
        # Whatever is found: who asks for it by name knows better than what was set last.
        known = tuple(parts)
    if not known:
        return None
    return OpenOrder(
        action=action,
        currency=currency,
        begun=at,
        number=orders.count,
        # Never above the total midway: what is lowered goes first.
        parts=tuple(sorted(known, key=_raises)),
        plan_version=rule.version if rule.holds else None,
        shadow=draft.policy.platforms.mode_of(action) is AccountMode.SHADOW,
    )


def _refuse_hands_off(draft: Draft, orders: Orders, part: Part, action: Action, at: int) -> None:
    until = orders.hands_off.get(part.slot, 0)
    if action.released_by is Release.POLICY and until > at:
        who = editor_of(draft, action.key, part.slot, orders.set_last.get(part.slot))
        who = who or "somebody else"
        detail = f"{who} has set {part.lever} on the platform; it is left alone until "
        detail += f"{from_ms(until).isoformat()}: approve a recommendation to change it before"
        raise CannotSet("edited_by_others", detail)
    if action.rolls_back and part.slot in orders.edited:
        detail = f"somebody else has set {part.lever} of {part.entity} {part.entity_id} on the "
        raise CannotSet("drifted", f"{detail}platform: look at it, and approve a change there")


def _raises(part: Part) -> bool:
    return part.expected is None or part.target > part.expected


def _end(draft: Draft, campaign: Campaign, action: Action, at: int, finding: Finding) -> None:
    before = campaign.value_for(action)
    entries.of_action(draft, action, at, finding._replace(before=before, after=before))


def _told(parts: Iterable[Part]) -> str:
    """Return what is about to be set, in words."""
    return "; ".join(
        f"{part.lever} of {part.entity} {part.entity_id}: {_or_unknown(part.expected)}"
        f" to {part.target}"
        for part in parts
    )


def _or_unknown(value: Decimal | None) -> str:
    return "what is found" if value is None else str(value)
