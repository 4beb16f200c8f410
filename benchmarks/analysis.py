"""All that is worked out about a hundred campaigns when an hour of theirs is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from statistics import median
from time import process_time

import numpy as np

from benchmarks.figure import Figure, reckoned
from benchmarks.in_memory import InMemory
from schemas import Autonomy, Budget, BudgetPeriod, Group, MetricsEvent, Plan, encode
from schemas.topic import Topic
from schemas.topics import GROUPS, METRICS, PLANS
from workers.programs import WORKERS, create_program
from workers.settings import Settings

CAMPAIGNS = 100
DAYS = 9
"""Days that are known; each begins with an hour in which the day before is closed and judged."""

START = datetime(2026, 3, 2, tzinfo=UTC)
EXECUTES = "executor"


@cache
def milliseconds() -> tuple[float, float]:
    """Return the CPU time of a usual hour, and of one in which days are closed; medians.

    From the bytes of a hundred events to those of every recommendation, action and advice: what
    the campaigns' bids are set to, what their group shares out, what their breakdown says.
    """
    workers = InMemory([create_program(name, Settings()) for name in WORKERS if name != EXECUTES])
    chance = np.random.default_rng(7)
    _tell(workers, GROUPS, [_group()], START)
    _tell(workers, PLANS, [_plan(number) for number in range(CAMPAIGNS)], START)
    usual: list[float] = []
    closing: list[float] = []
    for hour in range(24 * DAYS + 1):
        events = [_event(number, hour, chance) for number in range(CAMPAIGNS)]
        told = START + timedelta(hours=hour, minutes=65)
        began = process_time()
        _tell(workers, METRICS, events, told)
        (usual if hour % 24 else closing).append(1e3 * (process_time() - began))
    known = DAYS // 2
    return median(usual[23 * known :]), median(closing[known:])


def _tell(
    workers: InMemory,
    topic: Topic,
    records: list[Group] | list[Plan] | list[MetricsEvent],
    at: datetime,
) -> None:
    name = topic.full_name(Settings().topics.prefix)
    stored = [(record.key, encode(record)) for record in records]
    workers.publish(name, stored, int(at.timestamp() * 1_000))


def _group() -> Group:
    return Group(
        budget_group_id="all",
        version=1,
        currency="EUR",
        timezone="UTC",
        budget=Budget(amount=Decimal(24_000), period=BudgetPeriod.DAY),
    )


def _plan(number: int) -> Plan:
    """Return a plan whose bids are set towards a target, with its budget from the group."""
    return Plan(
        platform="google",
        account_id="7",
        campaign_id=f"c{number:03d}",
        version=1,
        currency="EUR",
        timezone="UTC",
        budget=Budget(amount=Decimal(240), period=BudgetPeriod.DAY),
        target_cpa=Decimal(12),
        budget_group_id="all",
        autonomy=Autonomy.AUTO,
        min_confidence=0.0,
    )


def _event(number: int, hour: int, chance: np.random.Generator) -> MetricsEvent:
    demand = 1.0 + 0.5 * np.sin(2.0 * np.pi * (hour % 24) / 24.0)
    spend = float(chance.gamma(20.0, 10.0 * demand / 20.0))
    clicks = int(chance.poisson(4.0 * spend))
    return MetricsEvent(
        platform="google",
        account_id="7",
        campaign_id=f"c{number:03d}",
        window_start=START + timedelta(hours=hour),
        impressions=40 * clicks + 1,
        clicks=clicks,
        spend=Decimal(f"{spend:.2f}"),
        conversions=Decimal(int(chance.poisson(0.02 * clicks))),
        currency="EUR",
        emitted_at=START + timedelta(hours=hour, minutes=62),
    )


def _figure(name: str, about: str, value: Callable[[], float]) -> Figure:
    return reckoned(name, (50.0, "ms", "lower"), about, lambda _: value())


FIGURES = (
    _figure(
        "analysis_of_100",
        "CPU time of all that follows from an hour of 100 campaigns with targets",
        lambda: milliseconds()[0],
    ),
    _figure(
        "analysis_of_100_closing",
        "the same of the hour that closes their days: patterns, priors, shared budgets",
        lambda: milliseconds()[1],
    ),
)
