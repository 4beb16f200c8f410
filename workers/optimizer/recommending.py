"""From decisions to recommendations and actions, as bytes.

The bytes are built without going through the record types, which would take three times as
long per campaign-hour; the tests hold that every one of them is what `schemas.encode` makes of
the record that it decodes to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

import orjson

from engine.calendar import HOUR
from engine.holds import ORDER
from engine.plans import AUTONOMIES, STRATEGIES
from engine.policy import CLAMPED, GUARDRAILS
from engine.risk import NO_TIME
from schemas import HoldReason
from schemas.topics import AUDIT, METRICS, PLANS
from workers.instants import text_of
from workers.optimizer import explaining
from workers.optimizer.amounts import WRITERS
from workers.optimizer.columns import Row
from workers.optimizer.deciding import Decided
from workers.optimizer.policy import OptimizerPolicy

FIELD: Final = "hourly_budget"
UNIT: Final = "currency"

Body = dict[str, Any]

_ID = 16
_NONE = bytes(_ID)
_STATUSES = ("passed", "clamped", "blocked")
_AUTO = AUTONOMIES.index("auto")
_CERTAIN, _LIKELY, _EVEN = 0.95, 0.8, 0.5


def _nothing(_row: Row, _campaign: Any, _plan: Any) -> Body:  # noqa: ANN401 -- rows of arrays
    return {}


_EVIDENCE: Final[Mapping[HoldReason, Callable[[Row, Any, Any], Body]]] = MappingProxyType(
    {
        HoldReason.CURRENCY_MISMATCH: lambda _, campaign, plan: {
            "ledger": campaign["currency"].decode(),
            "plan": plan["currency"].decode(),
            "event": (campaign["disputed"] or campaign["currency"]).decode(),
        },
        HoldReason.TIMEZONE_MISMATCH: lambda _, campaign, plan: {
            "plan": plan["zone"].decode(),
            "account": campaign["account_zone"].decode(),
        },
        HoldReason.STALE_DATA: lambda row, *_: {"hours": row.lag},
        HoldReason.BUDGET_GONE: lambda row, *_: {
            "spent": WRITERS[row.exponent](row.spent),
            "allowance": WRITERS[row.exponent](row.allowance),
        },
        HoldReason.UNSUPPORTED_STRATEGY: lambda _row, _, plan: {
            "strategy": STRATEGIES[plan["strategy"]]
        },
        HoldReason.TOO_LITTLE_DATA: lambda row, *_: {"confidence": row.confidence},
    }
)
"""The numbers behind each hold, from its row, its campaign and its plan."""


class Writer:
    """Writes the recommendations of one batch of decisions."""

    def __init__(self, policy: OptimizerPolicy, decided: Decided) -> None:
        """Prepare to write what was ``decided``."""
        self._model = policy.model_version
        self._metrics = policy.topic(METRICS)
        self._plans = policy.topic(PLANS)
        self._audit = policy.topic(AUDIT)
        self._due = decided.due
        self._currencies = [code.decode() for code in decided.due.plans["currency"].tolist()]
        previous = decided.due.campaigns["previous"].tobytes()
        self._previous = [previous[at : at + _ID] for at in range(0, len(previous), _ID)]

    def recommendation(self, i: int, row: Row, state_digest: str) -> Body:
        """Return campaign ``i``'s recommendation without its id."""
        platform, account, campaign = self._due.names[i]
        body: Body = {
            "schema_version": 1,
            "platform": platform,
            "account_id": account,
            "campaign_id": campaign,
            "kind": "pacing" if row.acts else "hold",
            "hour": text_of(row.hour),
            "entity_id": campaign,
        }
        if row.plan_version:
            body["plan_version"] = row.plan_version
            _add_standing(body, row, WRITERS[row.exponent])
            body["currency"] = self._currencies[i]
        if row.acts:
            _add_amounts(body, row, WRITERS[row.exponent])
        else:
            body["hold_reason"] = ORDER[row.hold].value
        self._add_origin(body, row, state_digest)
        if self._previous[i] != _NONE:
            body["supersedes"] = self._previous[i].hex()
        body["reasons"] = [self._main_reason(i, row), *_notes(row)]
        return body

    def _add_origin(self, body: Body, row: Row, state_digest: str) -> None:
        inputs = {
            self._metrics: row.metrics_offset,
            self._plans: row.plan_offset if row.plan_version else -1,
            self._audit: row.audit_offset,
        }
        body["inputs"] = {topic: offset for topic, offset in inputs.items() if offset >= 0}
        body["model_version"] = self._model
        body["state_digest"] = state_digest
        body["decided_at"] = text_of(row.now)
        body["valid_from"] = text_of(row.target)
        body["expires_at"] = text_of(row.target + HOUR)
        if row.prior_version:
            body["prior_version"] = row.prior_version

    def _main_reason(self, i: int, row: Row) -> Body:
        if row.hold < 0:
            write = WRITERS[row.exponent]
            evidence = {"left": write(row.left), "in_flight": write(row.in_flight)}
            return explaining.pace(row.pace, evidence)
        reason, due = ORDER[row.hold], self._due
        numbers = _EVIDENCE.get(reason, _nothing)(row, due.campaigns[i], due.plans[i])
        if reason is HoldReason.NO_PLAN:
            numbers = {"topic": self._plans}
        return explaining.hold(reason, numbers)


