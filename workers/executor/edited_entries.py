"""Entries of the audit trail about edits: who has set what, and what is in force after it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from schemas.audit import AuditEntry, AuditStatus
from schemas.edit import Editor, PlatformEdit
from schemas.levers import CURRENCY_UNIT, MULTIPLIER_UNIT, STATUS, SWITCH_UNIT
from workers.connectors.amounts import MONEY
from workers.executor.attributing import set_by
from workers.executor.draft import Draft
from workers.executor.edit_histories import KnownEdit
from workers.executor.edited import Standing
from workers.instants import from_ms

EDITED_BY: Final[Mapping[Editor, str]] = MappingProxyType(
    {
        Editor.PERSON: "edited_by_person",
        Editor.OTHER_APP: "edited_by_other_app",
        Editor.RULE: "edited_by_rule",
        Editor.US: "edited_by_us",
    }
)
"""Reasons of entries, by who it was."""
UNEXPLAINED: Final = "unexplained"
"""Our credentials have set it, and no order of ours has."""
_ALARM: Final = "our credentials have set it, and no order of ours: see who uses them"


def tell(
    draft: Draft,
    edit: PlatformEdit,
    known: KnownEdit,
    told: tuple[str, str, Standing],
    at: int,
) -> None:
    """Add an entry about an edit: why, what there is to say, and what stands after it."""
    why, detail, stands = told
    by = "unexplained" if why == UNEXPLAINED else edit.by.value
    draft.count("platform_edits", edit.platform, by)
    alarm = _ALARM if why == UNEXPLAINED else ""
    words = "; ".join(filter(None, (_told(edit, known), detail, alarm)))
    draft.audit(
        AuditEntry(
            partition=draft.view.partition,
            at=from_ms(at),
            status=AuditStatus.EDITED,
            mode=draft.policy.mode,
            reason=why,
            detail=words,
            platform=edit.platform,
            account_id=edit.account_id,
            campaign_id=edit.campaign_id,
            actor=edit.actor.strip() or edit.by.value,
            entity=edit.entity,
            entity_id=edit.entity_id,
            field=stands.field,
            unit=_unit(edit),
            currency=stands.currency,
            before=stands.before,
            after=stands.after,
            latency_seconds=Decimal(at - known.at) / 1000,
            edit_id=edit.edit_id,
            edited_by=edit.by,
            edited_at=from_ms(known.at),
            versions={} if stands.plan_version is None else {"plan": stands.plan_version},
        )
    )


def _unit(edit: PlatformEdit) -> str:
    if edit.field == STATUS:
        return SWITCH_UNIT
    return CURRENCY_UNIT if edit.field in MONEY else MULTIPLIER_UNIT


def _told(edit: PlatformEdit, known: KnownEdit) -> str:
    part = f" {edit.part}" if edit.part else ""
    values = " to ".join("?" if one is None else str(one) for one in (edit.before, edit.after))
    return f"{edit.field}{part} of {edit.entity} {edit.entity_id}: {values}, {set_by(known)}"
