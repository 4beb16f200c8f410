"""What was learned of campaigns' weeks, and what their plans' strategies make of it."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from engine import patterns
from engine.arrays import Bools, Floats, Ints, Rows
from engine.calendar import DATES, HOURS_OF_WEEK
from engine.dates import date_factors
from engine.hours import MILLIONTHS
from engine.patterns import Estimate
from engine.situation import Evidence
from engine.strategies import by_date, intent, needs_learning, steers, week_weights
from schemas.topic import Topic
from schemas.topics import PRIORS
from workers.optimizer.books import Books
from workers.optimizer.draft import Draft
from workers.optimizer.due import Due
from workers.optimizer.plan_rows import WITHIN_DAY
from workers.optimizer.tables import METRICS, pattern_key


class Learned(NamedTuple):
    """What was learned of the weeks of B campaigns, as their plans make use of it."""

    weights: Floats
    """Shape (B, 168)."""
    dates: Floats | None
    """Shape (B, 43), or none where no plan's strategy goes by dates."""
    intents: Floats
    """Shape (B, 168): how well the clicks of each hour convert, against the week's; 1 is alike."""
    rates: Floats
    """Shape (B,): conversions per click of the days that were learned from, 0 if unknown."""
    evidence: Evidence
    prior_versions: Ints


def learned_of(draft: Draft, books: Books, due: Due) -> Learned:
    """Return what strategies make of what was learned, and what is behind it."""
    plans = due.plans
    rows = np.flatnonzero((needs_learning(plans) | steers(plans)) & (plans["version"] > 0))
    nothing = _nothing(len(plans))
    if not rows.size:
        return nothing._replace(weights=week_weights(plans, _nobody_learned(), rows))
    chosen = rows.tolist()
    latest = draft.view.broadcast(draft.policy.topic(PRIORS))
    prior, unreadable = books.priors.priors(latest, [due.names[i][:2] for i in chosen])
    count_unreadable(draft, PRIORS, unreadable)
    stored = patterns.unpack(draft.read_of(METRICS, [pattern_key(due.keys[i]) for i in chosen]))
    learned = patterns.estimate(stored, prior)
    evidence, versions, rates = nothing.evidence, nothing.prior_versions, nothing.rates
    evidence.own[rows], evidence.pooled[rows] = learned.trust, prior.evidence
    versions[rows], rates[rows] = prior.version, _rates(stored)
    return nothing._replace(
        weights=week_weights(plans, learned, rows),
        dates=_dates(plans, stored, learned, rows),
        intents=_intents(learned, rows, steers(plans) | (plans["detailed"] & WITHIN_DAY > 0)),
    )


def _nothing(count: int) -> Learned:
    """Return what is known of campaigns whose strategies need nothing learned."""
    alike = np.broadcast_to(1.0, (count, HOURS_OF_WEEK))
    return Learned(
        weights=alike,
        dates=None,
        intents=alike,
        rates=np.zeros(count),
        evidence=Evidence(own=np.zeros(count), pooled=np.zeros(count)),
        prior_versions=np.zeros(count, dtype=np.int64),
    )


@cache
def _nobody_learned() -> Estimate:
    return patterns.estimate(patterns.unpack([]), patterns.flat_prior(0))


def _rates(stored: Rows) -> Floats:
    clicks = stored["clicks"].sum(axis=1)
    conversions = stored["conversions"].sum(axis=1) / MILLIONTHS
    known = clicks > 0
    return np.asarray(np.divide(conversions, clicks, out=np.zeros(len(clicks)), where=known))


def _intents(learned: Estimate, rows: Ints, asked: Bools) -> Floats:
    intents = np.broadcast_to(1.0, (len(asked), HOURS_OF_WEEK))
    if asked[rows].any():
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


def count_unreadable(draft: Draft, topic: Topic, times: int) -> None:
    """Count what had to be decided without: broadcast topics have no dead letters."""
    if times:
        draft.count("ignored", draft.policy.topic(topic), "unreadable", by=times)
