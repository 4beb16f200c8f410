"""Effects: a target that is in force from now on, and what a roll-back of it needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal

from msgspec import structs

from schemas.action import Action
from workers.executor.draft import Draft
from workers.executor.history import History, marked, past_of
from workers.executor.obstacles import BEGUN_ELSEWHERE
from workers.executor.rows import Campaign, InForce
from workers.executor.slots import is_over, slot_of, targets_of
from workers.executor.tables import rule_of


def put_in_force(
    draft: Draft, campaign: Campaign, action: Action, at: int, found: Decimal | None = None
) -> Campaign:
    """Put the target in force ``at`` a time, and write down what a roll-back needs.

    What is known of ad sets that have long gone is let go. ``found`` is what was there before, if
    a platform has told; None where that is our own to know.
    """
    own = bytes.fromhex(action.action_id)
    name = slot_of(action)
    current = campaign.standing(name, action)
    unset = action.expected if action.field in BEGUN_ELSEWHERE else None
    before = found if found is not None else current.value if current else unset
    past = past_of(action, before, current.set_by if current else b"")
    if past.rolls_back:
        history = History(draft.read, action.key)
        draft.writes.update(history.with_changed(marked(history.of, past)))
    draft.writes.update(History(draft.read, action.key).with_change(past))
    advised = action.recommendation_id is not None
    values = {
        slot: InForce(target, action.currency, own, action.plan_version, advised, at)
        for slot, target in targets_of(action).items()
    }
    rule = rule_of(draft.view, action.key)
    stay = _recent(campaign.in_force, at, frozenset(rule.ad_sets if rule else ()))
    return Campaign({**stay, **values}, campaign.memory)


def _recent(in_force: Mapping[str, InForce], at: int, named: Collection[str]) -> dict[str, InForce]:
    """Return what is in force of what may still matter; what has no time counts from now on."""
    return {
        slot: own if own.at else structs.replace(own, at=at)
        for slot, own in in_force.items()
        if not is_over(slot, own.at or at, at, named)
    }
