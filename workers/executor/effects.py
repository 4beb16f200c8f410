"""Effects: a target that is in force from now on, and what a roll-back of it needs."""

from __future__ import annotations

from decimal import Decimal

from schemas.action import Action
from workers.executor.draft import Draft
from workers.executor.history import History, marked, past_of
from workers.executor.obstacles import BEGUN_ELSEWHERE
from workers.executor.rows import Campaign, InForce
from workers.executor.slots import slot_of, targets_of


def put_in_force(
    draft: Draft, campaign: Campaign, action: Action, found: Decimal | None = None
) -> Campaign:
    """Put the target in force, and write down what a roll-back needs.

    ``found`` is what was there before, if a platform has told; None where that is our own to know.
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
        slot: InForce(target, action.currency, own, action.plan_version, advised)
        for slot, target in targets_of(action).items()
    }
    return Campaign({**campaign.in_force, **values}, campaign.memory)
