"""The agent of ticks: notices campaigns that are no longer heard of, once per silence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine import plans, state
from engine.calendar import DAY, HOUR
from engine.holds import ORDER
from engine.plans import STATUSES
from schemas import HoldReason, SchemaError, Tick, decode, parse_campaign_key
from schemas.errors import Reason
from workers.delivery.api import Record, Step, View
from workers.optimizer.announcing import announce
from workers.optimizer.books import Books
from workers.optimizer.daily_budgets import with_daily_budgets
from workers.optimizer.deciding import decide_due
from workers.optimizer.draft import Draft
from workers.optimizer.due import Due
from workers.optimizer.policy import OptimizerPolicy
from workers.optimizer.reading import IN_THE_FUTURE
from workers.optimizer.silence import Silence
from workers.optimizer.tables import METRICS, PLANS, TICKS
from workers.optimizer.wave import zone_rows

_ACTIVE = STATUSES.index("active")
_STALE = ORDER.index(HoldReason.STALE_DATA)


def ticks_step(
    policy: OptimizerPolicy, books: Books, view: View, records: Sequence[Record]
) -> Step:
    """Publish a hold for each campaign with a plan whose data have become stale."""
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
            _notice(draft, books, now)
    return draft.done()


def _notice(draft: Draft, books: Books, now: int) -> None:
    due = _silent(draft, books, now)
    if due is None:
        return
    decided = decide_due(draft, books, due)
    stale = np.flatnonzero(decided.decisions.hold == _STALE)
    if not stale.size:
        return
    told = decided.part(stale)
    campaigns = announce(draft, told)
    for key, campaign in zip(told.due.keys, campaigns, strict=True):
        silence = Silence(int(campaign["newest"]), int(due.hour[0]), campaign["previous"].tobytes())
        draft.writes[key] = silence.packed()


def _silent(draft: Draft, books: Books, now: int) -> Due | None:
    """Return the campaigns with an active plan that have been silent, unnoticed so far."""
    keys, values = _planned(draft)
    if not keys:
        return None
    table = draft.view.table(METRICS)
    campaigns = state.unpack([table.get(key, b"") for key in keys])
    planned = with_daily_budgets(draft, keys, plans.unpack(values))
    stale = now - campaigns["newest"] - HOUR >= draft.policy.stale_after.total_seconds()
    open_ = (planned["status"] == _ACTIVE) & (planned["flight_last"] >= now // DAY - 1)
    noticed = [Silence.read(value) for value in draft.read_all(keys)]
    newest = np.array([each.newest if each else state.NEVER for each in noticed])
    fresh = campaigns["newest"] != newest
    chosen = np.flatnonzero(state.has_hours(campaigns) & stale & open_ & fresh)
    if not chosen.size:
        return None
    zones, account = zone_rows(books.zones, campaigns[chosen], planned[chosen])
    picked = [keys[i] for i in chosen.tolist()]
    return Due(
        keys=picked,
        names=[parse_campaign_key(key) for key in picked],
        campaigns=campaigns[chosen],
        plan_values=[values[i] for i in chosen.tolist()],
        plans=planned[chosen],
        calendar=books.zones.calendar,
        zones=zones,
        account_zones=account,
        hour=np.full(len(picked), now // HOUR * HOUR),
        now=np.full(len(picked), now),
    )


def _planned(draft: Draft) -> tuple[list[bytes], list[bytes]]:
    table = draft.view.table(PLANS)
    return list(table.keys()), list(table.values())
