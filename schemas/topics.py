"""The catalogue of topics, as data: what is in them, who writes them, how long they keep."""

from __future__ import annotations

from typing import Final

from schemas.action import Action
from schemas.allocation import Allocation
from schemas.audit import AuditEntry
from schemas.breakdown import Breakdowns
from schemas.condition import Condition
from schemas.decision import Decision
from schemas.edit import PlatformEdit
from schemas.experiment import Experiment
from schemas.fx_rate import FxRate
from schemas.group import Group
from schemas.metrics import MetricsEvent
from schemas.movement import Movement
from schemas.outcome import Outcome
from schemas.plan import Plan
from schemas.portfolio import Portfolio
from schemas.prior import Prior
from schemas.recommendation import Recommendation
from schemas.shape import Shape
from schemas.suspicion import Suspicion
from schemas.tick import Tick
from schemas.topic import DAY_MS, FOREVER, Cleanup, Key, Partitions, Topic

METRICS: Final = Topic(
    name="metrics.v1",
    record=MetricsEvent,
    key=Key.CAMPAIGN,
    retention_ms=90 * DAY_MS,
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
    # As long as what is recommended by a version is kept, so that it can be explained.
    versions_ms=90 * DAY_MS,
    writers=("people", "console", "command line", "allocator"),
    readers=("allocator", "executor"),
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
    # A budget goes by 60 days, and can be explained as long as recommendations are kept.
    retention_ms=160 * DAY_MS,
    writers=("optimizer", "allocator"),
    readers=("allocator",),
    about="Closed periods of campaigns that belong to a budget group; those of groups inside "
    "others are copied to where these lie.",
)
ALLOCATIONS: Final = Topic(
    name="allocations.v1",
    record=Allocation,
    key=Key.BUDGET_GROUP,
    retention_ms=7 * DAY_MS,
    writers=("allocator",),
    readers=("allocator",),
    about="What the day of a large group was settled at, page by page, before members are told.",
)
SHAPES: Final = Topic(
    name="shapes.v1",
    record=Shape,
    key=Key.ACCOUNT,
    retention_ms=90 * DAY_MS,
    writers=("optimizer",),
    readers=("allocator",),
    about="Closed local days of campaigns, to be pooled.",
)
SUSPICIONS: Final = Topic(
    name="suspicions.v1",
    record=Suspicion,
    key=Key.ACCOUNT,
    retention_ms=7 * DAY_MS,
    writers=("optimizer",),
    readers=("allocator",),
    about="What campaigns' hours say of whether conversions are still counted.",
)
BREAKDOWNS: Final = Topic(
    name="breakdowns.v1",
    record=Breakdowns,
    key=Key.ACCOUNT,
    retention_ms=90 * DAY_MS,
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
    retention_ms=90 * DAY_MS,
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
MOVEMENTS: Final = Topic(
    name="movements.v1",
    record=Movement,
    key=Key.BUDGET_GROUP,
    retention_ms=7 * DAY_MS,
    writers=("executor",),
    readers=("executor",),
    about="Raises that ask their group's ledger whether they are within its movement cap, and what "
    "became of them.",
)
DECISIONS: Final = Topic(
    name="decisions.v1",
    record=Decision,
    key=Key.CAMPAIGN,
    retention_ms=90 * DAY_MS,
    writers=("people", "console", "command line"),
    readers=("executor",),
    about="What people decided: approve, reject, roll back, freeze, pause, resume, exclude.",
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
EDITS: Final = Topic(
    name="edits.v1",
    record=PlatformEdit,
    key=Key.CAMPAIGN,
    retention_ms=90 * DAY_MS,
    writers=("collector",),
    readers=("executor", "people", "console"),
    about="What was changed on the platforms, and by whom: people, rules, other apps, or us.",
)
OUTCOMES: Final = Topic(
    name="outcomes.v1",
    record=Outcome,
    key=Key.CAMPAIGN,
    retention_ms=90 * DAY_MS,
    writers=("scorer",),
    readers=("people", "console"),
    about="What became of advice that was followed, against what it had projected.",
)
TICKS: Final = Topic(
    name="ticks.v1",
    record=Tick,
    key=Key.PARTITION,
    retention_ms=DAY_MS,
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
    ALLOCATIONS,
    SHAPES,
    SUSPICIONS,
    BREAKDOWNS,
    PRIORS,
    CONDITIONS,
    EXPERIMENTS,
    RECOMMENDATIONS,
    ACTIONS,
    MOVEMENTS,
    DECISIONS,
    AUDIT,
    EDITS,
    OUTCOMES,
    TICKS,
)
"""Every topic, in the order of the data's way."""
