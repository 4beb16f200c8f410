"""The executor as a program: its agents, the topics they read, and the journal."""

from __future__ import annotations

from functools import partial

from schemas import topics
from schemas.audit import Mode
from workers.delivery.api import Agent, Journal, Program
from workers.errors import UsageError
from workers.executor import tables
from workers.executor.actions import actions_step
from workers.executor.chain import seal
from workers.executor.decisions import decisions_step
from workers.executor.plans import plans_step
from workers.executor.policy import ExecutorPolicy
from workers.executor.recommendations import recommendations_step
from workers.executor.ticks import ticks_step
from workers.settings import Settings

_STEPS = (
    (tables.PLANS, topics.PLANS, plans_step),
    (tables.RECOMMENDATIONS, topics.RECOMMENDATIONS, recommendations_step),
    (tables.DECISIONS, topics.DECISIONS, decisions_step),
    (tables.ACTIONS, topics.ACTIONS, actions_step),
    (tables.TICKS, topics.TICKS, ticks_step),
)


def create_program(settings: Settings) -> Program:
    """Return what the executor does under ``settings``.

    Raises
    ------
    UsageError
        When the settings ask for what this release cannot do.
    """
    policy = policy_of(settings)
    return Program(
        name=f"{policy.prefix}-executor",
        agents=agents(policy),
        journal=journal(policy),
        broadcasts=(policy.topic(topics.CONDITIONS),),
    )


def policy_of(settings: Settings) -> ExecutorPolicy:
    """Return what the settings ask of the executor.

    Raises
    ------
    UsageError
        For mode ``live``: no connector to a platform is part of this release.
    """
    mode = Mode(settings.executor.mode)
    if mode is Mode.LIVE:
        raise UsageError(
            "executor.mode is live, but this release has no connector to any platform",
            remedy="set executor.mode to simulate (PACEKEEPER_EXECUTOR_MODE=simulate)",
        )
    return ExecutorPolicy(prefix=settings.topics.prefix, mode=mode)


def agents(policy: ExecutorPolicy) -> tuple[Agent, ...]:
    """Return the executor's agents, one per topic that it reads."""
    return tuple(
        Agent(name=name, source=policy.topic(topic), step=partial(step, policy))
        for name, topic, step in _STEPS
    )


def journal(policy: ExecutorPolicy) -> Journal:
    """Return the audit trail: one chain per partition, whichever agent wrote."""
    return Journal(topic=policy.topic(topics.AUDIT), seal=seal)
