"""The catalogue of topics, as data: what is in them, who writes them, how long they keep."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from schemas.action import Action
from schemas.audit import AuditEntry
from schemas.breakdown import Breakdowns
from schemas.condition import Condition
from schemas.decision import Decision
from schemas.experiment import Experiment
from schemas.fx_rate import FxRate
from schemas.group import Group
from schemas.metrics import MetricsEvent
from schemas.outcome import Outcome
from schemas.plan import Plan
from schemas.portfolio import Portfolio
from schemas.prior import Prior
from schemas.recommendation import Recommendation
from schemas.record import Record
from schemas.shape import Shape
from schemas.suspicion import Suspicion
from schemas.tick import Tick

DEFAULT_PREFIX = "pacekeeper"
DLQ_SUFFIX = ".dlq"

_DAY = 86_400_000
FOREVER = -1
"""Retention in milliseconds that means: never deleted."""


class Key(StrEnum):
    """What a topic's records are keyed by; every record's ``key`` gives the bytes."""

    CAMPAIGN = "platform:account_id:campaign_id"
    BUDGET_GROUP = "budget_group_id"
    ACCOUNT = "platform:account_id"
    POOL = "platform:account_id, platform or *"
    SCOPE = "the names of the scope (or *), # and the kind"
    EXPERIMENT = "experiment_id"
    CURRENCIES = "two currencies in alphabetical order, / between them"
    PARTITION = "the number of the partition"


class Partitions(StrEnum):
    """How a topic's number of partitions is found."""

    CAMPAIGNS = "campaigns"
    """One setting for all campaign topics: a worker owns the same numbers of each."""
    BROADCAST = "broadcast"
    """One: every worker reads the whole topic."""


class Cleanup(StrEnum):
    """Kafka's ``cleanup.policy``."""

    DELETE = "delete"
    COMPACT = "compact"


@dataclass(frozen=True, kw_only=True)
class Topic:
    """One topic of the catalogue. ``name`` is without the prefix, such as ``metrics.v1``."""

    name: str
    record: type[Record]
    key: Key
    partitions: Partitions = Partitions.CAMPAIGNS
    cleanup: Cleanup = Cleanup.DELETE
    retention_ms: int = 30 * _DAY
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    dead_letters: bool = True
    """Whether unreadable records go to ``<topic>.dlq``; broadcast readers only count them."""
    about: str

    def full_name(self, prefix: str = DEFAULT_PREFIX) -> str:
        """Return the Kafka name, such as ``pacekeeper.metrics.v1``."""
        return f"{prefix}.{self.name}"

    def dlq(self, prefix: str = DEFAULT_PREFIX) -> str:
        """Return the name of the topic's dead-letter topic."""
        return self.full_name(prefix) + DLQ_SUFFIX


