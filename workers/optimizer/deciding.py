"""From campaigns that are due to decisions: gather the situation, ask the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from engine import in_force, patterns
from engine.arrays import Bools, Floats, Ints, Rows
from engine.calendar import DATES, HOURS_OF_WEEK, Calendar
from engine.dates import date_factors
from engine.decide import Decisions, decide
from engine.offsets import with_wishes
from engine.patterns import Estimate
from engine.situation import Evidence, Situation
from engine.strategies import by_date, intent, needs_learning, steers, week_weights
from schemas.topics import CONDITIONS, PRIORS, Topic
from workers.optimizer.books import Books
from workers.optimizer.draft import Draft
from workers.optimizer.due import Due
from workers.optimizer.plan_calendar import excluded
from workers.optimizer.reserves import noted
from workers.optimizer.steering import Known, known_of
from workers.optimizer.tables import AUDIT, METRICS, pattern_key
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


class _Learned(NamedTuple):
    weights: Floats
    """Shape (B, 168)."""
    dates: Floats | None
    """Shape (B, 43), or none where no plan's strategy goes by dates."""
    intents: Floats
    """Shape (B, 168): how well the clicks of each hour convert, against the week's; 1 is alike."""
    evidence: Evidence
    prior_versions: Ints


def decide_due(draft: Draft, books: Books, due: Due) -> Decided:
    """Return a decision for each campaign that is due."""
    forced = in_force.unpack(draft.read_of(AUDIT, due.keys))
    learned = _learned(draft, books, due)
    known = known_of(draft, books, due, forced, learned.intents)
    learned = _with_steered(learned, known)
    latest = draft.view.broadcast(draft.policy.topic(CONDITIONS))
    conditions, unreadable = books.conditions.conditions(latest, due.keys, due.now)
    _count_unreadable(draft, CONDITIONS, unreadable)
    windows = books.conditions.windows(latest, due.keys)
    newest = due.campaigns["newest"].astype(np.int64)
    out = excluded(windows, np.arange(len(windows)), newest)
    conditions = replace(conditions, excluded=out)
    detailed = due.plans["detailed"]
    week = books.plans.weigh(learned.weights, learned.dates, due.plan_values, detailed)
    situation = Situation(
        campaigns=due.campaigns,
        plans=due.plans,
        in_force=forced,
        week=week,
        evidence=learned.evidence,
        conditions=conditions,
        steered=with_wishes(known.steered, known.weights, week.weights[known.steered.rows]),
        gaps=books.plans.gaps(due.plan_values, detailed),
        calendar=due.calendar,
        zones=due.zones,
        account_zones=due.account_zones,
        hour=due.hour,
        now=due.now,
        stale_after=int(draft.policy.stale_after.total_seconds()),
        events=books.calendars.events(due.plan_values, detailed),
        untold=untold_hours(draft, due),
    )
    decisions = decide(situation)
    return Decided(
        due=due,
        in_force=forced,
        decisions=decisions,
        prior_versions=learned.prior_versions,
        pacing=_by_campaign(due, known),
        writes={**known.writes, **noted(due, decisions, known.accounts)},
    )


def _by_campaign(due: Due, known: Known) -> list[bytes]:
    values = [b""] * len(due.keys)
    for i, value in zip(known.steered.rows.tolist(), known.values, strict=True):
        account = known.accounts.get(i)
        values[i] = value if account is None else value + account.packed()
    return values


def _with_steered(learned: _Learned, known: Known) -> _Learned:
    """Return what was learned with the weeks of campaigns that are steered among it."""
    rows = known.steered.rows
    if rows.size:
        learned.weights[rows] = known.weights
        learned.evidence.own[rows] = known.trust
        learned.evidence.pooled[rows] = 0.0
    return learned


def _learned(draft: Draft, books: Books, due: Due) -> _Learned:
    """Return what strategies make of what was learned, and what is behind it."""
    plans = due.plans
    rows = np.flatnonzero((needs_learning(plans) | steers(plans)) & (plans["version"] > 0))
    count = len(due.keys)
    own, pooled = np.zeros(count), np.zeros(count)
    evidence, versions = Evidence(own=own, pooled=pooled), np.zeros(count, dtype=np.int64)
    intents = np.broadcast_to(1.0, (count, HOURS_OF_WEEK))
    if not rows.size:
        nothing = patterns.estimate(patterns.unpack([]), patterns.flat_prior(0))
        return _Learned(week_weights(plans, nothing, rows), None, intents, evidence, versions)
    chosen = rows.tolist()
    latest = draft.view.broadcast(draft.policy.topic(PRIORS))
    prior, unreadable = books.priors.priors(latest, [due.names[i][:2] for i in chosen])
    _count_unreadable(draft, PRIORS, unreadable)
    stored = patterns.unpack(draft.read_of(METRICS, [pattern_key(due.keys[i]) for i in chosen]))
    learned = patterns.estimate(stored, prior)
    own[rows], pooled[rows], versions[rows] = learned.trust, prior.evidence, prior.version
    intents = _intents(learned, rows, steers(plans))
    dates = _dates(plans, stored, learned, rows)
    return _Learned(week_weights(plans, learned, rows), dates, intents, evidence, versions)


def _intents(learned: Estimate, rows: Ints, steered: Bools) -> Floats:
    intents = np.broadcast_to(1.0, (len(steered), HOURS_OF_WEEK))
    if steered[rows].any():
        intents = intents.copy()
        intents[rows] = intent(learned)
    return intents


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
    if isinstance(column, Calendar | Mapping):
        return column
    if is_dataclass(column):
        return replace(column, **_part(column, chosen))  # type: ignore[type-var]
    if isinstance(column, np.ndarray):
        return column[chosen]
    return [column[i] for i in chosen.tolist()]
