"""The executor as a program: its agents, the topics they read, and the journal."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from schemas import topics
from schemas.audit import Mode
from workers.connectors.building import levers_of
from workers.connectors.settings import Platforms, read_platforms
from workers.delivery.api import Agent, Journal, Program
from workers.executor import tables
from workers.executor.actions import actions_step
from workers.executor.chain import seal
from workers.executor.couriers import Couriers
from workers.executor.decisions import decisions_step
from workers.executor.edits import edits_step
from workers.executor.movements import movements_step
from workers.executor.plans import plans_step
from workers.executor.platforms import KnownPlatforms, PlatformTerms
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
    (tables.MOVEMENTS, topics.MOVEMENTS, movements_step),
)


def create_program(settings: Settings) -> Program:
    """Return what the executor does under ``settings``.

    Raises
    ------
    UsageError
        When the settings ask for what cannot be done.
    """
    platforms = platforms_of(settings)
    policy = policy_of(settings, platforms)
    return Program(
        name=f"{policy.prefix}-executor",
        agents=agents(policy),
        journal=journal(policy),
        broadcasts=(policy.topic(topics.CONDITIONS), policy.topic(topics.GROUPS)),
        companion=Couriers(policy, platforms) if policy.mode is Mode.LIVE else None,
    )


def platforms_of(settings: Settings) -> Platforms:
    """Return the platforms that may be changed: none outside mode ``live``.

    Raises
    ------
    UsageError
        The file that names them cannot be read, or is wrong.
    """
    if Mode(settings.executor.mode) is not Mode.LIVE:
        return {}
    return read_platforms(Path(settings.executor.platforms))


def policy_of(settings: Settings, platforms: Platforms) -> ExecutorPolicy:
    """Return what the settings ask of the executor.

    Raises
    ------
    UsageError
        A platform's connector is not known, not installed, or cannot be used.
    """
    terms = {
        name: PlatformTerms(accounts=told.accounts, levers=levers_of(name, told))
        for name, told in platforms.items()
    }
    return ExecutorPolicy(
        prefix=settings.topics.prefix,
        mode=Mode(settings.executor.mode),
        platforms=KnownPlatforms(terms=terms),
        simulated_time=settings.executor.clock == "ticks",
        approvers=settings.executor.approver_names,
    )


def agents(policy: ExecutorPolicy) -> tuple[Agent, ...]:
    """Return the executor's agents, one per topic that it reads."""
    own = (
        Agent(name=name, source=policy.topic(topic), step=partial(step, policy))
        for name, topic, step in _STEPS
    )
    return (*own, _edits(policy))


def _edits(policy: ExecutorPolicy) -> Agent:
    """Return the agent of edits: they are about what the table of actions holds, and write it."""
    source, step = policy.topic(topics.EDITS), partial(edits_step, policy)
    return Agent(name=tables.EDITS, source=source, step=step, shares=tables.ACTIONS)


def journal(policy: ExecutorPolicy) -> Journal:
    """Return the audit trail: one chain per partition, whichever agent wrote."""
    return Journal(topic=policy.topic(topics.AUDIT), seal=seal)
