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
from schemas.audit import IN_FORCE, OPEN
from schemas.money import to_minor
from workers.optimizer.draft import Draft
from workers.optimizer.plan_rows import GROUPED
from workers.optimizer.tables import AUDIT, daily_key

_FIRST: Final = Struct("<3sqq")
"""Currency, version of the plan, minor units."""

_ROW: Final = Struct("<3sqqq")
"""The same, and the amount without what chance of its group added."""

_OPEN: Final = Struct("<3sqqqq16s")
"""The same, the highest amount that may be in force while an action is being carried out, and the
action's id; `_NONE` stands for an amount that is not known, or not open."""

_NONE: Final = -1
_NO_ACTION: Final = bytes(16)

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


class _Kept(NamedTuple):
    """What the trail says of one version of a plan; minor units, `_NONE` where it is nothing."""

    minor: int = _NONE
    without_jitter: int = _NONE
    open: int = _NONE
    action: bytes = _NO_ACTION

    @property
    def known(self) -> bool:
        """Whether a budget was set, apart from what is open."""
        return self.minor != _NONE

    def ended(self, entry: AuditEntry) -> _Kept:
        """Return the same once what an entry tells the end of is open no more."""
        ends = entry.status not in OPEN and bytes.fromhex(entry.action_id or "") == self.action
        return self._replace(open=_NONE, action=_NO_ACTION) if ends else self

    def highest(self) -> SetBudget | None:
        """Return the highest budget that may be in force; None where the plan's own is."""
        if self.open > self.minor:
            return SetBudget(self.open, self.open)
        return SetBudget(self.minor, self.without_jitter) if self.known else None


def note_daily_budget(draft: Draft, entry: AuditEntry) -> None:
    """Keep the daily budget that an entry of the audit trail says is in force.

    While a change is under way, the higher of what was and what is wanted is reckoned with.
    """
    version, currency = entry.versions.get("plan"), (entry.currency or "").encode()
    if not isinstance(version, int):
        return
    key = daily_key(entry.key)
    before = _kept_for(draft.read(key), version, currency)
    try:
        after = _after(before.ended(entry), entry)
    except (SchemaError, KeyError):
        return  # What is no amount of a currency sets nothing that could be paced.
    if after != before:
        draft.writes[key] = _OPEN.pack(currency, version, *after)


def _after(kept: _Kept, entry: AuditEntry) -> _Kept:
    """Return what is known after an entry.

    Raises
    ------
    SchemaError, KeyError
        It tells of no amount of its currency.
    """
    currency = entry.currency or ""
    if entry.status in OPEN:
        told = (entry.target, None if kept.known else entry.expected)
        most = max((to_minor(each, currency) for each in told if each is not None), default=_NONE)
        action = bytes.fromhex(entry.action_id or "") or _NO_ACTION
        return kept._replace(open=most, action=action)
    found = _in_force(entry, kept.known)
    if found is None:
        return kept
    minor, plain = to_minor(found, currency), to_minor(_without_jitter(entry, found), currency)
    if entry.status is AuditStatus.UNVERIFIED and minor <= kept.minor:
        return kept
    return kept._replace(minor=minor, without_jitter=plain)


def _in_force(entry: AuditEntry, known: bool) -> Decimal | None:  # noqa: FBT001 -- of one caller
    """Return the daily budget to reckon with after an entry; None where it sets none."""
    if entry.status in IN_FORCE or entry.status is AuditStatus.EDITED:
        return entry.after
    if entry.status is AuditStatus.DRIFT:
        return entry.after if known else None
    if entry.status is not AuditStatus.UNVERIFIED or entry.target is None:
        return None
    # What it was decided from, and not what a platform had before: the plan paces, not people.
    before = None if known else entry.expected
    return entry.target if before is None else max(before, entry.target)


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
    return _kept_for(value, int(plan["version"][0]), bytes(plan["currency"][0])).highest()


def _kept_for(value: bytes | None, version: int, currency: bytes) -> _Kept:
    """Return what is stored if it is of a version of a plan, in its currency; else nothing."""
    if not value:
        return _Kept()
    layout = next(each for each in (_FIRST, _ROW, _OPEN) if each.size == len(value))
    stored_currency, stored_version, *amounts = layout.unpack(value)
    if (stored_version, stored_currency) != (version, currency):
        return _Kept()
    return _Kept(amounts[0], *(amounts[1:] or amounts))
