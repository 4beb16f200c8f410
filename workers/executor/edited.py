"""What is in force of a campaign's own fields once somebody has set a value on the platform."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from msgspec.structs import replace

from schemas.edit import PlatformEdit
from schemas.fields import Entity
from schemas.levers import BID, BID_MULTIPLIER, DAILY_BUDGET, HOURLY_BUDGET, ON_PLATFORM, STATUS
from workers.executor.plan_rules import PlanRule
from workers.executor.rows import Campaign, InForce
from workers.executor.slots import slot_named


class Standing(msgspec.Struct, frozen=True):
    """Which field is told of, and what it was and is; None where that is not known."""

    field: str
    before: Decimal | None
    after: Decimal | None
    currency: str | None
    plan_version: int | None
    campaign: Campaign | None = None
    """What is in force from now on, where a field of ours is another one."""


def standing_after(
    campaign: Campaign, rule: PlanRule | None, edit: PlatformEdit, expected: Decimal | None
) -> Standing:
    """Return what stands after an edit of a value, of which ``expected`` was in force before.

    A daily budget, a bid or a status that an action has set is told of as that, and a daily budget
    that hourly ones became as the hour's. Any other value is the platform's alone.
    """
    told = _of_platform(rule, edit, expected)
    field, current = _own(campaign, edit, expected)
    # Of other currencies, and without a plan, nothing can be said of money of ours.
    known = field == STATUS or rule is not None
    if current is None or edit.after is None or not known or current.currency != told.currency:
        return told
    after = edit.after
    if field == HOURLY_BUDGET:
        after = raised_hour(current.value, expected, after)
    found = InForce(after, told.currency, b"", told.plan_version or 0)
    slot = slot_named(edit.entity, edit.entity_id, field)
    in_force = {**campaign.in_force, slot: found}
    now = Campaign(in_force, campaign.memory)
    return replace(told, field=field, before=current.value, after=after, campaign=now)


def standing_now(
    campaign: Campaign, rule: PlanRule | None, edit: PlatformEdit, found: Decimal | None
) -> Standing:
    """Return what stands where what an edit has set was ``found``, and is reckoned with, already.

    Where something else was found since, nothing is told of what is in force.
    """
    told = _of_platform(rule, edit, edit.before)
    if edit.after is not None and edit.after != found:
        return replace(told, after=None)
    field, current = _own(campaign, edit, found)
    if current is None or current.currency != told.currency:
        return told
    before = None if field == HOURLY_BUDGET else edit.before
    return replace(told, field=field, before=before, after=current.value)


def raised_hour(hourly: Decimal, expected: Decimal | None, found: Decimal) -> Decimal:
    """Return the most that an hour may spend now that the day may spend what was ``found``.

    ``expected`` was the day's budget that lets the hour spend ``hourly``. What the day has more
    the hour may spend; what it has less may have been spent by hours before it.
    """
    return hourly if expected is None else hourly + max(found - expected, Decimal(0))


def _of_platform(rule: PlanRule | None, edit: PlatformEdit, before: Decimal | None) -> Standing:
    currency = edit.currency or (rule.currency if rule else None)
    if edit.field == STATUS:
        currency = None  # Whatever the account's is.
    version = rule.version if rule else None
    return Standing(f"{ON_PLATFORM}{edit.field}", before, edit.after, currency, version)


def _own(
    campaign: Campaign, edit: PlatformEdit, expected: Decimal | None
) -> tuple[str, InForce | None]:
    """Return the field of ours that an edited value stands for, and what is in force of it."""
    slots = (slot_named(edit.entity, edit.entity_id, name) for name in (edit.field, HOURLY_BUDGET))
    own, hour = (campaign.in_force.get(slot) for slot in slots)
    if edit.part:
        return "", None
    if edit.field == BID:
        return BID, None if _is_multiplied(campaign, edit.campaign_id) else own
    if edit.field == STATUS:
        return STATUS, own
    if edit.field == DAILY_BUDGET and own and (hour is None or own.value == expected):
        return DAILY_BUDGET, own
    return HOURLY_BUDGET, hour if edit.field == DAILY_BUDGET else None


def _is_multiplied(campaign: Campaign, campaign_id: str) -> bool:
    """Return whether bids on the platform are others than the usual ones."""
    found = campaign.in_force.get(slot_named(Entity.CAMPAIGN, campaign_id, BID_MULTIPLIER))
    return found is not None and found.value != 1
