"""Daily budgets that were set on campaigns of a group, in place of those of their plans.

One holds as long as the plan stays at the version that it was decided for: a newer one has a budget
of its own. Only a plan whose budget is per day is paced by it, and only where nothing rolls over:
what ended days left is reckoned from the plan's own amount.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import log
from struct import Struct
from typing import Final, NamedTuple

import numpy as np

from engine.arrays import Rows
from engine.plans import PERIODS, ROLLOVERS
from schemas import AuditEntry, AuditStatus, SchemaError
from schemas.audit import IN_FORCE
from schemas.money import to_minor
from workers.optimizer.draft import Draft
from workers.optimizer.plan_rows import GROUPED
from workers.optimizer.tables import AUDIT, daily_key

_FIRST: Final = Struct("<3sqq")
"""Currency, version of the plan, minor units."""

_ROW: Final = Struct("<3sqqq")
"""The same, and the amount without what chance of its group added."""

_DIGITS: Final = 12

_FARTHEST: Final = 1.0
"""What is said to be moved farther was not moved by chance."""

_DAY: Final = PERIODS.index("day")
_NOTHING: Final = ROLLOVERS.index("none")


class SetBudget(NamedTuple):
    """A daily budget that was set, minor units."""

    minor: int
    without_jitter: int
    """What it would be had its group not moved it by chance, so as to learn."""

    @property
    def jitter(self) -> float:
        """Return by how much chance moved it, natural log."""
        if min(self) <= 0:
            return 0.0
        moved = round(log(self.minor / self.without_jitter), _DIGITS)
        return moved if abs(moved) <= _FARTHEST else 0.0


def note_daily_budget(draft: Draft, entry: AuditEntry) -> None:
    """Keep the daily budget that an entry of the audit trail says is in force.

    Of what is about to be sent nothing is kept: what became of it is told long before the group
    shares out the next day.
    """
    version, currency = entry.versions.get("plan"), (entry.currency or "").encode()
    if not isinstance(version, int):
        return
    key = daily_key(entry.key)
    known = _set_for(draft.read(key), version, currency)
    after = _in_force(entry, known)
    if after is None:
        return
    try:
        minor = to_minor(after, entry.currency or "")
        plain = to_minor(_without_jitter(entry, after), entry.currency or "")
    except (SchemaError, KeyError):
        return  # What is no amount of a currency sets nothing that could be paced.
    if known is not None and not _replaces(entry.status, known.minor, minor):
        return
    draft.writes[key] = _ROW.pack(currency, version, minor, plain)


def _in_force(entry: AuditEntry, known: SetBudget | None) -> Decimal | None:
    """Return the daily budget to reckon with after an entry; None where it sets none."""
    if entry.status in IN_FORCE:
        return entry.after
    if entry.status is AuditStatus.DRIFT:
        return entry.after if known else None
    if entry.status is not AuditStatus.UNVERIFIED or entry.target is None:
        return None
    # What it was decided from, and not what a platform had before: the plan paces, not people.
    before = None if known else entry.expected
    return entry.target if before is None else max(before, entry.target)


def _replaces(status: AuditStatus, known: int, minor: int) -> bool:
    """Return whether an amount takes the place of the one that was known of the plan's version."""
    if status is AuditStatus.UNVERIFIED:
        return minor > known
    # Found otherwise than set: less is taken up, more is nobody's decision here.
    return minor < known if status is AuditStatus.DRIFT else True


def _without_jitter(entry: AuditEntry, after: Decimal) -> Decimal:
    """Return what is in force without chance: what was said of the target, where that is it."""
    told = entry.without_jitter
    return after if told is None or entry.target != after else told


def with_daily_budgets(draft: Draft, keys: Sequence[bytes], planned: Rows) -> Rows:
    """Return plans (B,) with the budgets that were set in place of their own."""
    wanted = (planned["detailed"] & GROUPED > 0) & (planned["period"] == _DAY)
    wanted &= planned["rollover"] == _NOTHING
    rows = np.flatnonzero(wanted).tolist()
    found = [daily_budget(draft, keys[i], planned[i : i + 1]) for i in rows]
    if all(each is None for each in found):
        return planned
    after = planned.copy()
    for i, each in zip(rows, found, strict=True):
        if each is not None:
            after["amount"][i] = each.minor
    return after


def daily_budget(draft: Draft, key: bytes, plan: Rows) -> SetBudget | None:
    """Return the daily budget that was set for this version of a plan (1,).

    Of a plan for a longer stretch it is what people were told and set, and not what it is paced by.
    """
    (value,) = draft.read_of(AUDIT, [daily_key(key)])
    return _set_for(value, int(plan["version"][0]), bytes(plan["currency"][0]))


def _set_for(value: bytes | None, version: int, currency: bytes) -> SetBudget | None:
    """Return the stored budget if it was set for a version of a plan, in its currency."""
    if not value:
        return None
    layout = _FIRST if len(value) == _FIRST.size else _ROW
    stored_currency, stored_version, *amounts = layout.unpack(value)
    holds = (stored_version, stored_currency) == (version, currency)
    return SetBudget(amounts[0], amounts[-1]) if holds else None
