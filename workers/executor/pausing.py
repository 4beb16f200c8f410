"""Pause and resume: a person's own word for it, and what policy must not resume.

A pause is the safe direction: where a person asks for one by itself, neither a freeze nor a new
version of the plan stands in its way, and whatever is found on the platform is paused. Policy
resumes only what advice of ours had paused. What was found paused already is somebody else's
doing, and a person's word makes it theirs, whoever had paused it before.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs

from schemas.action import Action, Release
from schemas.decision import Decision, Verb
from schemas.fields import Entity
from schemas.levers import DELIVERS, PAUSED, STATUS, SWITCH_UNIT
from schemas.record import CampaignRecord
from schemas.topics import ACTIONS
from workers.executor.draft import Draft
from workers.executor.entries import Finding, rejected
from workers.executor.release import by_person, identity_of
from workers.executor.rows import Campaign, Decisions, InForce
from workers.executor.slots import slot_of
from workers.executor.tables import in_force, known_plan_of
from workers.instants import from_ms

_TARGETS = {Verb.PAUSE: PAUSED, Verb.RESUME: DELIVERS}


def pause_or_resume(draft: Draft, row: Decisions, decision: Decision, at: int) -> Decisions:
    """Publish the action by which a person pauses a campaign, or resumes it."""
    draft.publish(ACTIONS, _action(draft, decision, at), at=at)
    return row


def is_own_word(subject: CampaignRecord) -> bool:
    """Return whether it is an action by which a person pauses or resumes, asked by nobody."""
    return (
        isinstance(subject, Action)
        and subject.field == STATUS
        and subject.released_by is Release.PERSON
        and subject.recommendation_id is None
        and subject.rolls_back is None
    )


def is_free(subject: CampaignRecord) -> bool:
    """Return whether no freeze and no plan stands in the way: a person stops a campaign."""
    return isinstance(subject, Action) and is_own_word(subject) and subject.target == PAUSED


def obstacle(campaign: Campaign, action: Action) -> Finding | None:
    """Return why an action must not resume a campaign; None where it may, or is no such action."""
    resumes = action.field == STATUS and action.target == DELIVERS
    if not resumes or action.released_by is not Release.POLICY:
        return None
    known = campaign.standing(slot_of(action), action)
    if known is not None and known.advised and known.value == PAUSED:
        return None
    detail = "it was not Pacekeeper that paused the campaign; a person may resume it: "
    return rejected("not_paused_by_us", f"{detail}pacekeeper decide resume {action.campaign_id}")


def found_so(campaign: Campaign, action: Action) -> Campaign:
    """Return the campaign after an action on its status that has found it so already."""
    name = slot_of(action)
    known = campaign.standing(name, action)
    if known is None or known.value != action.target:
        known = InForce(action.target, action.currency, b"", action.plan_version)
    elif is_own_word(action):
        known = structs.replace(known, advised=False)
    return Campaign({**campaign.in_force, name: known}, campaign.memory)


def _action(draft: Draft, decision: Decision, at: int) -> Action:
    plan, target = known_plan_of(draft.view, decision.key), _TARGETS[decision.verb]
    action = Action(
        platform=decision.platform,
        account_id=decision.account_id,
        campaign_id=decision.campaign_id,
        **by_person(decision, at),
        action_id=identity_of(decision),
        entity=Entity.CAMPAIGN,
        entity_id=decision.campaign_id,
        field=STATUS,
        target=target,
        unit=SWITCH_UNIT,
        valid_from=from_ms(at),
        expires_at=from_ms(at) + draft.policy.undo_within,
        plan_version=plan.version if plan else 0,
    )
    known = in_force(draft.view, decision.key).value_for(action)
    return structs.replace(action, expected=_other(target) if known is None else known)


def _other(status: Decimal) -> Decimal:
    return PAUSED if status == DELIVERS else DELIVERS
