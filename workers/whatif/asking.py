"""Puts the question: the plan as it is, and the plan as it might be, by the same chance."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from msgspec import structs

from engine import patterns, plans
from engine.arrays import Floats, Ints
from engine.futures import Chance, futures
from engine.response import SIZE
from engine.strategies import week_weights
from engine.what_if import Asked, Outcome, what_if
from schemas import Plan, Strategy, encode
from workers.errors import UsageError
from workers.optimizer.plan_rows import PlanBook, stored
from workers.whatif.fitting import Basis, Fitted
from workers.whatif.gathering import Gathered

DRAWS = 1_000

DAYS_OF_MONTH = 30.4375


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way of spending; amounts in units of the currency."""

    strategy: str
    daily_budget: float | None
    """None: whatever there is to buy."""
    target_cpa: float | None = None
    target_roas: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """An uncertain number."""

    p10: float
    p50: float
    p90: float
    mean: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What one way of spending is expected to bring; amounts in units of the currency."""

    way: Way
    spend: Range
    conversions: Range
    value: Range | None
    """None where nobody has told what a conversion is worth."""
    exhausted: float
    """How likely it is that the budget is used up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is expected of the present plan and of the other one."""

    campaign: str
    currency: str
    days: int
    present: Expected
    other: Expected
    basis: Basis


def present_way(given: Gathered) -> Way:
    """Return how a campaign spends now.

    Without a plan that is the budget of a day that its last report names, if it names one, spread
    evenly, and else whatever there is to buy.
    """
    plan = given.plan
    if plan is None:
        told = given.told[-1].daily_budget
        return Way(strategy=Strategy.EVEN, daily_budget=None if told is None else float(told))
    target = plan.target_cpa
    paced = plan.strategy is Strategy.ADAPTIVE
    return Way(
        strategy=plan.strategy,
        daily_budget=float(plan.budget.amount) / _days(plan),
        target_cpa=float(target) if target is not None and paced else None,
        target_roas=plan.target_roas if paced else None,
    )


def other_way(present: Way, given: Way) -> Way:
    """Return the present way with what is asked for in its place.

    Raises
    ------
    UsageError
        A target is asked of a strategy that does not move bids, or no budget of one that does.
    """
    target = given.target_cpa is not None or given.target_roas is not None
    strategy = given.strategy or present.strategy
    if target and strategy != Strategy.ADAPTIVE:
        raise UsageError(
            f"strategy {strategy} spreads a budget and leaves bids alone, so no target moves it",
            remedy="ask with --strategy adaptive",
        )
    way = replace(
        present,
        strategy=strategy,
        daily_budget=present.daily_budget if given.daily_budget is None else given.daily_budget,
    )
    if strategy == Strategy.ADAPTIVE and way.daily_budget is None:
        raise UsageError(
            "strategy adaptive spends a budget, and neither plan nor report names one",
            remedy="give --budget",
        )
    if strategy != Strategy.ADAPTIVE:
        return replace(way, target_cpa=None, target_roas=None)
    if target:
        return replace(way, target_cpa=given.target_cpa, target_roas=given.target_roas)
    return way


def answered(given: Gathered, known: Fitted, other: Way, *, days: int, seed: int) -> Answer:
    """Return what the present plan and the ``other`` way are expected to bring over ``days`` days.

    Raises
    ------
    UsageError
        A target of ROAS is asked where nobody has told what a conversion is worth.
    """
    worth = float(known.worth.value[0])
    if other.target_roas is not None and worth <= 0.0:
        raise UsageError(
            "the log tells no revenue, so that no return on ad spend can be kept",
            remedy="name avg_order_value in the plan, or ask with --target-cpa",
        )
    hours = np.arange(24 * days) + 24 * ((known.next_day + 3) % 7)
    chance = _chance(seed, days)
    future = futures(known.pacing, known.shapes, hours % 168, chance)

    def ask(way: Way) -> Expected:
        question = _asked(given, known, way, hours % 168)
        found = what_if(future, known.worth, question, hours % 168, chance)
        return _expected(known, way, found)

    currency = given.plan.currency if given.plan else given.campaign["currency"][0].decode()
    return Answer(
        campaign=given.key.decode(),
        currency=currency,
        days=days,
        present=ask(present_way(given)),
        other=ask(other),
        basis=known.basis,
    )


def _days(plan: Plan) -> float:
    if plan.budget.period == "flight" and plan.flight_start and plan.flight_end:
        return float((plan.flight_end - plan.flight_start).days + 1)
    return {"day": 1.0, "week": 7.0, "month": DAYS_OF_MONTH}[plan.budget.period]


def _chance(seed: int, days: int) -> Chance:
    # The same numbers for every question: only what was asked makes answers differ.
    normal = np.random.default_rng(seed).normal
    return Chance(
        posterior=normal(size=(DRAWS, SIZE)),
        days=normal(size=(DRAWS, 2, days)),
        hours=normal(size=(DRAWS, 2, 24 * days)),
        rate=normal(size=DRAWS),
        hourly=normal(size=(DRAWS, 24)),
        counts=normal(size=DRAWS),
        worth=normal(size=DRAWS),
    )


def _asked(given: Gathered, known: Fitted, way: Way, cells: Ints) -> Asked:
    unit = 10.0**known.exponent
    most = np.inf if way.target_cpa is None else way.target_cpa * unit
    if way.target_roas is not None:
        most = min(most, float(known.worth.value[0]) / way.target_roas)
    # A campaign without a budget buys all there is: more than that is never asked for.
    budget = 1e3 * known.usual if way.daily_budget is None else way.daily_budget * unit
    return Asked(
        paced=np.array([way.strategy == Strategy.ADAPTIVE]),
        budget=np.array([budget]),
        weights=_weights(given, way)[:, cells],
        cost_per_conversion=np.array([most]),
    )


def _weights(given: Gathered, way: Way) -> Floats:
    """Return the weights (1, 168) that the optimizer would give the hours of the week."""
    learned = patterns.estimate(patterns.unpack([given.pattern]), patterns.flat_prior(1))
    if given.plan is None:
        row = plans.no_plans(1)
        row["strategy"] = plans.STRATEGIES.index(way.strategy)
        return week_weights(row, learned, np.arange(1))
    plan = structs.replace(given.plan, strategy=Strategy(way.strategy))
    value = stored(plan, encode(plan), 0)
    row = plans.unpack([value])
    weights = week_weights(row, learned, np.arange(1))
    return PlanBook().weigh(weights, None, [value], row["detailed"]).weights


def _expected(known: Fitted, way: Way, found: Outcome) -> Expected:
    unit = 10.0**-known.exponent
    valued = known.worth.value[0] > 0.0
    return Expected(
        way=way,
        spend=_range(unit * found.spend, unit * found.mean_spend),
        conversions=_range(found.conversions, found.mean_conversions),
        value=_range(unit * found.value, unit * found.mean_value) if valued else None,
        exhausted=0.0 if way.daily_budget is None else float(found.exhausted[0]),
    )


def _range(percentiles: Floats, mean: Floats) -> Range:
    p10, p50, p90 = percentiles[:, 0].tolist()
    return Range(p10=p10, p50=p50, p90=p90, mean=float(mean[0]))
