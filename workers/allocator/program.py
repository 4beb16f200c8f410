"""The allocator as a program."""

from __future__ import annotations

from functools import partial

from schemas.topics import ALLOCATIONS, FX_RATES, GROUPS, PORTFOLIO, SHAPES, SUSPICIONS, TICKS
from workers.allocator import tables
from workers.allocator.allocating import Books
from workers.allocator.groups import groups_step
from workers.allocator.outages import SUSPICIONS_AGENT, suspicions_step
from workers.allocator.policy import AllocatorPolicy
from workers.allocator.pooling import SHAPES_AGENT, shapes_step
from workers.allocator.portfolio import portfolio_step
from workers.allocator.publishing import STEP_PAGES, allocations_step
from workers.allocator.rates import rates_step
from workers.allocator.ticks import ticks_step
from workers.delivery.api import Agent, Program
from workers.settings import Settings


def create_program(settings: Settings) -> Program:
    """Return what the allocator does under ``settings``."""
    policy = AllocatorPolicy(prefix=settings.topics.prefix)
    return Program(name=f"{policy.prefix}-allocator", agents=agents(policy))


def agents(policy: AllocatorPolicy) -> tuple[Agent, ...]:
    """Return the agents of the allocator."""
    books, aside = Books(), Books()  # ticks are reckoned aside, and share with nobody
    shapes = partial(shapes_step, policy, books.zones)
    suspicions = partial(suspicions_step, policy)
    groups = partial(groups_step, policy)
    members, ticks = partial(portfolio_step, policy, books), partial(ticks_step, policy, aside)
    pages = partial(allocations_step, policy)
    return (
        Agent(name=SHAPES_AGENT, source=policy.topic(SHAPES), step=shapes),
        Agent(name=SUSPICIONS_AGENT, source=policy.topic(SUSPICIONS), step=suspicions),
        Agent(name=tables.RATES, source=policy.topic(FX_RATES), step=partial(rates_step, policy)),
        Agent(name=tables.GROUPS, source=policy.topic(GROUPS), step=groups),
        Agent(name=tables.MEMBERS, source=policy.topic(PORTFOLIO), step=members),
        Agent(name=tables.TICKS, source=policy.topic(TICKS), step=ticks, aside=True),
        Agent(
            name=tables.ALLOCATIONS,
            source=policy.topic(ALLOCATIONS),
            step=pages,
            step_records=STEP_PAGES,
        ),
    )
