"""The allocator as a program."""

from __future__ import annotations

from functools import partial

from schemas.topics import PRIORS, SHAPES, SUSPICIONS
from workers.allocator.outages import SUSPICIONS_AGENT, suspicions_step
from workers.allocator.pooling import SHAPES_AGENT, shapes_step
from workers.delivery.api import Agent, Program
from workers.settings import Settings


def create_program(settings: Settings) -> Program:
    """Return what the allocator does under ``settings``."""
    prefix = settings.topics.prefix
    return Program(name=f"{prefix}-allocator", agents=agents(prefix))


def agents(prefix: str) -> tuple[Agent, ...]:
    """Return the agents of the allocator, for topics whose names begin with ``prefix``."""
    step = partial(shapes_step, PRIORS.full_name(prefix))
    suspicions = partial(suspicions_step, prefix)
    return (
        Agent(name=SHAPES_AGENT, source=SHAPES.full_name(prefix), step=step),
        Agent(name=SUSPICIONS_AGENT, source=SUSPICIONS.full_name(prefix), step=suspicions),
    )
