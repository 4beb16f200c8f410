"""From campaigns that are due to decisions: gather the situation, ask the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from engine import in_force, patterns
from engine.arrays import Floats, Ints, Rows
from engine.calendar import DATES, Calendar
from engine.dates import date_factors
from engine.decide import Decisions, decide
from engine.patterns import Estimate
from engine.situation import Evidence, Situation
from engine.strategies import by_date, needs_learning, week_weights
from schemas.topics import CONDITIONS, PRIORS, Topic
from workers.optimizer.books import Books
from workers.optimizer.draft import Draft
from workers.optimizer.tables import AUDIT, METRICS, pattern_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Campaigns to decide; arrays have the shape (B,)."""

    keys: Sequence[bytes]
    names: Sequence[tuple[str, str, str]]
    """Platform, account and campaign."""
    campaigns: Rows
    plan_values: Sequence[bytes]
    plans: Rows
    calendar: Calendar
    zones: Ints
    account_zones: Ints
    hour: Ints
    now: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Decisions, and what they were made from."""

    due: Due
    in_force: Rows
    decisions: Decisions
    prior_versions: Ints

    def part(self, chosen: Ints) -> Decided:
        """Return what was decided about some of the campaigns, given by position."""
        return replace(self, **_part(self, chosen))


class _Learned(NamedTuple):
    weights: Floats
    """Shape (B, 168)."""
    dates: Floats | None
    """Shape (B, 43), or none where no plan's strategy goes by dates."""
    evidence: Evidence
    prior_versions: Ints


def decide_due(draft: Draft, books: Books, due: Due) -> Decided:
    """Return a decision for each campaign that is due."""
    forced = in_force.unpack(draft.read_of(AUDIT, due.keys))
    learned = _learned(draft, books, due)
    latest = draft.view.broadcast(draft.policy.topic(CONDITIONS))
    conditions, unreadable = books.conditions.conditions(latest, due.keys, due.now)
    _count_unreadable(draft, CONDITIONS, unreadable)
    detailed = due.plans["detailed"]
    situation = Situation(
        campaigns=due.campaigns,
        plans=due.plans,
        in_force=forced,
        week=books.plans.weigh(learned.weights, learned.dates, due.plan_values, detailed),
        evidence=learned.evidence,
        conditions=conditions,
        gaps=books.plans.gaps(due.plan_values, detailed),
        calendar=due.calendar,
        zones=due.zones,
        account_zones=due.account_zones,
        hour=due.hour,
        now=due.now,
        stale_after=int(draft.policy.stale_after.total_seconds()),
        events=books.calendars.events(due.plan_values, detailed),
    )
    return Decided(
        due=due,
        in_force=forced,
        decisions=decide(situation),
        prior_versions=learned.prior_versions,
    )


def _learned(draft: Draft, books: Books, due: Due) -> _Learned:
    """Return what strategies make of what was learned, and what is behind it."""
    rows = np.flatnonzero(needs_learning(due.plans) & (due.plans["version"] > 0))
    count = len(due.keys)
    own, pooled = np.zeros(count), np.zeros(count)
    evidence, versions = Evidence(own=own, pooled=pooled), np.zeros(count, dtype=np.int64)
    if not rows.size:
        nothing = patterns.estimate(patterns.unpack([]), patterns.flat_prior(0))
        weights = week_weights(due.plans, nothing, rows)
        return _Learned(weights, None, evidence, versions)
    chosen = rows.tolist()
    latest = draft.view.broadcast(draft.policy.topic(PRIORS))
    prior, unreadable = books.priors.priors(latest, [due.names[i][:2] for i in chosen])
    _count_unreadable(draft, PRIORS, unreadable)
    stored = patterns.unpack(draft.read_of(METRICS, [pattern_key(due.keys[i]) for i in chosen]))
    learned = patterns.estimate(stored, prior)
    own[rows], pooled[rows], versions[rows] = learned.trust, prior.evidence, prior.version
    dates = _dates(due.plans, stored, learned, rows)
    return _Learned(week_weights(due.plans, learned, rows), dates, evidence, versions)


def _dates(plans: Rows, stored: Rows, learned: Estimate, rows: Ints) -> Floats | None:
    """Return the factors of dates (B, 43) where a plan asks for them."""
    chosen = np.flatnonzero(by_date(plans[rows]))
    if not chosen.size:
        return None
    dates = np.ones((len(plans), DATES))
    dates[rows[chosen]] = date_factors(stored[chosen], learned.conversions[chosen])
    return dates


def _count_unreadable(draft: Draft, topic: Topic, times: int) -> None:
    """Count what had to be decided without: broadcast topics have no dead letters."""
    if times:
        draft.count("ignored", draft.policy.topic(topic), "unreadable", by=times)


def _part(whole: Any, chosen: Ints) -> dict[str, Any]:  # noqa: ANN401 -- a dataclass of columns
    """Return the fields of ``whole`` with the chosen campaigns only."""
    return {field.name: _picked(getattr(whole, field.name), chosen) for field in fields(whole)}


def _picked(column: Any, chosen: Ints) -> Any:  # noqa: ANN401 -- a column, or columns
    if isinstance(column, Calendar):
        return column
    if is_dataclass(column):
        return replace(column, **_part(column, chosen))  # type: ignore[type-var]
    if isinstance(column, np.ndarray):
        return column[chosen]
    return [column[i] for i in chosen.tolist()]
