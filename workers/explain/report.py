"""All that there is to say of one recommendation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from schemas import Plan, Recommendation, SchemaError, decode, decode_metrics
from schemas.fields import Autonomy
from schemas.topics import METRICS
from workers.errors import UsageError
from workers.explain.causes import inputs_gone, likely_causes
from workers.explain.comparing import Difference, differences
from workers.explain.gone import verdict_of
from workers.explain.history import History
from workers.explain.inside import Inside, look_inside
from workers.explain.replay import Replay, Replayed
from workers.optimizer import tables
from workers.optimizer.plan_rows import read_plan
from workers.optimizer.policy import OptimizerPolicy

_EVENTS = 6
"""Metrics records that are shown: the last ones before the decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsShown:
    """One metrics record."""

    offset: int
    hour: datetime
    impressions: int
    clicks: int
    spend: Decimal
    conversions: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What a recommendation was made from, what came of it, and whether it can be repeated."""

    campaign: str
    published: Recommendation
    size: int
    """Bytes of the published record."""
    events: Sequence[MetricsShown]
    plan: Plan | None
    inside: Inside | None
    replayed: int
    """Metrics records that were replayed."""
    first_offset: int
    """First offset of metrics that is kept: above 0 when retention has deleted some."""
    differences: Sequence[Difference]
    causes: Sequence[str]
    gone: Sequence[str]
    """Which inputs are not on the topics any more, where bytes differ: that says nothing then."""

    @property
    def autonomy(self) -> Autonomy | None:
        """How far the plan lets what is advised go by itself; None without plan or advice."""
        field = self.published.field
        return self.plan.autonomy_for(field) if self.plan and field else None

    @property
    def identical(self) -> bool:
        """Whether the recomputed bytes are those that were published."""
        return not self.differences

    @property
    def verdict(self) -> str:
        """Whether it could be repeated, in a word."""
        return verdict_of(self.differences, self.gone)


def explain(policy: OptimizerPolicy, history: History, target: int) -> Explanation:
    """Return the explanation of published recommendation ``target`` of a history.

    Raises
    ------
    UsageError
        No record that is kept leads to it: it cannot be recomputed.
    """
    published = history.published[target]
    replayed = Replay(policy=policy, history=history, target=target).run()
    if replayed.recomputed is None:
        raise _gone(policy, history, target)
    found = differences(published.value, replayed.recomputed)
    made = decode(replayed.recomputed, Recommendation)
    stored = replayed.replica.table(tables.PLANS).get(history.key)
    return Explanation(
        campaign=history.key.decode(),
        published=published.advice,
        size=len(published.value),
        events=_events(policy, history, replayed),
        plan=read_plan(stored) if stored else None,
        inside=look_inside(replayed.replica, history.key, made),
        replayed=replayed.applied,
        first_offset=history.beginnings.get(policy.topic(METRICS), 0),
        differences=found,
        causes=likely_causes(policy, history, published, replayed, found),
        gone=inputs_gone(policy, history, published, found),
    )


def _gone(policy: OptimizerPolicy, history: History, target: int) -> UsageError:
    topic, advice = policy.topic(METRICS), history.published[target].advice
    offset, first = advice.inputs.get(topic), history.beginnings.get(topic, 0)
    problem = f"no record in {topic} leads to recommendation {advice.recommendation_id}"
    if offset is not None and offset < first:
        lost = f"its offset {offset} was deleted by retention, the topic begins at {first}"
        remedy = f"{lost}; keep metrics as long as recommendations"
    else:
        remedy = "the settings of [optimizer], the topic or the prefix may not be those it was of"
    return UsageError(problem, remedy=remedy)


def _events(policy: OptimizerPolicy, history: History, replayed: Replayed) -> list[MetricsShown]:
    log = history.sources.get(policy.topic(METRICS), ())[: replayed.applied]
    found = []
    for entry in log[-_EVENTS:]:
        try:
            event = decode_metrics(entry.record.value or b"").event
        except SchemaError:
            continue
        found.append(
            MetricsShown(
                offset=entry.record.offset,
                hour=event.window_start,
                impressions=event.impressions,
                clicks=event.clicks,
                spend=event.spend,
                conversions=event.conversions,
            )
        )
    return found


def as_json(found: Explanation) -> dict[str, Any]:
    """Return an explanation for programs."""
    advice = found.published
    return {
        "recommendation_id": advice.recommendation_id,
        "campaign": found.campaign,
        "verdict": found.verdict,
        "replayed": found.replayed,
        "first_metrics_offset": found.first_offset,
        "inputs": _inputs(found),
        "model": {"version": advice.model_version, "inside": found.inside},
        "rules": {"hold_reason": advice.hold_reason, "guardrails": advice.guardrails},
        "value": {
            "field": advice.field,
            "recommended": advice.recommended_value,
            "autonomy": found.autonomy,
            "hour_plan": advice.hour_plan,
            "reasons": advice.reasons,
        },
        "differences": [each._asdict() for each in found.differences],
        "causes": found.causes,
        "gone": found.gone,
    }


def _inputs(found: Explanation) -> dict[str, Any]:
    return {
        "offsets": found.published.inputs,
        "plan": found.plan,
        "prior_version": found.published.prior_version,
        "in_force": found.published.current_value,
        "events": found.events,
    }