def action(body: Body, recommendation_id: str, row: Row) -> Body:
    """Return the action, without its id, that releases a recommendation."""
    released = {
        "schema_version": 1,
        "recommendation_id": recommendation_id,
        **{name: body[name] for name in ("platform", "account_id", "campaign_id", "entity_id")},
        "field": FIELD,
        "target": body["recommended_value"],
        "unit": UNIT,
        "currency": body["currency"],
        "hour": body["hour"],
        "released_by": "policy",
        "actor": f"pacekeeper:autonomy:{AUTONOMIES[row.autonomy]}",
        "why": body["reasons"][0]["text"],
        "released_at": body["decided_at"],
        "valid_from": body["valid_from"],
        "expires_at": body["expires_at"],
        "plan_version": row.plan_version,
    }
    if row.known:
        released["expected"] = body["current_value"]
    return released


def _add_standing(body: Body, row: Row, write: Callable[[int], str]) -> None:
    """Add where the campaign stands in its period."""
    body["period_budget"] = write(row.allowance)
    body["spend_to_date"] = write(row.spent)
    body["projected_spend"] = {
        "p10": write(row.p10),
        "p50": write(row.p50),
        "p90": write(row.p90),
    }
    if row.pace >= 0.0:
        body["pacing_index"] = row.pace
    body["exhaustion_risk"] = row.exhaustion
    if row.exhausts_at != NO_TIME:
        body["exhausts_at"] = text_of(row.exhausts_at)
    priority = _priority(row)
    if priority != "low":
        body["priority"] = priority
    if row.confidence:
        body["confidence"] = row.confidence


def _add_amounts(body: Body, row: Row, write: Callable[[int], str]) -> None:
    """Add what to change, from what, and how it was ruled."""
    body["field"] = FIELD
    body["unit"] = UNIT
    body["recommended_value"] = write(row.value)
    if row.known:
        body["current_value"] = write(row.current)
        body["change"] = write(row.value - row.current)
        if row.current:
            body["change_pct"] = round(100.0 * (row.value - row.current) / row.current, 2)
    body["hour_plan"] = [write(amount) for amount in row.plan[: row.hours]]
    body["hourly_cap"] = write(row.cap)
    body["guardrails"] = _guardrails(tuple(row.statuses), write(row.value))
    if row.release:
        body["auto_execute"] = True
    risk = _risk(row)
    if risk != "low":
        body["risk"] = risk


@lru_cache(maxsize=4_096)
def _passed(statuses: tuple[int, ...]) -> orjson.Fragment:
    checks = [
        {"name": name, "status": _STATUSES[status]}
        for name, status in zip(GUARDRAILS, statuses, strict=True)
    ]
    return orjson.Fragment(orjson.dumps(checks, option=orjson.OPT_SORT_KEYS))


def _guardrails(statuses: tuple[int, ...], limit: str) -> Any:  # noqa: ANN401 -- JSON
    if CLAMPED not in statuses:
        return _passed(statuses)
    return [
        {"name": name, "status": _STATUSES[status], "limit": limit}
        if status == CLAMPED
        else {"name": name, "status": _STATUSES[status]}
        for name, status in zip(GUARDRAILS, statuses, strict=True)
    ]


def _notes(row: Row) -> list[Body]:
    notes = []
    if row.acts and row.hold < 0 and row.unmet:
        notes.append(explaining.note("minimum_unmet", {"hours": row.hours}))
    if row.acts and row.hold < 0 and row.unplaced:
        left = WRITERS[row.exponent](row.unplaced)
        notes.append(explaining.note("maximum_binds", {"unspent": left}))
    return notes


def _priority(row: Row) -> str:
    """Return how soon to look: critical where the budget is gone or all but sure to run out."""
    if row.left <= 0 or row.exhaustion > _CERTAIN:
        return "critical"
    if row.exhaustion > _LIKELY:
        return "high"
    return "medium" if row.exhaustion > _EVEN else "low"


def _risk(row: Row) -> str:
    """Return what may go wrong when the advice is followed: the less is known, the more."""
    if row.confidence < _EVEN:
        return "high"
    return "medium" if row.confidence < _LIKELY else "low"
