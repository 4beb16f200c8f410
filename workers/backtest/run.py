"""A whole back-test: from what was heard, or from a simulated market, to its result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

import numpy as np

from workers.backtest.contest import Case, Progress, Terms, compete
from workers.backtest.events import Heap
from workers.backtest.findings import Finding, findings
from workers.backtest.limits import limits, simulator_limits
from workers.backtest.log import grid
from workers.backtest.logged import case_of
from workers.backtest.model import draws
from workers.backtest.simulated import FIRST_HOUR, Simulated, simulated_case
from workers.backtest.study import Question, Study, study
from workers.backtest.summary import Lead, Range, Standing, lead, range_of, standings

DRAWS: Final = 20
"""Draws of what a log does not say."""

SIMULATOR: Final = "the simulator"

_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What was played, for people and programs to read."""

    source: str
    budget: str
    campaigns: int
    first_day: date
    last_day: date
    learn_days: int
    scored_days: int
    """Campaign-days."""
    draws: int
    seed: int
    late: int
    stops: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Elasticities:
    """How spend answers bids, as far as the log tells."""

    learned: int
    assumed: int
    p10: float | None = None
    p50: float | None = None
    p90: float | None = None
    """Of those learned, over campaigns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a back-test came to."""

    setup: Setup
    standings: Sequence[Standing]
    lead: Lead | None
    findings: Sequence[Finding]
    cannot_be_known: Sequence[str]
    elasticity: Elasticities | None = None
    repeated: Range | None = None
    """What the model answers the log's own bids with, over the log's spend; over draws."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a log is to be back-tested."""

    source: str
    question: Question = field(default_factory=Question)
    terms: Terms
    draws: int = DRAWS
    seed: int = 1


Prepared = Callable[[Case], Progress]
"""Told the case when it is known how much there is to play; returns whom to tell of progress."""


def replay_log(heap: Heap, asked: Asked, prepared: Prepared) -> Result:
    """Back-test controllers on a log.

    Raises
    ------
    UsageError
        No campaign of the log can be back-tested, or a plan or option does not fit it.
    """
    timezones = {plan.key.decode(): plan.timezone for plan in asked.question.plans}
    known = study(grid(heap.campaigns, timezones), asked.question)
    case = case_of(known, draws(asked.draws, asked.seed))
    outcome = compete(case, asked.terms, prepared(case))
    return Result(
        setup=_setup(known, asked),
        standings=standings(case, outcome),
        lead=lead(case, outcome),
        findings=findings(heap, known),
        cannot_be_known=limits(known),
        elasticity=_elasticities(known),
        repeated=range_of(outcome.repeated.mean(axis=0)),
    )


def replay_simulator(wish: Simulated, terms: Terms, prepared: Prepared) -> Result:
    """Let controllers pace the simulator's own auctions."""
    case = simulated_case(wish)
    outcome = compete(case, terms, prepared(case))
    first = _EPOCH + timedelta(days=FIRST_HOUR // 24)
    setup = Setup(
        source=SIMULATOR,
        budget="the day budgets that the simulator gives its campaigns",
        campaigns=wish.campaigns,
        first_day=first,
        last_day=first + timedelta(days=wish.days - 1),
        learn_days=wish.teaching,
        scored_days=int(case.scored.sum()),
        draws=wish.worlds,
        seed=wish.seed,
        late=terms.late,
        stops=terms.stops,
    )
    return Result(
        setup=setup,
        standings=standings(case, outcome),
        lead=lead(case, outcome),
        findings=[],
        cannot_be_known=simulator_limits(),
    )


def _setup(known: Study, asked: Asked) -> Setup:
    log = known.log
    last = int((log.first_day + np.where(log.lived, np.arange(log.days), 0).max(axis=1)).max())
    return Setup(
        source=asked.source,
        budget="each plan's, by the day" if asked.question.plans else asked.question.wish.told(),
        campaigns=len(log.campaigns),
        first_day=_EPOCH + timedelta(days=int(log.first_day.min())),
        last_day=_EPOCH + timedelta(days=last),
        learn_days=known.learn_days,
        scored_days=int(known.scored.sum()),
        draws=asked.draws,
        seed=asked.seed,
        late=asked.terms.late,
        stops=asked.terms.stops,
    )


def _elasticities(known: Study) -> Elasticities:
    told = known.fitted.elasticity[~np.isnan(known.fitted.elasticity)]
    assumed = len(known.log.campaigns) - len(told)
    if not told.size:
        return Elasticities(learned=0, assumed=assumed)
    p10, p50, p90 = np.quantile(told, (0.1, 0.5, 0.9)).tolist()
    return Elasticities(learned=len(told), assumed=assumed, p10=p10, p50=p50, p90=p90)
