"""The adviser as a program."""

from __future__ import annotations

from functools import partial

from schemas.topics import BREAKDOWNS, METRICS, PLANS, PRIORS
from workers.adviser import tables
from workers.adviser.accounts import breakdowns_step
from workers.adviser.books import Books
from workers.adviser.hearing import metrics_step
from workers.adviser.planning import plans_step
from workers.adviser.policy import AdviserPolicy
from workers.delivery.api import Agent, Program
from workers.settings import Settings


def create_program(settings: Settings) -> Program:
    """Return what the adviser does under ``settings``."""
    policy = AdviserPolicy(prefix=settings.topics.prefix)
    broadcasts = (policy.topic(PRIORS),)
    return Program(name=f"{policy.prefix}-adviser", agents=agents(policy), broadcasts=broadcasts)


def agents(policy: AdviserPolicy) -> tuple[Agent, ...]:
    """Return the agents of the adviser; they share what they keep in mind."""
    books = Books()
    plans = partial(plans_step, policy)
    metrics = partial(metrics_step, policy, books)
    days = partial(breakdowns_step, policy, books)
    return (
        Agent(name=tables.PLANS, source=policy.topic(PLANS), step=plans),
        Agent(name=tables.HOURS, source=policy.topic(METRICS), step=metrics),
        Agent(name=tables.DAYS, source=policy.topic(BREAKDOWNS), step=days),
    )
