"""The agent of audit: keeps what is in force on each campaign, and when it was changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

import numpy as np

from engine import in_force, settings, state
from engine.arrays import Rows
from engine.calendar import DAY
from schemas import AuditEntry, Entity
from schemas.audit import CHANGED, IN_FORCE, MAY_BE_IN_FORCE, highest_in_force
from schemas.currencies import EXPONENTS
from schemas.levers import (
    BID_MULTIPLIER,
    DAILY_BUDGET,
    FORETOLD,
    HOURLY_BUDGET,
    LEAST_MULTIPLIER,
    MOST_MULTIPLIER,
    STATUS,
)
from schemas.money import ATTO_PER_UNIT, MAX_DECIMALS, to_units_atto
from workers.delivery.api import Record, Step, View
from workers.optimizer.daily_budgets import note_daily_budget
from workers.optimizer.draft import Draft
from workers.optimizer.foretold import note_foretold
from workers.optimizer.policy import OptimizerPolicy
from workers.optimizer.statuses import note_status
from workers.optimizer.tables import AUDIT, settings_key
from workers.told_records import told_by

_LEVERS = {BID_MULTIPLIER, HOURLY_BUDGET, DAILY_BUDGET, STATUS, *FORETOLD}


def audit_step(policy: OptimizerPolicy, view: View, records: Sequence[Record]) -> Step:
    """Take up what the entries of one partition say is in force."""
    draft = Draft(policy, view, AUDIT)
    told = list(_told(draft, records))
    keys = list(dict.fromkeys(entry.key for entry, _ in told))
    rows = in_force.unpack(draft.read_all(keys))
    place = {key: i for i, key in enumerate(keys)}
    for entry, record in told:
        at = slice(place[entry.key], place[entry.key] + 1)
        rows[at] = _taken(draft, rows[at], entry, record)
    draft.writes.update(zip(keys, state.pack(rows), strict=True))
    return draft.done()


def _told(draft: Draft, records: Sequence[Record]) -> Iterator[tuple[AuditEntry, Record]]:
    """Yield the entries that say what is in force of a lever."""
    for (_, entry), record in draft.legible(records, told_by(AuditEntry)):
        if entry.entity is not Entity.CAMPAIGN or entry.field not in _LEVERS:
            continue
        # What is under way may end without a word on what is in force.
        if entry.field == DAILY_BUDGET or highest_in_force(entry) is not None:
            yield entry, record


def _taken(draft: Draft, rows: Rows, entry: AuditEntry, record: Record) -> Rows:
    """Return what is in force on a campaign, one row, after an entry."""
    if entry.field == DAILY_BUDGET:
        note_daily_budget(draft, entry)
        rows["offset"] = record.offset
        return rows
    after, second = highest_in_force(entry) or Decimal(0), _second(entry, record)
    if entry.field in (STATUS, *FORETOLD):
        note = note_status if entry.field == STATUS else note_foretold
        note(draft, entry, second)
        rows["offset"] = record.offset
        return rows
    if entry.status in CHANGED and entry.before != after:
        rows = in_force.with_change(rows, np.array([second]))
    rows["offset"] = record.offset
    if entry.field == HOURLY_BUDGET:
        rows = _with_budget(rows, entry, after, second)
    else:
        # Of what was refused, what came with the target is not in force.
        comes = entry.status in IN_FORCE | MAY_BE_IN_FORCE
        rows = _with_budget(rows, entry, entry.hourly_cap if comes else None, second)
        known = rows["multiplier"][0] if entry.status in MAY_BE_IN_FORCE else 0
        rows["multiplier"] = max(known, _millionths(after))
    if rows["multiplier"][0]:
        _note(draft, entry.key, rows, second)
    return rows


def _second(entry: AuditEntry, record: Record) -> int:
    """Return since when it holds: what was told has happened, whatever an entry's clock says."""
    at, told = int(entry.at.timestamp()), record.timestamp // 1_000
    return min(at, told) if told > 0 else at


def _with_budget(rows: Rows, entry: AuditEntry, amount: Decimal | None, second: int) -> Rows:
    """Return rows with another hourly budget in force, if there is one."""
    if amount is None or (entry.status in MAY_BE_IN_FORCE and _is_within(rows, entry, amount)):
        return rows
    after, before = rows.copy(), _minor(rows)
    after["value"], after["known"] = to_units_atto(amount), 1
    after["currency"] = (entry.currency or "").encode()
    if after["currency"][0] != rows["currency"][0]:
        after["replaced"] = after["replaced_at"] = 0
    elif before != settings.UNKNOWN and before != _minor(after):
        after = in_force.with_replaced(after, np.array([before]), np.array([second]))
    return after


def _is_within(rows: Rows, entry: AuditEntry, amount: Decimal) -> bool:
    """Return whether the hourly budget in force is known to be as high as another one."""
    same = rows["currency"][0].decode() == (entry.currency or "")
    known = bool(rows["known"][0]) and same
    return known and tuple(rows["value"][0].tolist()) >= to_units_atto(amount)


def _note(draft: Draft, campaign: bytes, rows: Rows, second: int) -> None:
    """Keep what is in force from a second on, among the settings of its UTC day."""
    day = second // DAY
    newest = int(rows["newest_day"][0]) if rows["days"][0] else day
    if newest - day > draft.policy.restatement_days:
        return
    key, bits = settings_key(campaign, day), int(rows["days"][0])
    before = draft.read(key)
    if before is None and day > newest:
        before = settings.last_of(draft.read(settings_key(campaign, newest)) or _blank())
    now = settings.a_setting(second % DAY, int(rows["multiplier"][0]), _minor(rows))
    draft.writes[key] = settings.with_setting(before or b"", now)
    reached = max(day, newest)
    kept = bits << min(reached - newest, 64) | 1 << max(reached - day, 0)
    _forget(draft, campaign, reached, kept)
    window = (1 << draft.policy.restatement_days + 1) - 1
    rows["newest_day"], rows["days"] = reached, kept & window


def _forget(draft: Draft, campaign: bytes, newest: int, bits: int) -> None:
    for age in range(draft.policy.restatement_days + 1, bits.bit_length()):
        if bits >> age & 1:
            draft.writes[settings_key(campaign, newest - age)] = None


def _blank() -> bytes:
    return settings.a_setting(0, 0, settings.UNKNOWN)


def _millionths(multiplier: Decimal) -> int:
    """Return a multiplier as it is stored; one that nothing could bid with is not known."""
    within = LEAST_MULTIPLIER <= multiplier <= MOST_MULTIPLIER
    return int(multiplier * settings.MILLIONTHS) if within else 0


def _minor(rows: Rows) -> int:
    """Return the hourly budget in minor units, rounded up, `engine.settings.UNKNOWN` if it is."""
    exponent = EXPONENTS.get(rows["currency"][0].decode())
    if not rows["known"][0] or exponent is None:
        return settings.UNKNOWN
    units, atto = rows["value"][0].tolist()
    return -int(-(units * ATTO_PER_UNIT + atto) // 10 ** (MAX_DECIMALS - exponent))
