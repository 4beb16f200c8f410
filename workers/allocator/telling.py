"""Publishes what members are to have, and what of it is set without a person."""

from __future__ import annotations

from collections.abc import Sequence

from engine.arrays import Rows
from schemas import Recommendation
from schemas.topics import ACTIONS, RECOMMENDATIONS
from workers.allocator.advising import Advice
from workers.allocator.draft import Draft
from workers.allocator.facts import Facts
from workers.allocator.releasing import ACTION_ID, ADVICE_ID, released, written

_ACTOR = 200
"""Most letters of who released an action."""


def tell(draft: Draft, facts: Facts, campaigns: Sequence[bytes], rows: Rows) -> dict[bytes, bytes]:
    """Publish the advice of members; return its ids by campaign.

    All is written before any of it is published: where a row is refused, nothing is said.
    """
    advice, ids = Advice(draft.policy, facts), {}
    actor = f"pacekeeper:group:{facts.inside[0].name}"[:_ACTOR]
    made = [
        _written(advice.of(campaign, row), actor)
        for campaign, row in zip(campaigns, rows, strict=True)
    ]
    for each, said, action in made:
        draft.publish(RECOMMENDATIONS, each.key, said, facts.now)
        if action is not None:
            draft.publish(ACTIONS, each.key, action, facts.now)
            draft.count("actions", "policy")
        draft.count("decisions", each.kind.value)
        if each.hold_reason is not None:
            draft.count("holds", each.hold_reason.value)
        ids[each.key] = bytes.fromhex(each.recommendation_id)
    return ids


def _written(each: Recommendation, actor: str) -> tuple[Recommendation, bytes, bytes | None]:
    """Return advice, its record, and that of its action where it has one."""
    action = written(released(each, actor), ACTION_ID) if each.auto_execute else None
    return each, written(each, ADVICE_ID), action
