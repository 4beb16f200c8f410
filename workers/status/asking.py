"""Puts the questions to the engine, with a campaign's tables as a replay of its log leaves them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine import pacer, questions
from engine.arrays import Floats, Ints
from engine.calendar import HOUR
from engine.day_shapes import no_days, pooled
from engine.in_force import current_multiplier
from engine.multiplier import Spending
from engine.pacer import Pacing
from engine.patterns import Estimate
from engine.plans import PERIODS
from engine.settings import MILLIONTHS
from engine.standing import Standing
from engine.steering import BINDING
from engine.strategies import steers
from schemas import Recommendation
from schemas.topics import PRIORS
from workers.explain.history import History
from workers.explain.inside import Again, decided_again
from workers.explain.replay import Replay
from workers.explain.replica import Replica
from workers.optimizer import pacing_rows
from workers.optimizer.deciding import Decided
from workers.optimizer.policy import OptimizerPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """What the rest of a campaign's local day may spend; arrays have one row, in minor units."""

    left: Ints
    """Shape (1,)."""
    split: Ints
    """Shape (1, 25): the same over the hours that are left of it."""
    target: int
    """First second of the first of these hours."""
    hours: int
    exponent: int
    """Decimals of the minor unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bids:
    """What is known of a campaign whose bids are set."""

    binding: str
    """What its multiplier follows from, of `engine.steering.BINDING`."""
    lasts: questions.WillItLast | None
    """Whether the rest of today's money lasts; None where there is none left."""
    helping: Floats
    """Shape (1,): the cap on the next hour that lets today's money last, 0 where none is left."""
    by_today: float | None
    """The multiplier that spends the rest of today's money and asks for nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the engine answers about one campaign."""

    today: Today
    bids: Bids | None
    week: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class _Steered:
    lasts: questions.WillItLast
    helping: Floats
    by_today: float
    hours: Floats
    """Shape (1, R): what each hour ahead is to spend."""


def ask(policy: OptimizerPolicy, history: History, target: int) -> Asked | None:
    """Return the answers as of published recommendation ``target``; None without a plan."""
    replica = Replay(policy=policy, history=history, target=target).run().replica
    return asked_of(replica, history.key, history.published[target].advice)


def asked_of(replica: Replica, key: bytes, made: Recommendation) -> Asked | None:
    """Return the answers from tables as they are after the decision that led to ``made``."""
    again = decided_again(replica, key, made)
    if again is None:
        return None
    plans, decisions = again.decided.due.plans, again.decided.decisions
    clock, left = decisions.clock, np.maximum(decisions.horizon.today, 0)
    ahead = np.where(np.arange(clock.cells.shape[1]) < clock.hours[:, None], clock.cells, -1)
    sets_bids = bool(steers(plans)[0])
    steered = _steered(replica, again, ahead) if sets_bids and left[0] > 0 else None
    weights = again.week.weights if steered is None else _spread(steered.hours, ahead)
    bounds = plans["hourly_floor"].astype(np.int64), plans["hourly_cap"].astype(np.int64)
    return Asked(
        today=Today(
            left=left,
            split=questions.split_of_day(left, weights, ahead, bounds).amounts,
            target=int(clock.target[0]),
            hours=int(clock.hours[0]),
            exponent=int(plans["exponent"][0]),
        ),
        bids=_bids(again, steered) if sets_bids else None,
        week=again.learned,
    )


def _bids(again: Again, steered: _Steered | None) -> Bids:
    return Bids(
        binding=BINDING[int(again.decided.decisions.binding[0])],
        lasts=None if steered is None else steered.lasts,
        helping=np.zeros(1) if steered is None else steered.helping,
        by_today=None if steered is None else steered.by_today,
    )


def _steered(replica: Replica, again: Again, ahead: Ints) -> _Steered:
    """Return what the pacer's filter says of the rest of today's money."""
    decided, pacing = again.decided, _pacing(again.decided)
    clock, left = decided.decisions.clock, decided.decisions.horizon.today.astype(np.float64)
    latest = replica.broadcast(replica.policy.topic(PRIORS))
    shapes, _, _ = again.books.shapes.shapes(latest, [decided.due.names[0][:2]])
    known, multiplier = current_multiplier(decided.in_force)
    in_force = np.log(np.where(known, multiplier, MILLIONTHS) / MILLIONTHS)
    unreported = np.clip((clock.target - clock.reported_until) // HOUR, 0, None)
    made = pacer.decide(pacing, shapes, ahead, left, (in_force, unreported))
    spent, in_flight, price = _today(decided)
    standing = Standing(
        budget=spent + in_flight + left,
        spent=spent,
        in_flight=in_flight,
        unreported=unreported,
        price=price,
        lived=np.full((1, 1), -1),
        ahead=ahead,
    )
    spending = _as_decided(decided, made)
    return _Steered(
        lasts=questions.will_it_last(pacing, shapes, standing, made),
        helping=questions.will_it_last(pacing, shapes, standing, spending).cap,
        by_today=float(questions.multiplier_of(made)[0]),
        hours=spending.hours,
    )


def _pacing(decided: Decided) -> Pacing:
    nothing = pooled(no_days()).of(np.zeros(1, dtype=np.int64))
    fresh = pacer.start(nothing, np.ones(1), np.zeros(1))
    return pacing_rows.unpack(decided.pacing, fresh).pacing


def _as_decided(decided: Decided, made: Spending) -> Spending:
    """Return what the hours ahead are to spend as it was decided; where that is held, as asked."""
    decisions = decided.decisions
    if not decisions.steers[0] or not decisions.plan.any():
        return made
    return Spending(
        hours=decisions.plan.astype(np.float64),
        log_multiplier=np.log(decisions.value / MILLIONTHS),
        cap=decisions.cap.astype(np.float64),
    )


def _today(decided: Decided) -> tuple[Floats, Floats, Floats]:
    """Return what today has spent, what is in flight, and what an impression cost; shapes (1,)."""
    campaigns, horizon = decided.due.campaigns, decided.decisions.horizon
    daily = decided.due.plans["period"] == PERIODS.index("day")
    spent = np.where(daily, np.maximum(horizon.spent, 0), 0).astype(np.float64)
    seen = np.maximum(campaigns["day_counts"][:, 0], 0)
    price = np.divide(spent, seen, out=np.zeros(1), where=seen > 0)
    return spent, np.where(daily, horizon.in_flight, 0).astype(np.float64), price


def _spread(hours: Floats, ahead: Ints) -> Floats:
    """Return the weights (1, 168) of hours by what they are expected to spend."""
    weights, told = np.zeros((1, 168)), ahead[0] >= 0
    weights[0, ahead[0][told]] = hours[0, : len(ahead[0])][told]
    return weights
