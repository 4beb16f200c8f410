"""The agent of ticks: notices campaigns that are no longer heard of.

What is in force may then be spent hour after hour. Where that could come to more than is left, it
is lowered to what each of today's hours may spend though nothing be heard any more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine import plans, state
from engine.arrays import Bools, Ints
from engine.calendar import DAY, HOUR
from engine.holds import ORDER
from engine.plans import STATUSES
from engine.unreported import SETTLING
from schemas import HoldReason, SchemaError, Tick, decode, parse_campaign_key
from schemas.errors import Reason
from workers.delivery.api import Record, Step, View
from workers.optimizer.announcing import announce
from workers.optimizer.books import Books
from workers.optimizer.daily_budgets import with_daily_budgets
from workers.optimizer.deciding import decide_due
from workers.optimizer.draft import Draft
from workers.optimizer.due import Due
from workers.optimizer.foretelling import foretell
from workers.optimizer.pausing import follow_plans
from workers.optimizer.policy import OptimizerPolicy
from workers.optimizer.reading import IN_THE_FUTURE
from workers.optimizer.silence import Silence, after_silence
from workers.optimizer.tables import METRICS, PLANS, TICKS
from workers.optimizer.unheard import spends_within
from workers.optimizer.wave import zone_rows

_ACTIVE = STATUSES.index("active")
_STALE_DATA = ORDER.index(HoldReason.STALE_DATA)
_AT_ONCE = 4_096


def ticks_step(
    policy: OptimizerPolicy, books: Books, view: View, records: Sequence[Record]
) -> Step:
    """Lower what campaigns may spend unheard; publish a hold for each whose data became stale.

    Before, it is advised to pause and to resume campaigns, and to tell platforms of events.
    """
    draft = Draft(policy, view, TICKS)
    for record in records:
        try:
            tick = decode(record.value or b"", Tick)
        except SchemaError as error:
            draft.refuse_for(record, error)
            continue
        now = int(tick.time.timestamp())
        ahead = now - record.timestamp // 1_000
        if tick.partition != view.partition:
            detail = f"names partition {tick.partition}, was read from {view.partition}"
            draft.refuse(record, Reason.CONTRADICTION, "partition", detail)
        elif ahead > policy.future_tolerance.total_seconds():
            draft.refuse(record, IN_THE_FUTURE, "time", f"is {ahead} s ahead of its record")
        else:
            follow_plans(draft, books, now)
            foretell(draft, books, now)
            _notice(draft, books, now)
    return draft.done()


def _notice(draft: Draft, books: Books, now: int) -> None:
    """Lower what may spend too much unheard, then tell who is no longer heard of, once each."""
    silent = _silent(draft, books, now)
    if silent is None:
        return
    # A few thousand at once, as after an outage all campaigns may be silent.
    for first in range(0, len(silent.keys), _AT_ONCE):
        some = silent.part(np.arange(first, min(first + _AT_ONCE, len(silent.keys))))
        for lower in (True, False):
            due = some.part(_unnoticed(draft, books, some, lower=lower))
            if due.keys:
                _decide(draft, books, due, lower=lower)


def _decide(draft: Draft, books: Books, due: Due, *, lower: bool) -> None:
    """Decide campaigns, publish what lowers a budget or holds stale data, and note it was tried."""
    decided = decide_due(draft, books, due)
    made = decided.decisions
    chosen = made.acts if lower else made.hold == _STALE_DATA
    campaigns, told = due.campaigns.copy(), np.flatnonzero(chosen)
    if told.size:
        campaigns[told] = announce(draft, decided.part(told))
    before = [Silence.read(value) for value in draft.read_all(due.keys)]
    for i, (key, row) in enumerate(zip(due.keys, before, strict=True)):
        newest, previous = int(due.campaigns["newest"][i]), campaigns["previous"][i].tobytes()
        held = row is not None and row.held and row.newest == newest
        held |= bool(chosen[i]) and not lower
        draft.writes[key] = Silence(newest, int(due.hour[i]), previous, held).packed()


def _unnoticed(draft: Draft, books: Books, silent: Due, *, lower: bool) -> Ints:
    """Return who is to be decided: what is in force may spend too much, or data are stale.

    What is in force is lowered once an hour, and a silence told once.
    """
    newest = silent.campaigns["newest"]
    rows = [Silence.read(value) for value in draft.read_all(silent.keys)]
    fresh = silent.hour > np.array([each.hour if each else state.NEVER for each in rows])
    if lower:
        late = fresh & _unheard(newest, silent.now)
        return np.flatnonzero(late & ~spends_within(draft, books, silent))
    told = np.array([each.newest if each and each.held else state.NEVER for each in rows])
    return np.flatnonzero(fresh & _stale(draft, newest, silent.now) & (newest != told))


def _stale(draft: Draft, newest: Ints, now: Ints | int) -> Bools:
    return np.asarray(now - newest - HOUR >= draft.policy.stale_after.total_seconds())


def _unheard(newest: Ints, now: Ints | int) -> Bools:
    """Return whether an hour is over that was not told by when the next one's budget is set."""
    into = now - newest
    return np.asarray((into >= 2 * HOUR) & (into % HOUR >= SETTLING))


def _silent(draft: Draft, books: Books, now: int) -> Due | None:
    """Return the campaigns with an active plan of which an hour that is over is not told."""
    keys, values = _planned(draft)
    if not keys:
        return None
    table = draft.view.table(METRICS)
    campaigns = state.unpack([table.get(key, b"") for key in keys])
    planned = with_daily_budgets(draft, keys, plans.unpack(values))
    known = state.has_hours(campaigns)
    # Each campaign's own hours: some begin at half past.
    newest = np.where(known, campaigns["newest"], now)
    late = _unheard(newest, now) | _stale(draft, newest, now)
    open_ = (planned["status"] == _ACTIVE) & (planned["flight_last"] >= now // DAY - 1)
    chosen = np.flatnonzero(known & late & open_)
    if not chosen.size:
        return None
    zones, account = zone_rows(books.zones, campaigns[chosen], planned[chosen])
    picked = [keys[i] for i in chosen.tolist()]
    return Due(
        keys=picked,
        names=[parse_campaign_key(key) for key in picked],
        campaigns=after_silence(draft.read_all(picked), campaigns[chosen]),
        plan_values=[values[i] for i in chosen.tolist()],
        plans=planned[chosen],
        calendar=books.zones.calendar,
        zones=zones,
        account_zones=account,
        hour=now - (now - newest[chosen]) % HOUR,
        now=np.full(len(picked), now),
    )


def _planned(draft: Draft) -> tuple[list[bytes], list[bytes]]:
    table = draft.view.table(PLANS)
    return list(table.keys()), list(table.values())
