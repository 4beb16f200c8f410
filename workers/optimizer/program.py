"""The optimizer as a program: its agents, what it reads whole, its ticks."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

from schemas import Tick, encode
from schemas.topics import AUDIT, CONDITIONS, EXPERIMENTS, METRICS, PLANS, PRIORS, TICKS
from workers.delivery.api import Agent, Program, Ticks
from workers.instants import from_seconds
from workers.optimizer import tables
from workers.optimizer.auditing import audit_step
from workers.optimizer.books import Books
from workers.optimizer.metrics import metrics_step
from workers.optimizer.planning import plans_step
from workers.optimizer.policy import OptimizerPolicy
from workers.optimizer.ticking import ticks_step
from workers.settings import Settings

BROADCASTS: Final = (PRIORS, CONDITIONS, EXPERIMENTS)
"""Topics that an optimizer reads whole."""


def create_program(settings: Settings) -> Program:
    """Return what the optimizer does under ``settings``."""
    chosen, policy = settings.optimizer, policy_of(settings)
    ticks = Ticks(
        topic=policy.topic(TICKS), interval_seconds=chosen.tick_seconds, encode=encode_tick
    )
    return Program(
        name=f"{policy.prefix}-optimizer",
        agents=agents(policy),
        broadcasts=tuple(policy.topic(each) for each in BROADCASTS),
        ticks=ticks if chosen.tick_seconds else None,
    )


def policy_of(settings: Settings) -> OptimizerPolicy:
    """Return what an optimizer is held to under ``settings``."""
    chosen = settings.optimizer
    return OptimizerPolicy(
        prefix=settings.topics.prefix,
        restatement_days=chosen.restatement_days,
        future_tolerance=timedelta(minutes=chosen.future_tolerance_minutes),
        stale_after=timedelta(hours=chosen.stale_after_hours),
    )


def agents(policy: OptimizerPolicy) -> tuple[Agent, ...]:
    """Return the agents of the optimizer; they share what they keep in mind of look-ups."""
    books = Books()
    on_metrics, on_ticks = partial(metrics_step, policy, books), partial(ticks_step, policy, books)
    return (
        Agent(name=tables.PLANS, source=policy.topic(PLANS), step=partial(plans_step, policy)),
        Agent(name=tables.AUDIT, source=policy.topic(AUDIT), step=partial(audit_step, policy)),
        Agent(name=tables.METRICS, source=policy.topic(METRICS), step=on_metrics),
        Agent(name=tables.TICKS, source=policy.topic(TICKS), step=on_ticks),
    )


def encode_tick(partition: int, now: float) -> tuple[bytes, bytes]:
    """Return key and value of a tick of a partition, ``now`` in seconds since the epoch."""
    tick = Tick(partition=partition, time=from_seconds(int(now)))
    return str(partition).encode(), encode(tick)