METRICS: Final = Topic(
    name="metrics.v1",
    record=MetricsEvent,
    key=Key.CAMPAIGN,
    retention_ms=90 * _DAY,
    writers=("publisher", "collector", "simulator"),
    readers=("optimizer", "adviser", "scorer"),
    about="What each campaign delivered, hour by hour.",
)
PLANS: Final = Topic(
    name="plans.v1",
    record=Plan,
    key=Key.CAMPAIGN,
    cleanup=Cleanup.COMPACT,
    retention_ms=FOREVER,
    writers=("people", "console", "command line"),
    readers=("optimizer", "executor", "adviser", "scorer"),
    about="What each campaign's money is for; an empty record deletes the plan.",
)
GROUPS: Final = Topic(
    name="groups.v1",
    record=Group,
    key=Key.BUDGET_GROUP,
    cleanup=Cleanup.COMPACT,
    retention_ms=FOREVER,
    writers=("people", "console", "command line", "allocator"),
    readers=("allocator",),
    about="Budgets that several campaigns share; groups inside others are copied to where these "
    "lie.",
)
FX_RATES: Final = Topic(
    name="fx_rates.v1",
    record=FxRate,
    key=Key.CURRENCIES,
    cleanup=Cleanup.COMPACT,
    retention_ms=FOREVER,
    writers=("people", "command line", "allocator"),
    readers=("allocator",),
    about="What currencies are worth in one another, for groups that mix them; believed ones are "
    "copied to all partitions.",
)
PORTFOLIO: Final = Topic(
    name="portfolio.v1",
    record=Portfolio,
    key=Key.BUDGET_GROUP,
    retention_ms=90 * _DAY,
    writers=("optimizer", "allocator"),
    readers=("allocator",),
    about="Closed periods of campaigns that belong to a budget group; those of groups inside "
    "others are copied to where these lie.",
)
SHAPES: Final = Topic(
    name="shapes.v1",
    record=Shape,
    key=Key.ACCOUNT,
    retention_ms=90 * _DAY,
    writers=("optimizer",),
    readers=("allocator",),
    about="Closed local days of campaigns, to be pooled.",
)
SUSPICIONS: Final = Topic(
    name="suspicions.v1",
    record=Suspicion,
    key=Key.ACCOUNT,
    retention_ms=7 * _DAY,
    writers=("optimizer",),
    readers=("allocator",),
    about="What campaigns' hours say of whether conversions are still counted.",
)
BREAKDOWNS: Final = Topic(
    name="breakdowns.v1",
    record=Breakdowns,
    key=Key.ACCOUNT,
    retention_ms=90 * _DAY,
    writers=("adviser",),
    readers=("adviser",),
    about="Closed local days of campaigns by ad set, device, placement and hour.",
)
PRIORS: Final = Topic(
    name="priors.v1",
    record=Prior,
    key=Key.POOL,
    partitions=Partitions.BROADCAST,
    cleanup=Cleanup.COMPACT,
    retention_ms=FOREVER,
    writers=("allocator",),
    readers=("optimizer", "adviser", "scorer"),
    dead_letters=False,
    about="Pooled shapes of the week and of spend, by account, by platform and of all campaigns.",
)
CONDITIONS: Final = Topic(
    name="conditions.v1",
    record=Condition,
    key=Key.SCOPE,
    partitions=Partitions.BROADCAST,
    cleanup=Cleanup.COMPACT,
    retention_ms=FOREVER,
    writers=("executor", "allocator", "console"),
    readers=("optimizer", "executor", "adviser"),
    dead_letters=False,
    about="Freezes and suspected outages that hold now.",
)
EXPERIMENTS: Final = Topic(
    name="experiments.v1",
    record=Experiment,
    key=Key.EXPERIMENT,
    partitions=Partitions.BROADCAST,
    cleanup=Cleanup.COMPACT,
    retention_ms=FOREVER,
    writers=("people", "console", "command line"),
    readers=("optimizer",),
    dead_letters=False,
    about="Policies that are compared, and on which campaigns and days.",
)
RECOMMENDATIONS: Final = Topic(
    name="recommendations.v1",
    record=Recommendation,
    key=Key.CAMPAIGN,
    retention_ms=90 * _DAY,
    writers=("optimizer", "allocator", "adviser"),
    readers=("people", "executor", "console", "scorer"),
    about="One decision per campaign and hour: advice, or a hold with its reason.",
)
ACTIONS: Final = Topic(
    name="actions.v1",
    record=Action,
    key=Key.CAMPAIGN,
    writers=("optimizer", "allocator", "adviser", "executor"),
    readers=("executor",),
    about="Changes released by policy or by a person.",
)
DECISIONS: Final = Topic(
    name="decisions.v1",
    record=Decision,
    key=Key.CAMPAIGN,
    retention_ms=90 * _DAY,
    writers=("people", "console", "command line"),
    readers=("executor",),
    about="What people decided: approve, reject, roll back, freeze, exclude.",
)
AUDIT: Final = Topic(
    name="audit.v1",
    record=AuditEntry,
    key=Key.CAMPAIGN,
    retention_ms=FOREVER,
    writers=("executor",),
    readers=("optimizer", "adviser", "console", "people", "scorer"),
    about="What happened, as a hash chain per partition.",
)
OUTCOMES: Final = Topic(
    name="outcomes.v1",
    record=Outcome,
    key=Key.CAMPAIGN,
    retention_ms=90 * _DAY,
    writers=("scorer",),
    readers=("people", "console"),
    about="What became of advice that was followed, against what it had projected.",
)
TICKS: Final = Topic(
    name="ticks.v1",
    record=Tick,
    key=Key.PARTITION,
    retention_ms=_DAY,
    writers=("optimizer", "simulator"),
    readers=("optimizer", "allocator", "executor", "scorer"),
    about="The clock, so that silence can be noticed.",
)

TOPICS: Final = (
    METRICS,
    PLANS,
    GROUPS,
    FX_RATES,
    PORTFOLIO,
    SHAPES,
    SUSPICIONS,
    BREAKDOWNS,
    PRIORS,
    CONDITIONS,
    EXPERIMENTS,
    RECOMMENDATIONS,
    ACTIONS,
    DECISIONS,
    AUDIT,
    OUTCOMES,
    TICKS,
)
"""Every topic, in the order of the data's way."""
