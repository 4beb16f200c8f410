"""What was between the inputs of a decision and its value: weights, wishes and limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from engine import patterns, plans, state
from engine.arrays import Floats
from engine.dates import date_factors
from engine.day_shapes import no_days, pooled
from engine.horizon import slot_weights
from engine.pacer import start
from engine.patterns import Estimate
from engine.response import ELASTICITY
from engine.steering import BINDING
from engine.strategies import by_date, week_weights
from engine.weeks import WeekWeights
from schemas import Recommendation, parse_campaign_key
from schemas.levers import MULTIPLIER_DECIMALS
from schemas.topics import PRIORS
from workers.explain.replica import Replica
from workers.optimizer import pacing_rows, tables
from workers.optimizer.amounts import WRITERS
from workers.optimizer.books import Books
from workers.optimizer.daily_budgets import with_daily_budgets
from workers.optimizer.deciding import Decided, decide_due
from workers.optimizer.draft import Draft
from workers.optimizer.due import Due
from workers.optimizer.wave import zone_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How a campaign's spend answers to its bids, as far as was learned."""

    hours: int
    """Hours heard since its bids are set."""
    elasticity: float
    """Log of spend to log of multiplier, near the multiplier in force."""
    deviation: float
    """Standard deviation of that."""
    binding: str
    """What the multiplier follows from: a position in `engine.steering.BINDING`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """What led to an amount; money as text, in the plan's currency."""

    starts: tuple[datetime, ...]
    """The hours of the local day that were still to come, at the clock of the plan's zone."""
    weights: tuple[float, ...]
    """Share of today's rest that the strategy gives each, by what was learned."""
    own: float
    """Share of the learned week that is the campaign's own; the rest is the prior's."""
    left: str
    """What the period may still spend."""
    today: str
    """What the rest of today may spend of it."""
    in_flight: str
    """What is expected to have been spent and was not reported yet."""
    wanted: str
    """What the strategy gives the hour, before the guard rails."""
    limit: str
    """What the rest of today must not exceed."""
    cap: str
    """Where the hour is to be cut off."""
    answer: Answer | None = None
    """What is known of how spend answers to bids, where these are set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """One campaign's decision, made once more; what is of campaigns has one row."""

    books: Books
    decided: Decided
    learned: Estimate
    week: WeekWeights
    """What the plan's strategy makes of it; where bids are set, all hours weigh alike."""


def look_inside(replica: Replica, key: bytes, made: Recommendation) -> Inside | None:
    """Return what led to ``made``, which is the last decision of the campaign in ``replica``.

    None where there was no plan to decide by.
    """
    again = decided_again(replica, key, made)
    if again is None:
        return None
    slots = slot_weights(again.week, again.decided.decisions.clock)
    return _inside(again.decided, slots, float(again.learned.trust[0]), made)


def decided_again(replica: Replica, key: bytes, made: Recommendation) -> Again | None:
    """Return the decision that led to ``made`` once more, with all that it followed from.

    None where there was no plan to decide by.
    """
    if not replica.table(tables.PLANS).get(key):
        return None
    books = Books()
    draft = Draft(replica.policy, replica, tables.METRICS)
    due = _due(draft, books, key, made)
    decided = decide_due(draft, books, due)
    # By the plan that it was decided by: an experiment may have set some of it.
    used = decided.due
    weights, dates, learned = _weights(replica, books, used)
    return Again(
        books=books,
        decided=decided,
        learned=learned,
        week=books.plans.weigh(weights, dates, used.plan_values, used.plans["detailed"]),
    )


def _due(draft: Draft, books: Books, key: bytes, made: Recommendation) -> Due:
    campaigns = state.unpack(draft.read_of(tables.METRICS, [key]))
    (value,) = draft.read_of(tables.PLANS, [key])
    planned = with_daily_budgets(draft, [key], plans.unpack([value]))
    zones, account_zones = zone_rows(books.zones, campaigns, planned)
    return Due(
        keys=[key],
        names=[parse_campaign_key(key)],
        campaigns=campaigns,
        plan_values=[value],
        plans=planned,
        calendar=books.zones.calendar,
        zones=zones,
        account_zones=account_zones,
        hour=np.array([int(made.hour.timestamp())]),
        now=np.array([int(made.decided_at.timestamp())]),
    )


def _weights(replica: Replica, books: Books, due: Due) -> tuple[Floats, Floats | None, Estimate]:
    latest = replica.broadcast(replica.policy.topic(PRIORS))
    prior, _ = books.priors.priors(latest, [due.names[0][:2]])
    stored = patterns.unpack(
        [replica.table(tables.METRICS).get(tables.pattern_key(due.keys[0]), b"")]
    )
    learned = patterns.estimate(stored, prior)
    weights = week_weights(due.plans, learned, np.arange(1))
    dates = date_factors(stored, learned.conversions) if by_date(due.plans)[0] else None
    return weights, dates, learned


def _inside(decided: Decided, slots: Floats, own: float, made: Recommendation) -> Inside:
    decisions, planned = decided.decisions, decided.due.plans
    write = WRITERS[int(planned["exponent"][0])]
    horizon, count = decisions.horizon, int(decisions.clock.hours[0])
    steers = bool(decisions.steers[0])
    # What a multiplier is to spend in an hour is the plan; a budget is split by the weights.
    slots = decisions.plan.astype(np.float64) if steers else slots
    total = float(slots[0].sum())
    wish = WRITERS[MULTIPLIER_DECIMALS] if steers else write
    first = made.valid_from
    return Inside(
        starts=tuple(first + timedelta(hours=hour) for hour in range(count)),
        weights=tuple((slots[0, :count] / total if total else slots[0, :count]).tolist()),
        own=own,
        left=write(int(horizon.left[0])),
        today=write(int(horizon.today[0])),
        in_flight=write(int(horizon.in_flight[0])),
        wanted=wish(int(decisions.wanted[0])),
        limit=write(int(horizon.hard_cap[0])),
        cap=write(int(decisions.cap[0])),
        answer=_answer(decided) if steers else None,
    )


def _answer(decided: Decided) -> Answer:
    nothing = pooled(no_days()).of(np.zeros(1, dtype=np.int64))
    fresh = start(nothing, np.ones(1), np.zeros(1))
    pacing = pacing_rows.unpack(decided.pacing, fresh).pacing
    response = pacing.response
    variance = float(response.covariance[0, ELASTICITY, ELASTICITY])
    return Answer(
        hours=int(pacing.heard[0]),
        elasticity=float(response.mean[0, ELASTICITY]),
        deviation=float(np.sqrt(max(variance, 0.0))),
        binding=BINDING[int(decided.decisions.binding[0])],
    )
