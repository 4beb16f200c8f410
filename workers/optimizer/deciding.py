"""From campaigns that are due to decisions: gather the situation, ask the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np

from engine import in_force
from engine.arrays import Ints, Rows
from engine.calendar import Calendar
from engine.decide import Decisions, decide
from engine.offsets import with_wishes
from engine.situation import Conditions, Situation
from schemas.topics import CONDITIONS
from workers.optimizer.books import Books
from workers.optimizer.draft import Draft
from workers.optimizer.due import Due
from workers.optimizer.experimenting import with_arms
from workers.optimizer.learned import Learned, count_unreadable, learned_of
from workers.optimizer.plan_calendar import excluded
from workers.optimizer.reserves import noted
from workers.optimizer.speed import speed_of
from workers.optimizer.statuses import paused_now
from workers.optimizer.steering import Known, known_of
from workers.optimizer.tables import AUDIT
from workers.optimizer.today import today_of
from workers.optimizer.untold import untold_hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Decisions, and what they were made from."""

    due: Due
    in_force: Rows
    decisions: Decisions
    prior_versions: Ints
    pacing: Sequence[bytes]
    """What is known of each campaign by pacer and reserve, as stored; empty where not steered."""
    writes: Mapping[bytes, bytes | None]
    """What the table of metrics is to be told of what the pacer knows."""

    def part(self, chosen: Ints) -> Decided:
        """Return what was decided about some of the campaigns, given by position."""
        return replace(self, **_part(self, chosen))


def decide_due(draft: Draft, books: Books, due: Due) -> Decided:
    """Return a decision for each campaign that is due, by its plan or by an experiment's side."""
    due = with_arms(draft, books, due)
    forced = in_force.unpack(draft.read_of(AUDIT, due.keys))
    learned = learned_of(draft, books, due)
    known = known_of(draft, books, due, forced, learned.intents)
    learned = _with_steered(learned, known)
    situation = _situation(draft, books, due, forced, (learned, known))
    decisions = decide(situation)
    return Decided(
        due=due,
        in_force=forced,
        decisions=decisions,
        prior_versions=learned.prior_versions,
        pacing=_by_campaign(due, known),
        writes={**known.writes, **noted(due, decisions, known.accounts)},
    )


def _situation(
    draft: Draft, books: Books, due: Due, forced: Rows, found: tuple[Learned, Known]
) -> Situation:
    detailed, (learned, known) = due.plans["detailed"], found
    week = books.plans.weigh(learned.weights, learned.dates, due.plan_values, detailed)
    return Situation(
        campaigns=due.campaigns,
        plans=due.plans,
        in_force=forced,
        week=week,
        evidence=learned.evidence,
        conditions=_conditions(draft, books, due),
        steered=with_wishes(known.steered, known.weights, week.weights[known.steered.rows]),
        gaps=books.plans.gaps(due.plan_values, detailed),
        calendar=due.calendar,
        zones=due.zones,
        account_zones=due.account_zones,
        hour=due.hour,
        now=due.now,
        stale_after=int(draft.policy.stale_after.total_seconds()),
        events=books.calendars.events(due.plan_values, detailed),
        speed=speed_of(draft, books.plans, due, forced),
        today=today_of(draft, books.plans, due, forced, learned),
        untold=untold_hours(draft, due),
    )


def _conditions(draft: Draft, books: Books, due: Due) -> Conditions:
    latest = draft.view.broadcast(draft.policy.topic(CONDITIONS))
    conditions, unreadable = books.conditions.conditions(latest, due.keys, due.now)
    count_unreadable(draft, CONDITIONS, unreadable)
    windows = books.conditions.windows(latest, due.keys)
    newest = due.campaigns["newest"].astype(np.int64)
    return replace(
        conditions,
        paused=paused_now(draft, due.keys),
        excluded=excluded(windows, np.arange(len(windows)), newest),
    )


def _by_campaign(due: Due, known: Known) -> list[bytes]:
    values = [b""] * len(due.keys)
    for i, value in zip(known.steered.rows.tolist(), known.values, strict=True):
        account = known.accounts.get(i)
        values[i] = value if account is None else value + account.packed()
    return values


def _with_steered(learned: Learned, known: Known) -> Learned:
    """Return what was learned with the weeks of campaigns that are steered among it."""
    rows = known.steered.rows
    if rows.size:
        learned.weights[rows] = known.weights
        learned.evidence.own[rows] = known.trust
        learned.evidence.pooled[rows] = 0.0
    return learned


def _part(whole: Any, chosen: Ints) -> dict[str, Any]:  # noqa: ANN401 -- a dataclass of columns
    """Return the fields of ``whole`` with the chosen campaigns only."""
    return {field.name: _picked(getattr(whole, field.name), chosen) for field in fields(whole)}


def _picked(column: Any, chosen: Ints) -> Any:  # noqa: ANN401 -- a column, or columns
    if isinstance(column, Calendar | Mapping):
        return column
    if is_dataclass(column):
        return replace(column, **_part(column, chosen))  # type: ignore[type-var]
    if isinstance(column, np.ndarray):
        return column[chosen]
    return [column[i] for i in chosen.tolist()]
