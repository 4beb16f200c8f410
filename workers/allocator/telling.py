"""Publishes what members are to have, and what of it is set without a person."""

from __future__ import annotations

from collections.abc import Sequence

from engine.arrays import Rows
from schemas.topics import ACTIONS, RECOMMENDATIONS
from workers.allocator.advising import Advice
from workers.allocator.draft import Draft
from workers.allocator.facts import Facts
from workers.allocator.releasing import ACTION_ID, ADVICE_ID, released, written

_ACTOR = 200
"""Most letters of who released an action."""


def tell(draft: Draft, facts: Facts, campaigns: Sequence[bytes], rows: Rows) -> dict[bytes, bytes]:
    """Publish the advice of members; return its ids by campaign."""
    advice, ids = Advice(draft.policy, facts), {}
    actor = f"pacekeeper:group:{facts.inside[0].name}"[:_ACTOR]
    for campaign, row in zip(campaigns, rows, strict=True):
        each = advice.of(campaign, row)
        draft.publish(RECOMMENDATIONS, each.key, written(each, ADVICE_ID), facts.now)
        if each.auto_execute:
            action = written(released(each, actor), ACTION_ID)
            draft.publish(ACTIONS, each.key, action, facts.now)
            draft.count("actions", "policy")
        draft.count("decisions", each.kind.value)
        if each.hold_reason is not None:
            draft.count("holds", each.hold_reason.value)
        ids[each.key] = bytes.fromhex(each.recommendation_id)
    return ids
