"""How what is chosen is undone: each field at once, to what was before the oldest change of it.

A field goes back from what is in force as far as changes that are chosen stand on each other. It is
never set to what was in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from schemas.audit import IN_FORCE, AuditStatus
from schemas.keys import CampaignKey
from schemas.levers import ON_PLATFORM
from workers.executor.history import Past, standing
from workers.executor.rollback import Judgement, Undo, judge
from workers.undo.trail import CampaignTrail, Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoing:
    """One field that goes back, by one decision."""

    key: CampaignKey
    action_id: str
    """The oldest change that is undone."""
    through: str | None
    """The newest; None where it is the same."""
    back_to: Decimal


class Line(NamedTuple):
    """What is said of one change that is chosen."""

    key: CampaignKey
    told: Told
    state: Undo
    why: str
    undoing: Undoing | None
    """By what it is undone, where it can be."""


def lines_of(trail: CampaignTrail, at: int) -> list[Line]:
    """Return what can be done about each chosen change of a campaign at a time, newest first.

    Parameters
    ----------
    trail
        All that the audit trail tells of the campaign.
    at
        Milliseconds since 1970.
    """
    fields: dict[str, list[Told]] = {}
    for told in reversed(trail.chosen.values()):
        fields.setdefault(told.slot, []).append(told)
    return [line for slot, chosen in fields.items() for line in _of_field(trail, slot, chosen, at)]


def _of_field(trail: CampaignTrail, slot: str, chosen: list[Told], at: int) -> Iterator[Line]:
    ids = {bytes.fromhex(told.action_id) for told in chosen}
    undoing, over, stopped = None, set[str](), dict[str, Judgement]()
    chain = _chain(trail, slot, ids)
    while chain:
        oldest, newest = chain[-1].action_id.hex(), chain[0].action_id.hex()
        judgement = _judged(trail, oldest, newest, at)
        if judgement.state is Undo.UNDOABLE:
            through = None if oldest == newest else newest
            back_to = judgement.over[-1].before or Decimal(0)
            undoing = Undoing(key=trail.key, action_id=oldest, through=through, back_to=back_to)
            over = {past.action_id.hex() for past in judgement.over}
            break
        stopped[oldest] = judgement
        if judgement.state is Undo.ALREADY_UNDONE:
            stopped |= {past.action_id.hex(): judgement for past in judgement.over}
            break
        # What cannot be gone back beyond stays, and what came after it is undone.
        chain.pop()
    for told in chosen:
        if told.action_id in over:
            yield Line(trail.key, told, Undo.UNDOABLE, _gone_over(told, undoing), undoing)
        else:
            found = stopped.get(told.action_id) or _judged_alone(trail, told, at)
            yield Line(trail.key, told, *_refused(found, undoing), None)


def _chain(trail: CampaignTrail, slot: str, ids: set[bytes]) -> list[Past]:
    """Return the chosen changes that stand on each other, from what is in force downwards."""
    current, chain = trail.current(slot), list[Past]()
    for past in standing(trail.of, slot, current.set_by if current else b""):
        if past.action_id in ids and not past.undone_by:
            chain.append(past)
            if past.rolls_back:
                break  # It is done again alone: what it stands on comes back by it.
        elif not past.passes_on:
            break
    return chain


def _judged(trail: CampaignTrail, action_id: str, through: str | None, at: int) -> Judgement:
    judgement = judge(trail, action_id, through, at)
    change = judgement.change
    if change and (change.entity.value, change.entity_id) in trail.gone:
        text = f"the platform knows no {change.entity} {change.entity_id} any more"
        return Judgement(Undo.NOT_UNDOABLE, text, change)
    if judgement.state is Undo.UNDOABLE and (edited := _edited(trail, judgement)):
        entity, entity_id, value, *_ = edited.split("\0")
        text = f"somebody else has set {value.removeprefix(ON_PLATFORM)} of {entity} {entity_id}"
        return Judgement(Undo.DRIFTED, f"{text} on the platform", change)
    return judgement


def _edited(trail: CampaignTrail, judgement: Judgement) -> str | None:
    found = (trail.edited(past.action_id.hex()) for past in judgement.over)
    return next((slot for slot in found if slot), None)


def _judged_alone(trail: CampaignTrail, told: Told, at: int) -> Judgement:
    if told.status is AuditStatus.UNVERIFIED:
        text = "nobody could read whether it is in force: look at the platform"
        return Judgement(Undo.NOT_UNDOABLE, text)
    if told.status not in IN_FORCE:
        reason = f" ({told.reason})" if told.reason else ""
        return Judgement(Undo.NOT_UNDOABLE, f"was never in force: {told.status}{reason}")
    return _judged(trail, told.action_id, None, at)


def _gone_over(told: Told, undoing: Undoing | None) -> str:
    """Return what is to be known of a change that is undone."""
    if undoing is None or told.action_id == undoing.action_id:
        return "a roll-back, which is undone" if told.status is AuditStatus.ROLLED_BACK else ""
    return f"undone with {undoing.action_id[:8]}"


def _refused(found: Judgement, undoing: Undoing | None) -> tuple[Undo, str]:
    if found.state is Undo.UNDOABLE and undoing is not None:
        return Undo.SUPERSEDED, f"action {undoing.action_id} is undone first; then ask again"
    return found.state, found.text
