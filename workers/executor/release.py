"""What people's words on a recommendation or a change lead to: an action.

An action's id is made from what it carries out, so that every repeat is the same action.
"""

from __future__ import annotations

from typing import Any

import orjson

from schemas.action import Action, Release
from schemas.codec import digest
from schemas.decision import Decision
from schemas.levers import BID_MULTIPLIER, HOURLY_BUDGET
from schemas.recommendation import Recommendation
from workers.executor.entries import identity
from workers.executor.policy import ExecutorPolicy
from workers.executor.rollback import Judgement
from workers.instants import from_ms

_SHARED = tuple(
    name for name in Action.__struct_fields__ if name in Recommendation.__struct_fields__
)
"""Fields that say the same in a recommendation and in the action that carries it out."""

_LONGEST_WHY = 2000


def approved(advice: Recommendation, decision: Decision, at: int) -> Action:
    """Return the action that people release by approving ``advice``, the last one by a decision."""
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


def stays(advice: Recommendation) -> bool:
    """Return whether an hour may spend what the one before it could, and policy decides nothing."""
    of_hours = advice.field in (HOURLY_BUDGET, BID_MULTIPLIER)
    same = advice.recommended_value == advice.current_value
    return of_hours and same and not advice.auto_execute


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


def undoing(judgement: Judgement, decision: Decision, policy: ExecutorPolicy, at: int) -> Action:
    """Return the action that sets back what can be undone, by what `judge` says of it."""
    first, last = judgement.over[-1], judgement.over[0]
    if first.before is None:
        raise ValueError("what has nothing before it cannot be undone")
    expires = from_ms(at) + policy.undo_within
    if judgement.hour_ends:
        expires = min(expires, from_ms(judgement.hour_ends))
    return Action(
        platform=decision.platform,
        account_id=decision.account_id,
        campaign_id=decision.campaign_id,
        **by_person(decision, at) | {"why": _told(decision, judgement)},
        action_id=identity_of(decision),
        entity=first.entity,
        entity_id=first.entity_id,
        field=first.field,
        expected=last.target,
        target=first.before,
        unit=first.unit,
        currency=first.currency,
        # Of an hourly budget the day's is derived anew; that of a multiplier stays as it is.
        day_budget=judgement.day_budget,
        valid_from=from_ms(at),
        expires_at=expires,
        plan_version=first.plan_version,
        rolls_back=first.action_id.hex(),
        window_start=first.window_start,
        window_end=first.window_end,
    )


def identity_of(decision: Decision) -> str:
    """Return the id of the action that a decision leads to by itself, without any advice."""
    return _identity(decision.verb.value, identity(decision))


def _told(decision: Decision, judgement: Judgement) -> str:
    """Return why it is undone, and what more than one change that is."""
    first, told = judgement.over[-1], []
    if first.rolls_back:
        told.append(f"undoes the roll-back of {first.rolls_back.hex()}")
    if more := len(judgement.over) - 1:
        later = "1 later change" if more == 1 else f"{more} later changes"
        told.append(f"{later} undone with it, through {judgement.over[0].action_id.hex()}")
    return "; ".join([*([decision.why] if decision.why else []), *told])[:_LONGEST_WHY]


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
