"""One wave: facts of distinct campaigns, and all that is known of these campaigns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine import plans, state
from engine.arrays import Bools, Ints, Rows
from engine.calendar import Calendar
from schemas.topics import CONDITIONS
from workers.optimizer.books import Books
from workers.optimizer.daily_budgets import with_daily_budgets
from workers.optimizer.draft import Draft
from workers.optimizer.plan_calendar import together
from workers.optimizer.plan_rows import TARGET, PlanBook
from workers.optimizer.reading import Fact
from workers.optimizer.tables import PLANS
from workers.optimizer.zones import ZoneBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """Arrays have the shape (B,), one entry per campaign."""

    facts: Sequence[Fact]
    keys: Sequence[bytes]
    starts: Ints
    """First second of each fact's hour."""
    campaigns: Rows
    plan_values: Sequence[bytes]
    book: PlanBook
    """Knows what stored plans say."""
    plans: Rows
    calendar: Calendar
    zones: Ints
    """Row of ``calendar`` that the campaign's days follow."""
    account_zones: Ints
    """Row for the zone that the campaign's events name, if any, else that of ``zones``."""
    windows: Sequence[bytes]
    """What plans and people exclude from learning, packed; empty where nothing."""
    by_horizon: Bools
    """Whose plans judge revenue at a horizon."""
    due: Bools
    """Whether the hour after the fact's is to be decided."""


def gather(draft: Draft, books: Books, facts: Sequence[Fact]) -> Wave:
    """Return the wave of ``facts``, none of them applied yet."""
    keys = [fact.key for fact in facts]
    campaigns = state.unpack(draft.read_all(keys))
    table = draft.view.table(PLANS)
    plan_values = [table.get(key, b"") for key in keys]
    planned = with_daily_budgets(draft, keys, plans.unpack(plan_values))
    named = [fact.event.account_timezone for fact in facts]
    told = np.array([name.encode() if name else b"" for name in named], dtype="S32")
    campaigns["account_zone"] = np.where(told == b"", campaigns["account_zone"], told)
    rows, account = zone_rows(books.zones, campaigns, planned)
    return Wave(
        facts=facts,
        keys=keys,
        starts=np.array([fact.start for fact in facts], dtype=np.int64),
        campaigns=campaigns,
        plan_values=plan_values,
        book=books.plans,
        plans=planned,
        calendar=books.zones.calendar,
        zones=rows,
        account_zones=account,
        windows=_windows(draft, books, keys, (plan_values, planned)),
        by_horizon=_by_horizon(books, plan_values, planned),
        due=np.zeros(len(facts), dtype=np.bool_),
    )


def _by_horizon(books: Books, values: Sequence[bytes], planned: Rows) -> Bools:
    found = np.zeros(len(values), dtype=np.bool_)
    for i in np.flatnonzero(planned["detailed"] & TARGET).tolist():
        found[i] = books.plans.plan(values[i]).value_horizon_days is not None
    return found


def _windows(
    draft: Draft, books: Books, keys: Sequence[bytes], planned: tuple[Sequence[bytes], Rows]
) -> list[bytes]:
    values, rows = planned
    of_plans = books.calendars.windows(values, rows["detailed"])
    latest = draft.view.broadcast(draft.policy.topic(CONDITIONS))
    of_people = books.conditions.windows(latest, keys)
    return [together(each) for each in zip(of_plans, of_people, strict=True)]


def zone_rows(zones: ZoneBook, campaigns: Rows, planned: Rows) -> tuple[Ints, Ints]:
    """Return the calendar's rows for the days of campaigns, and for those of their accounts."""
    names = state.zone_names(campaigns, planned["zone"])
    account = np.where(campaigns["account_zone"] == b"", names, campaigns["account_zone"])
    return zones.rows(names.tolist()), zones.rows(account.tolist())
