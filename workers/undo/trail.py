"""What the audit trail tells of one campaign's changes, read once from its beginning.

From the first change that is chosen on, as many are kept as an executor keeps; of what was before,
only what was in force.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from schemas.audit import CHANGED, IN_FORCE, OPEN, AuditEntry, AuditStatus, Mode
from schemas.edit import Editor
from schemas.keys import CampaignKey
from schemas.levers import BID_MULTIPLIER, DAILY_BUDGET, HOURLY_BUDGET, ON_PLATFORM, STATUS
from workers.executor.edited_entries import EDITED_BY
from workers.executor.history import HOUR_MS, PAGE, PAGES, Past, marked
from workers.executor.obstacles import BEGUN_ELSEWHERE, NOT_AS_EXPECTED
from workers.executor.rows import InForce
from workers.executor.slots import part_of, slot_named, slot_of
from workers.instants import to_ms

GONE: Final = "unknown_entity"
"""Reason of an entry that tells that the platform has no such entity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an entry tells of an action that is chosen."""

    action_id: str
    at: datetime
    actor: str
    status: AuditStatus
    reason: str | None
    slot: str
    field: str
    entity_id: str
    currency: str | None
    before: Decimal | None
    target: Decimal | None


class CampaignTrail:
    """One campaign, as its entries tell."""

    def __init__(self, key: CampaignKey, plan_version: int | None) -> None:
        self.key = key
        self.chosen: dict[str, Told] = {}
        self.gone: set[tuple[str, str]] = set()
        """Entities that the platform did not know when it was asked last."""
        self._plan_version = plan_version
        self._live = False
        self._parts = set[str]()
        """Values on the platform that the action has set that is told of next."""
        self._edited = set[str]()
        """Values on the platform that somebody else has set, and nobody here since."""
        self._set_by = dict[str, frozenset[str]]()
        """What chosen actions have set on the platform."""
        self._count = 0
        self._held: dict[bytes, Past] = {}
        self._in_force: dict[str, InForce] = {}

    def of(self, action_id: bytes) -> Past | None:
        """Return what an action has changed; None when it changed nothing or is kept no more."""
        return self._held.get(action_id)

    def current(self, slot: str) -> InForce | None:
        """Return what is in force of a field."""
        return self._in_force.get(slot)

    def plan_version(self) -> int | None:
        """Return the version of the plan that holds; None where none does."""
        return self._plan_version

    def days_budget_only(self) -> bool:
        """Return whether a platform keeps budgets of an hour, by that of the day."""
        return self._live

    def add(self, entry: AuditEntry, *, chosen: bool) -> None:
        """Take the next entry in."""
        self._note_entity(entry)
        if entry.status is AuditStatus.EDITED:
            self._note_edit(entry)
            return
        if entry.is_of_part:
            self._note_part(entry)
            return
        if entry.action_id is None or entry.target is None or entry.status in OPEN:
            return
        if chosen:
            self.chosen[entry.action_id] = _told(entry)
            # Of a multiplier there is no value of its own on any platform.
            own = () if entry.field == BID_MULTIPLIER else (_platform_slot(entry),)
            self._set_by[entry.action_id] = frozenset(self._parts.union(own))
        self._parts = set()
        self._live = entry.mode is Mode.LIVE
        self._note_value(entry, entry.target)

    def edited(self, action_id: str) -> str | None:
        """Return one of the values that an action has set, and then somebody else; None if none."""
        return next(iter(sorted(self._set_by.get(action_id, frozenset()) & self._edited)), None)

    def _note_value(self, entry: AuditEntry, target: Decimal) -> None:
        found, stood = _platform_slot(entry), entry.status is AuditStatus.NO_OP
        if stood and entry.field == STATUS:
            # That a campaign was so already is somebody else's doing.
            self._drift(entry, target)
        elif entry.status in CHANGED or (stood and self._is_news(entry)):
            self._take_effect(entry, target)
        elif self._live and entry.status is AuditStatus.DRIFT and entry.after is not None:
            self._drift(entry, entry.after)
        if entry.status in CHANGED:
            self._edited.discard(found)
        elif entry.status is AuditStatus.DRIFT and entry.reason != NOT_AS_EXPECTED:
            self._edited.add(found)

    def _note_part(self, entry: AuditEntry) -> None:
        slot = slot_of(entry)
        if entry.status in IN_FORCE:
            self._parts.add(slot)
        if entry.status in CHANGED:
            self._edited.discard(slot)
        elif entry.status is AuditStatus.DRIFT:
            self._edited.add(slot)

    def _note_edit(self, entry: AuditEntry) -> None:
        if entry.reason == EDITED_BY[Editor.US]:
            return
        self._edited.add(_platform_slot(entry))
        if entry.after is not None and not entry.is_of_part:
            self._drift(entry, entry.after)

    def _note_entity(self, entry: AuditEntry) -> None:
        entity = (entry.entity.value, entry.entity_id)
        if entry.reason == GONE:
            self.gone.add(entity)
        elif entry.status in IN_FORCE:
            self.gone.discard(entity)

    def _is_news(self, entry: AuditEntry) -> bool:
        """Return whether what stood already was not known to."""
        found = ((self._standing(slot, entry), to) for slot, to in _targets(entry).items())
        known = (own and (own.value, own.currency) == (to, entry.currency) for own, to in found)
        return not all(known)

    def _take_effect(self, entry: AuditEntry, target: Decimal) -> None:
        slot, own = slot_of(entry), bytes.fromhex(entry.action_id or "")
        current = self._standing(slot, entry)
        unset = entry.expected if entry.field in BEGUN_ELSEWHERE else None
        before = unset if entry.before is None else entry.before
        if self.chosen:
            self._hold(self._past(entry, target, current, before))
        self._count += 1
        version = _plan_version(entry)
        for name, value in _targets(entry).items():
            self._in_force[name] = InForce(value, entry.currency, own, version)

    def _past(
        self, entry: AuditEntry, target: Decimal, current: InForce | None, before: Decimal | None
    ) -> Past:
        previous = current.set_by if current else b""
        stands_on = self._held.get(previous)
        ends = stands_on.hour_ends if stands_on else 0
        return Past(
            number=self._count,
            action_id=bytes.fromhex(entry.action_id or ""),
            entity=entry.entity,
            entity_id=entry.entity_id,
            field=entry.field,
            unit=entry.unit or "",
            currency=entry.currency,
            before=before,
            target=target,
            plan_version=_plan_version(entry),
            previous=previous,
            rolls_back=bytes.fromhex(entry.rolls_back or ""),
            hour_ends=to_ms(entry.hour) + HOUR_MS if entry.hour else ends,
            part=part_of(entry),
        )

    def _hold(self, past: Past) -> None:
        if past.rolls_back:
            self._held.update(marked(self.of, past))
        self._held[past.action_id] = past
        if past.number % PAGE == 0:
            first = past.number - (PAGES - 1) * PAGE
            for old in [each for each, kept in self._held.items() if kept.number < first]:
                del self._held[old]

    def _drift(self, entry: AuditEntry, found: Decimal) -> None:
        """Note what somebody else has set, where that is not what was in force anyhow."""
        current = self._standing(slot_of(entry), entry)
        # Whoever sets it to what it was has set it all the same.
        restated = entry.status is AuditStatus.EDITED and entry.before == found
        if current is None or current.value != found or restated:
            version = _plan_version(entry)
            self._in_force[slot_of(entry)] = InForce(found, entry.currency, b"", version)

    def _standing(self, slot: str, entry: AuditEntry) -> InForce | None:
        current = self._in_force.get(slot)
        if current and entry.field == DAILY_BUDGET and current.plan_version != _plan_version(entry):
            return None
        return current


def _platform_slot(entry: AuditEntry) -> str:
    """Return what names the value on the platform that an entry of an edit tells of."""
    if entry.is_of_part:
        return slot_of(entry)
    lever = DAILY_BUDGET if entry.field == HOURLY_BUDGET else entry.field
    return slot_named(entry.entity, entry.entity_id, f"{ON_PLATFORM}{lever}")


def _targets(entry: AuditEntry) -> dict[str, Decimal]:
    targets = {} if entry.target is None else {slot_of(entry): entry.target}
    if entry.field == BID_MULTIPLIER and entry.hourly_cap is not None:
        targets[slot_named(entry.entity, entry.entity_id, HOURLY_BUDGET)] = entry.hourly_cap
    return targets


def _plan_version(entry: AuditEntry) -> int:
    version = entry.versions.get("plan", 0)
    return version if isinstance(version, int) else 0


def _told(entry: AuditEntry) -> Told:
    return Told(
        action_id=entry.action_id or "",
        at=entry.at,
        actor=entry.actor,
        status=entry.status,
        reason=entry.reason,
        slot=slot_of(entry),
        field=entry.field,
        entity_id=entry.entity_id,
        currency=entry.currency,
        before=entry.before,
        target=entry.target,
    )
