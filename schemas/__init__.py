"""Records, topics and keys: everything that goes over Kafka.

A record is a frozen value that is checked when it is built; `decode` and
`decode_metrics` read one from bytes or raise `SchemaError` with the field and the
reason, `encode` writes it, and `canonical_bytes` is what digests are computed over.
"""

from __future__ import annotations

from schemas.action import Action, Release
from schemas.aliases import ALIASES, Decoded, decode_metrics
from schemas.allocation import Allocation
from schemas.audit import GENESIS, AuditEntry, AuditStatus, Mode, hash_of, seal
from schemas.bid_terms import AdSetTerms, BidTerms
from schemas.breakdown import Aims, BidInForce, Breakdowns, DaySlice
from schemas.calendar_event import CalendarEvent
from schemas.codec import canonical_bytes, decode, digest, encode, format_time, sha256
from schemas.condition import Condition, ConditionKind, Scope, Window
from schemas.decision import Decision, Verb
from schemas.edit import Editor, PlatformEdit
from schemas.errors import Reason, SchemaError
from schemas.experiment import (
    Arm,
    Design,
    Experiment,
    ExperimentMetric,
    ExperimentStatus,
    Halves,
    Overrides,
)
from schemas.fields import Autonomy, BudgetPeriod, Entity, Objective, Status
from schemas.fx_rate import FxRate
from schemas.group import Group
from schemas.guardrails import Guardrails
from schemas.impact import Impact, MoneyRange, Range
from schemas.keys import CampaignKey, account_key, campaign_key, parse_campaign_key
from schemas.metrics import (
    Breakdown,
    ConversionTimeBasis,
    LearningStatus,
    MetricsEvent,
    RecordMode,
)
from schemas.movement import Movement, MovementVerb
from schemas.outcome import Measured, Outcome, Verdict
from schemas.plan import (
    Actuator,
    AdSet,
    Bid,
    Budget,
    Days,
    Plan,
    Rollover,
    Strategy,
)
from schemas.portfolio import Portfolio
from schemas.prior import PooledDelay, Prior, PriorLevel, SpendDays
from schemas.recommendation import (
    BidMultiplier,
    Explanation,
    GuardrailCheck,
    GuardrailStatus,
    HoldReason,
    Kind,
    MultiplierKind,
    Priority,
    Recommendation,
    Risk,
)
from schemas.record import Part, Record
from schemas.returns import Return
from schemas.shape import LateConversions, Shape
from schemas.suspicion import Suspicion
from schemas.tick import Tick

__all__ = [
    "ALIASES",
    "GENESIS",
    "Action",
    "Actuator",
    "AdSet",
    "AdSetTerms",
    "Aims",
    "Allocation",
    "Arm",
    "AuditEntry",
    "AuditStatus",
    "Autonomy",
    "Bid",
    "BidInForce",
    "BidMultiplier",
    "BidTerms",
    "Breakdown",
    "Breakdowns",
    "Budget",
    "BudgetPeriod",
    "CalendarEvent",
    "CampaignKey",
    "Condition",
    "ConditionKind",
    "ConversionTimeBasis",
    "DaySlice",
    "Days",
    "Decision",
    "Decoded",
    "Design",
    "Editor",
    "Entity",
    "Experiment",
    "ExperimentMetric",
    "ExperimentStatus",
    "Explanation",
    "FxRate",
    "Group",
    "GuardrailCheck",
    "GuardrailStatus",
    "Guardrails",
    "Halves",
    "HoldReason",
    "Impact",
    "Kind",
    "LateConversions",
    "LearningStatus",
    "Measured",
    "MetricsEvent",
    "Mode",
    "MoneyRange",
    "Movement",
    "MovementVerb",
    "MultiplierKind",
    "Objective",
    "Outcome",
    "Overrides",
    "Part",
    "Plan",
    "PlatformEdit",
    "PooledDelay",
    "Portfolio",
    "Prior",
    "PriorLevel",
    "Priority",
    "Range",
    "Reason",
    "Recommendation",
    "Record",
    "RecordMode",
    "Release",
    "Return",
    "Risk",
    "Rollover",
    "SchemaError",
    "Scope",
    "Shape",
    "SpendDays",
    "Status",
    "Strategy",
    "Suspicion",
    "Tick",
    "Verb",
    "Verdict",
    "Window",
    "account_key",
    "campaign_key",
    "canonical_bytes",
    "decode",
    "decode_metrics",
    "digest",
    "encode",
    "format_time",
    "hash_of",
    "parse_campaign_key",
    "seal",
    "sha256",
]
