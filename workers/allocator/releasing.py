"""Which budgets are set without a person, and the actions that do it."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from engine.arrays import Bools, Ints
from engine.group_nesting import Nested
from schemas import Action, Recommendation, encode
from schemas.action import Release
from schemas.record import CampaignRecord
from workers.optimizer import identity as optimizers

ACTION_ID, ADVICE_ID = "action_id", "recommendation_id"

NOT_YET = "0" * 32
"""Stands for the id of a record that is not complete yet."""


def may_go(
    wanted: Bools, present: Ints, budget: Ints, total: int, nested: Nested | None = None
) -> Bools:
    """Return which changes go without a person, (B,), of those that may by themselves.

    Raises wait for a person as long as the cuts that pay for them do: with what is released the
    budgets exceed neither the total nor what a group inside may have. A cut always may go, but
    where it leaves a group inside with less than it must have: it waits for that group's raises.
    """
    cuts, raises = wanted & (budget < present), wanted & (budget > present)
    if nested is not None:
        after = nested.sums(np.where(cuts | raises, budget, present))
        starving = after < np.minimum(nested.floor, nested.sums(budget))
        starving[0] = False
        cuts &= ~nested.inside(starving)
    after = np.where(cuts | raises, budget, present)
    if nested is not None:
        over = nested.sums(after) > nested.ceiling
        over[0] = False
        raises &= ~nested.inside(over)
        after = np.where(cuts | raises, budget, present)
    return np.asarray(cuts | (raises & (int(after.sum()) <= total)))


def released(advice: Recommendation, actor: str) -> Action:
    """Return the action that carries out a recommendation that policy lets go, as ``actor``."""
    if advice.field is None or advice.recommended_value is None or advice.unit is None:
        raise AssertionError("only advice is released, and a hold is none")
    action = Action(
        platform=advice.platform,
        account_id=advice.account_id,
        campaign_id=advice.campaign_id,
        action_id=NOT_YET,
        recommendation_id=advice.recommendation_id,
        entity=advice.entity,
        entity_id=advice.entity_id,
        field=advice.field,
        expected=advice.current_value,
        target=advice.recommended_value,
        without_jitter=advice.without_jitter,
        unit=advice.unit,
        currency=advice.currency,
        hour=advice.hour,
        released_by=Release.POLICY,
        actor=actor,
        why=advice.reasons[0].text,
        released_at=advice.decided_at,
        valid_from=advice.valid_from,
        expires_at=advice.expires_at,
        plan_version=advice.plan_version,
        returns=advice.returns,
        approvers=advice.approvers,
    )
    return numbered(action)


def numbered(action: Action) -> Action:
    """Return an action with the digest of its content as its id."""
    return replace(action, action_id=_identity(action, ACTION_ID))


def identified(advice: Recommendation) -> Recommendation:
    """Return a recommendation with the digest of its content as its id."""
    return replace(advice, recommendation_id=_identity(advice, ADVICE_ID))


def written(record: CampaignRecord, name: str) -> bytes:
    """Return a record as JSON, its id (the field ``name``) before all else: ids are searched."""
    return optimizers.identified(_content(record, name), name)[1]


def _identity(record: CampaignRecord, name: str) -> str:
    return optimizers.identified(_content(record, name), name)[0]


def _content(record: CampaignRecord, name: str) -> str:
    """Return the JSON of all but the id."""
    own = f'"{name}":"{getattr(record, name)}",'
    return encode(record).decode().replace(own, "", 1)
