"""From decisions to the members of recommendations and actions.

The records are written without going through their types, which would take many times as long
per campaign-hour; the tests hold that each is what `schemas.encode` makes of the record that it
decodes to.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from engine.arrays import Bools, Floats, Ints, Rows
from engine.calendar import HOUR
from engine.decide import Decisions
from engine.holds import ORDER
from engine.plans import AUTONOMIES
from engine.policy import CLAMPED, GUARDRAILS, UNSTATED
from engine.risk import NO_TIME
from engine.ruling import SPEEDS
from schemas import Priority, Risk
from schemas.levers import (
    BID_MULTIPLIER,
    CURRENCY_UNIT,
    HOURLY_BUDGET,
    MULTIPLIER_DECIMALS,
    MULTIPLIER_UNIT,
)
from schemas.money import MAX_AMOUNT
from schemas.topics import AUDIT, METRICS, PLANS
from workers.optimizer import json_columns as write
from workers.optimizer.deciding import Decided
from workers.optimizer.json_columns import DIGITS, Column, Money
from workers.optimizer.policy import OptimizerPolicy

Members = dict[str, Column]

_ID = 16
_FIELDS = (f'"{HOURLY_BUDGET}"', f'"{BID_MULTIPLIER}"')
_UNITS = (f'"{CURRENCY_UNIT}"', f'"{MULTIPLIER_UNIT}"')
_RAILS = (*GUARDRAILS, *SPEEDS)
_SPEND = SPEEDS[1]
_STATUSES = ("passed", "clamped", "blocked")
_KINDS = ('"hold"', '"pacing"')
_HOLDS = tuple(f'"{reason}"' for reason in ORDER)
_CERTAIN, _LIKELY, _EVEN = 0.95, 0.8, 0.5
_ACTORS = tuple(f'"pacekeeper:autonomy:{autonomy}"' for autonomy in AUTONOMIES)
_PRIORITIES = tuple(f'"{each}"' for each in (Priority.CRITICAL, Priority.HIGH, Priority.MEDIUM))
_RISKS = tuple(f'"{each}"' for each in (Risk.HIGH, Risk.MEDIUM))
_TAKEN_OVER = (
    *("schema_version", "platform", "account_id", "campaign_id", "entity_id", "field", "unit"),
    *("day_budget", "currency", "hour", "valid_from", "expires_at", "plan_version"),
)
"""What an action repeats of its recommendation."""


def recommendations(policy: OptimizerPolicy, decided: Decided, digests: Sequence[str]) -> Members:
    """Return the members of the recommendations, but for their reasons and ids.

    ``digests`` are those of the states that were decided from.
    """
    money = Money(decided.due.plans["exponent"])
    return {
        **_names(decided),
        **_times(decided),
        **_standing(decided, money),
        **_amounts(decided, money),
        **_origins(policy, decided, digests),
    }


def actions(advice: Members, ids: Sequence[str], autonomies: Ints, whys: Sequence[str]) -> Members:
    """Return the members, without ids, of the actions that carry out recommendations.

    All arguments have one entry per action: the members and the ``ids`` of the recommendations,
    what the plans let happen without a person, and the sentences of the main reasons.
    """
    return {
        **{name: advice[name] for name in _TAKEN_OVER},
        "recommendation_id": write.plain_strings(ids),
        "target": advice["recommended_value"],
        "expected": advice["current_value"],
        "hourly_cap": [
            cap if field == _FIELDS[1] else ""
            for cap, field in zip(advice["hourly_cap"], advice["field"], strict=True)
        ],
        "released_by": write.same("policy", len(ids)),
        "actor": write.chosen(_ACTORS, autonomies),
        "why": write.strings(whys),
        "released_at": advice["decided_at"],
    }


def _names(decided: Decided) -> Members:
    made, due = decided.decisions, decided.due
    platforms, accounts, campaigns = zip(*due.names, strict=True)
    own = write.strings(campaigns)
    return {
        "schema_version": write.same(1, len(own)),
        "platform": write.strings(platforms),
        "account_id": write.strings(accounts),
        "campaign_id": own,
        "entity_id": own,
        "kind": write.chosen(_KINDS, made.acts.astype(np.int64)),
        "hold_reason": write.where(~made.acts, write.chosen(_HOLDS, made.hold)),
    }


def _times(decided: Decided) -> Members:
    clock = decided.decisions.clock
    return {
        "hour": write.times(clock.hour),
        "decided_at": write.times(decided.due.now),
        "valid_from": write.times(clock.target),
        "expires_at": write.times(clock.target + HOUR),
    }


def _standing(decided: Decided, money: Money) -> Members:
    """Return where each campaign stands in the period of its plan, if it has one."""
    made, horizon, outlook = decided.decisions, decided.decisions.horizon, decided.decisions.outlook
    planned = decided.due.plans["version"] > 0
    pace, exhaustion = np.round(outlook.index, DIGITS), np.round(outlook.exhaustion, DIGITS)
    confidence = np.round(made.confidence, DIGITS)
    lasts = outlook.exhausts_at == NO_TIME
    members = {
        "currency": _codes(decided.due.plans["currency"]),
        "plan_version": write.integers(decided.due.plans["version"]),
        "period_budget": money.column(horizon.allowance),
        "spend_to_date": money.column(horizon.spent),
        "projected_spend": _ranges(money, outlook.p10, outlook.p50, outlook.p90),
        "pacing_index": write.where(pace >= 0.0, write.numbers(pace)),
        "exhaustion_risk": write.numbers(exhaustion),
        "exhausts_at": write.where(~lasts, write.times(outlook.exhausts_at)),
        "priority": _priorities(horizon.left, exhaustion),
        "confidence": write.where(confidence > 0.0, write.numbers(confidence)),
    }
    return {name: write.where(planned, texts) for name, texts in members.items()}


def _amounts(decided: Decided, money: Money) -> Members:
    """Return what to change, from what, and how it was ruled, where there is something to do."""
    made = decided.decisions
    value, current = made.value, made.current
    moved = np.round(np.divide(100.0 * (value - current), np.where(current == 0, 1, current)), 2)
    steers = made.steers.astype(np.int64)
    exponents = decided.due.plans["exponent"].astype(np.int64)
    lever = Money(np.where(made.steers, MULTIPLIER_DECIMALS, exponents))
    members = {
        "field": write.chosen(_FIELDS, steers),
        "unit": write.chosen(_UNITS, steers),
        "recommended_value": lever.column(value),
        "current_value": write.where(made.known, lever.column(current)),
        "change": write.where(made.known, lever.column(value - current)),
        "change_pct": write.where(made.known & (current != 0), write.numbers(moved)),
        "hour_plan": money.lists(made.plan, np.where(made.acts, made.clock.hours, 0)),
        "hourly_cap": money.column(made.cap),
        "day_budget": money.column(np.minimum(made.day_budget, MAX_AMOUNT * 10**exponents)),
        "guardrails": _guardrails(made, lever.plain(value), money.plain(made.cap)),
        "auto_execute": write.where(made.ruling.release, write.same(value=True, count=len(value))),
        "risk": _risks(np.round(made.confidence, DIGITS)),
    }
    return {name: write.where(made.acts, texts) for name, texts in members.items()}


def _origins(policy: OptimizerPolicy, decided: Decided, digests: Sequence[str]) -> Members:
    """Return what each recommendation was made from, and which one it takes the place of."""
    due = decided.due
    known = {
        METRICS: due.campaigns["offset"],
        PLANS: np.where(due.plans["version"] > 0, due.plans["offset"], -1),
        AUDIT: decided.in_force["offset"],
    }
    inputs = {
        policy.topic(topic): write.where(offsets >= 0, write.integers(offsets))
        for topic, offsets in known.items()
    }
    previous = due.campaigns["previous"].tobytes()
    before = [previous[at : at + _ID] for at in range(0, len(previous), _ID)]
    versions = decided.prior_versions
    return {
        "inputs": write.objects(inputs),
        "model_version": write.same(policy.model_version, len(digests)),
        "prior_version": write.where(versions > 0, write.integers(versions)),
        "state_digest": write.plain_strings(digests),
        "supersedes": [f'"{each.hex()}"' if any(each) else "" for each in before],
    }


def _codes(currencies: Rows) -> Column:
    return write.plain_strings(code.decode() for code in currencies.tolist())


def _ranges(money: Money, *percentiles: Ints) -> Column:
    amounts = zip(*(money.plain(each) for each in percentiles), strict=True)
    return [f'{{"p10":"{low}","p50":"{mid}","p90":"{high}"}}' for low, mid, high in amounts]


def _guardrails(made: Decisions, limits: Sequence[str], caps: Sequence[str]) -> Column:
    """Return what each guard rail did; ``limits`` is what those that clamp led to.

    Where bids are set the limit of spend is on what their hour may spend, ``caps``.
    """
    rulings = map(tuple, np.concatenate([made.ruling.statuses, made.speeds], axis=1).tolist())
    spends = np.where(made.steers, caps, limits).tolist()
    return [
        _checks(ruling, *((limit, spend) if CLAMPED in ruling else ("", "")))
        for ruling, limit, spend in zip(rulings, limits, spends, strict=True)
    ]


@lru_cache(maxsize=4_096)
def _checks(ruling: tuple[int, ...], limit: str, spend: str) -> str:
    checks = [
        {"name": name, "status": _STATUSES[status]}
        | ({"limit": spend if name == _SPEND else limit} if status == CLAMPED else {})
        for name, status in zip(_RAILS, ruling, strict=True)
        if status != UNSTATED
    ]
    return write.as_json(checks)


def _priorities(left: Ints, exhaustion: Floats) -> Column:
    """Return how soon to look: critical where the budget is gone or all but sure to run out."""
    steps = ((left <= 0) | (exhaustion > _CERTAIN), exhaustion > _LIKELY, exhaustion > _EVEN)
    return _first(_PRIORITIES, steps)


def _risks(confidence: Floats) -> Column:
    """Return what may go wrong when the advice is followed: the less is known, the more."""
    return _first(_RISKS, (confidence < _EVEN, confidence < _LIKELY))


def _first(texts: Sequence[str], conditions: Sequence[Bools]) -> Column:
    """Return the text of the first condition that holds; nothing where none does."""
    codes = np.select(conditions, range(len(texts)), default=len(texts))
    return write.chosen((*texts, ""), codes)
