"""Effects: a target that is in force from now on, and what a roll-back of it needs."""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs

from schemas.action import Action
from workers.executor.draft import Draft
from workers.executor.obstacles import BEGUN_ELSEWHERE
from workers.executor.rows import Campaign, Change, InForce, change_key, pack, unpack
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
    change = Change(
        action=action,
        before=found if found is not None else current.value if current else unset,
        previous=current.set_by if current else b"",
    )
    draft.writes[change_key(action.key, own)] = pack(change)
    if action.rolls_back:
        _mark(draft, action.key, action.rolls_back, undone_by=own)
    advised = action.recommendation_id is not None
    values = {
        slot: InForce(target, action.currency, own, action.plan_version, advised)
        for slot, target in targets_of(action).items()
    }
    return Campaign({**campaign.in_force, **values}, campaign.memory)


def _mark(draft: Draft, campaign: bytes, action_id: str, *, undone_by: bytes) -> None:
    """Note on a change that it is undone; if it had undone another, that one holds again."""
    key = change_key(campaign, bytes.fromhex(action_id))
    change = unpack(draft.read(key), Change)
    if change is None:
        return
    draft.writes[key] = pack(structs.replace(change, undone_by=undone_by))
    if undone_by and change.action.rolls_back:
        _mark(draft, campaign, change.action.rolls_back, undone_by=b"")
