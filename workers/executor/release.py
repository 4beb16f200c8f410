"""What a person's word on a recommendation or a change leads to: an action, or an audit entry.

An action's id is made from what it carries out, so that every repeat is the same action.
"""

from __future__ import annotations

from typing import Any

import orjson
from msgspec import structs

from schemas.action import Action, Release
from schemas.codec import digest
from schemas.decision import Decision, Verb
from schemas.levers import BID_MULTIPLIER
from schemas.recommendation import Recommendation
from schemas.topics import ACTIONS
from workers.executor import entries
from workers.executor.draft import Draft
from workers.executor.entries import Finding, identity, rejected
from workers.executor.rows import Change
from workers.instants import from_ms

_SHARED = tuple(
    name for name in Action.__struct_fields__ if name in Recommendation.__struct_fields__
)
"""Fields that say the same in a recommendation and in the action that carries it out."""


def answer(
    draft: Draft, decision: Decision, advice: Recommendation, at: int, obstacle: Finding | None
) -> None:
    """Approve or reject ``advice``, unless there is an obstacle."""
    if obstacle is not None:
        entries.of_decision(draft, decision, at, obstacle, about=advice)
    elif decision.verb is Verb.REJECT:
        refusal = rejected("rejected_by_person", decision.why)
        entries.of_decision(draft, decision, at, refusal, about=advice)
    else:
        draft.publish(ACTIONS, approved(advice, decision, at), at=at)


def approved(advice: Recommendation, decision: Decision, at: int) -> Action:
    """Return the action that a person releases by approving ``advice``."""
    fields: dict[str, Any] = {name: getattr(advice, name) for name in _SHARED}
    fields["target"] = advice.recommended_value
    if advice.field != BID_MULTIPLIER:
        # Of an hourly budget it is only said how far the hour may surprise.
        fields["hourly_cap"] = None
    return Action(
        **fields,
        **by_person(decision, at),
        action_id=_identity("approve", advice.recommendation_id),
        expected=advice.current_value,
    )


def renewal(advice: Recommendation, at: int) -> Action:
    """Return the action that lets the same budget of an hour, or multiplier, hold in the next one.

    A platform has a budget of the day only, which is another one each hour.
    """
    fields: dict[str, Any] = {name: getattr(advice, name) for name in _SHARED}
    cap = advice.hourly_cap if advice.field == BID_MULTIPLIER else None
    return Action(
        **fields | {"hourly_cap": cap, "target": advice.recommended_value},
        expected=advice.current_value,
        action_id=_identity("renew", advice.recommendation_id),
        released_by=Release.POLICY,
        actor="pacekeeper:renewal",
        why="the hour may spend what the one before it could: the day's budget is set anew",
        released_at=from_ms(at),
    )


def undoing(draft: Draft, change: Change, decision: Decision, at: int) -> Action:
    """Return the action that sets back what ``change`` has set; it must have had a value before."""
    return structs.replace(
        change.action,
        **by_person(decision, at),
        action_id=identity_of(decision),
        recommendation_id=None,
        expected=change.action.target,
        target=change.before,
        # What an hour and a day may spend stays as it is: the limit of a time long gone is none.
        hourly_cap=None,
        day_budget=None,
        # What was in force before is taken as nobody's chance.
        without_jitter=None,
        hour=None,
        valid_from=from_ms(at),
        expires_at=from_ms(at) + draft.policy.undo_within,
        rolls_back=change.action.action_id,
        returns=(),
        returns_from=None,
    )


def identity_of(decision: Decision) -> str:
    """Return the id of the action that a decision leads to by itself, without any advice."""
    return _identity(decision.verb.value, identity(decision))


def by_person(decision: Decision, at: int) -> dict[str, Any]:
    """Return the fields of an action that say who has released it, why and when."""
    return {
        "decision_id": identity(decision),
        "released_by": Release.PERSON,
        "actor": decision.by,
        "why": decision.why,
        "released_at": from_ms(at),
    }


def _identity(*what: str) -> str:
    return digest(orjson.dumps(what))
