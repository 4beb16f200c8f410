"""The scorer as a program: its agents and the topics they read."""

from __future__ import annotations

from functools import partial

from schemas import topics
from workers.delivery.api import Agent, Program
from workers.optimizer.delay_priors import DelayBook
from workers.scorer import rows
from workers.scorer.audit import audit_step
from workers.scorer.metrics import metrics_step
from workers.scorer.plans import plans_step
from workers.scorer.policy import ScorerPolicy
from workers.scorer.recommendations import recommendations_step
from workers.scorer.ticks import ticks_step
from workers.settings import Settings

_STEPS = (
    (rows.PLANS, topics.PLANS, plans_step),
    (rows.RECOMMENDATIONS, topics.RECOMMENDATIONS, recommendations_step),
    (rows.AUDIT, topics.AUDIT, audit_step),
    (rows.METRICS, topics.METRICS, metrics_step),
)


def create_program(settings: Settings) -> Program:
    """Return what the scorer does under ``settings``."""
    policy = ScorerPolicy(prefix=settings.topics.prefix)
    return Program(
        name=f"{policy.prefix}-scorer",
        agents=agents(policy),
        broadcasts=(policy.topic(topics.PRIORS),),
    )


def agents(policy: ScorerPolicy) -> tuple[Agent, ...]:
    """Return the scorer's agents, one per topic that it reads."""
    readers = tuple(
        Agent(name=name, source=policy.topic(topic), step=partial(step, policy))
        for name, topic, step in _STEPS
    )
    looks = partial(ticks_step, policy, DelayBook())
    return (*readers, Agent(name=rows.TICKS, source=policy.topic(topics.TICKS), step=looks))
