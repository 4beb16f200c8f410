"""The agent of audit: keeps what is in force on each campaign, and when it was changed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from engine import in_force
from schemas import AuditEntry, AuditStatus, Entity, SchemaError, decode
from schemas.keys import check_key
from schemas.money import to_units_atto
from workers.delivery.api import Record, Step, View
from workers.optimizer.draft import Draft
from workers.optimizer.policy import OptimizerPolicy
from workers.optimizer.recommending import FIELD
from workers.optimizer.tables import AUDIT

_CHANGES = {AuditStatus.SIMULATED, AuditStatus.APPLIED, AuditStatus.ROLLED_BACK}


def audit_step(policy: OptimizerPolicy, view: View, records: Sequence[Record]) -> Step:
    """Take up what the entries of one partition say is in force."""
    draft = Draft(policy, view, AUDIT)
    for record in records:
        try:
            entry = decode(record.value or b"", AuditEntry)
            check_key(record.key, entry.key)
        except SchemaError as error:
            draft.refuse_for(record, error)
            continue
        if entry.entity is Entity.CAMPAIGN and entry.field == FIELD and entry.after is not None:
            value = draft.read(entry.key) or b""
            draft.writes[entry.key] = _after(value, entry, entry.after, record.offset)
    return draft.done()


def _after(value: bytes, entry: AuditEntry, amount: Decimal, offset: int) -> bytes:
    rows = in_force.unpack([value]).copy()
    if entry.status in _CHANGES and entry.before != amount:
        rows = in_force.with_change(rows, np.array([int(entry.at.timestamp())]))
    rows["value"] = to_units_atto(amount)
    rows["known"] = 1
    rows["currency"] = (entry.currency or "").encode()
    rows["offset"] = offset
    return rows.tobytes()
