"""A recommendation's numbers are those that its members say: swapped money would be published."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from itertools import count
from typing import Any

import numpy as np
import orjson

from engine import in_force, plans, state
from engine.decide import Decisions
from engine.feasibility import Minimums
from engine.holds import NONE
from engine.horizon import Horizon
from engine.policy import GUARDRAILS, PASSED, Ruling
from engine.risk import Outlook
from engine.ruling import SPEEDS
from engine.situation import Clock
from schemas.topics import AUDIT, METRICS, PLANS
from workers.instants import text_of
from workers.optimizer.deciding import Decided
from workers.optimizer.due import Due
from workers.optimizer.json_columns import objects
from workers.optimizer.policy import OptimizerPolicy
from workers.optimizer.recommending import recommendations

POLICY = OptimizerPolicy(
    prefix="p",
    restatement_days=35,
    future_tolerance=timedelta(minutes=10),
    stale_after=timedelta(hours=6),
)
_numbers = count(101)


def filled(kind: Any, **given: Any) -> Any:  # noqa: ANN401 -- a dataclass of columns
    """Return a dataclass in which each column has a number of its own."""
    own = {each.name: np.array([next(_numbers)]) for each in fields(kind) if each.name not in given}
    return kind(**own, **given)


def decided() -> Decided:
    """Return one decision, to change a known value, with a number of its own everywhere."""
    hours, yes, no = np.array([2]), np.array([True]), np.array([False])
    clock = filled(Clock, hours=hours)
    outlook = filled(Outlook, exhaustion=np.array([0.25]))
    ruling = filled(Ruling, statuses=np.full((1, len(GUARDRAILS)), PASSED), release=no)
    made = filled(
        Decisions,
        clock=clock,
        horizon=filled(Horizon, minimums=filled(Minimums), short=no),
        outlook=outlook,
        ruling=ruling,
        hold=np.array([NONE]),
        acts=yes,
        steers=no,
        binding=np.array([0]),
        known=yes,
        unmet=no,
        plan=np.array([[71, 72, 73]]),
        speeds=np.full((1, len(SPEEDS)), PASSED),
        confidence=np.array([0.75]),
    )
    planned, forced = plans.no_plans(1), in_force.nothing_in_force(1)
    campaigns = state.new_campaigns(1)
    planned["exponent"], planned["currency"] = 2, b"EUR"
    planned["version"], planned["offset"] = 901, 902
    forced["offset"], campaigns["offset"] = 903, 904
    names = [("meta", "a", "c")]
    due = filled(Due, names=names, plans=planned, campaigns=campaigns)
    return Decided(
        due=due,
        in_force=forced,
        decisions=made,
        prior_versions=np.array([905]),
        pacing=[b""],
        writes={},
    )


def money(column: Any) -> str:  # noqa: ANN401 -- an array of one number
    """Return minor units of a currency with two decimals."""
    return f"{int(column[0]) // 100}.{int(column[0]) % 100:02d}"


def test_each_member_of_a_recommendation_holds_the_column_that_it_is_named_after() -> None:
    told = decided()
    made, due = told.decisions, told.due
    horizon, outlook, clock = made.horizon, made.outlook, made.clock
    (text,) = objects(recommendations(POLICY, told, ["ab" * 16]))
    change = made.value[0] - made.current[0]
    assert orjson.loads(text) == {
        "schema_version": 1,
        "platform": "meta",
        "account_id": "a",
        "campaign_id": "c",
        "entity_id": "c",
        "kind": "pacing",
        "field": "hourly_budget",
        "unit": "currency",
        "hour": text_of(int(clock.hour[0])),
        "decided_at": text_of(int(due.now[0])),
        "valid_from": text_of(int(clock.target[0])),
        "expires_at": text_of(int(clock.target[0]) + 3_600),
        "exhausts_at": text_of(int(outlook.exhausts_at[0])),
        "currency": "EUR",
        "plan_version": 901,
        "prior_version": 905,
        "inputs": {POLICY.topic(METRICS): 904, POLICY.topic(PLANS): 902, POLICY.topic(AUDIT): 903},
        "period_budget": money(horizon.allowance),
        "spend_to_date": money(horizon.spent),
        "projected_spend": {
            "p10": money(outlook.p10),
            "p50": money(outlook.p50),
            "p90": money(outlook.p90),
        },
        "pacing_index": outlook.index[0],
        "exhaustion_risk": 0.25,
        "confidence": 0.75,
        "risk": "medium",
        "recommended_value": money(made.value),
        "current_value": money(made.current),
        "change": money(made.value - made.current),
        "change_pct": round(100 * int(change) / int(made.current[0]), 2),
        "hour_plan": ["0.71", "0.72"],
        "hourly_cap": money(made.cap),
        "day_budget": money(made.day_budget),
        "guardrails": [{"name": name, "status": "passed"} for name in (*GUARDRAILS, *SPEEDS)],
        "model_version": POLICY.model_version,
        "state_digest": "ab" * 16,
    }
