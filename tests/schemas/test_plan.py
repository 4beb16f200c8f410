"""Which plans and groups make sense."""

from __future__ import annotations

import json

import pytest

from schemas import (
    Autonomy,
    Group,
    Guardrails,
    Plan,
    Reason,
    SchemaError,
    Status,
    Strategy,
    decode,
)

PLAN: dict[str, object] = {
    "platform": "google",
    "account_id": "1",
    "campaign_id": "2",
    "version": 1,
    "currency": "EUR",
    "timezone": "Europe/Berlin",
    "budget": {"amount": "100.25", "period": "day"},
}
GROUP: dict[str, object] = {
    "budget_group_id": "emea",
    "version": 1,
    "currency": "EUR",
    "timezone": "Europe/Berlin",
    "budget": {"amount": "100.25", "period": "month"},
}
DAY = [1.0] * 24


def a_plan(**changes: object) -> bytes:
    return json.dumps({**PLAN, **changes}).encode()


def test_a_plan_without_further_wishes_is_careful() -> None:
    plan = decode(a_plan(), Plan)

    assert (plan.status, plan.autonomy) == (Status.ACTIVE, Autonomy.PROPOSE)
    assert plan.strategy is Strategy.ADAPTIVE
    assert plan.actuator is None
    assert plan.guardrails == Guardrails(max_change_pct=100.0)
    assert not plan.protected


@pytest.mark.parametrize("strategy", list(Strategy))
def test_every_strategy_can_be_chosen(strategy: Strategy) -> None:
    assert decode(a_plan(strategy=strategy), Plan).strategy is strategy


@pytest.mark.parametrize(
    "changes",
    [
        {"currency": "JPY", "budget": {"amount": 30000, "period": "week"}},
        {"currency": "KWD", "budget": {"amount": "1.125", "period": "month"}},
        {"currency": "CLF", "budget": {"amount": "1.1255", "period": "month"}},
        {"budget": {"amount": "100.2500", "period": "day"}},
        {"flight_start": "2026-03-01", "flight_end": "2026-03-01"},
        {"flight_gaps": [{"first": "2026-03-02", "last": "2026-03-02"}]},
        {"min_daily_budget": "5", "max_daily_budget": "5", "daily_cap": "5"},
        {"custom_weights": [0] * 23 + [1]},
        {"dayparting": [DAY] * 7},
        {"bid": {}},
        {"target_cpa": "0.0001"},
    ],
    ids=str,
)
def test_a_plan_at_the_edge_of_what_is_allowed_is_accepted(changes: dict[str, object]) -> None:
    decode(a_plan(**changes), Plan)


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"colour": "red"}, "colour", Reason.UNKNOWN_FIELD),
        (
            {"budget": {"amount": 1, "period": "day", "colour": 1}},
            "budget.colour",
            Reason.UNKNOWN_FIELD,
        ),
        ({"version": 0}, "version", Reason.OUT_OF_RANGE),
        ({"version": None}, "version", Reason.WRONG_TYPE),
        ({"status": "asleep"}, "status", Reason.INVALID_VALUE),
        ({"currency": "XXX"}, "currency", Reason.UNKNOWN_CURRENCY),
        ({"timezone": "Europe/Berln"}, "timezone", Reason.UNKNOWN_TIMEZONE),
        ({"account_id": "a:b"}, "account_id", Reason.INVALID_NAME),
        ({"budget": {"amount": "0", "period": "day"}}, "budget.amount", Reason.OUT_OF_RANGE),
        ({"budget": {"amount": "-1", "period": "day"}}, "budget.amount", Reason.OUT_OF_RANGE),
        ({"budget": {"amount": "NaN", "period": "day"}}, "budget.amount", Reason.NOT_FINITE),
        ({"budget": {"amount": "1", "period": "year"}}, "budget.period", Reason.INVALID_VALUE),
        (
            {"budget": {"amount": "1.001", "period": "day"}},
            "budget.amount",
            Reason.TOO_MANY_DECIMALS,
        ),
        (
            {"currency": "JPY", "budget": {"amount": "1.5", "period": "day"}},
            "budget.amount",
            Reason.TOO_MANY_DECIMALS,
        ),
        ({"daily_cap": "1.005"}, "daily_cap", Reason.TOO_MANY_DECIMALS),
        ({"max_hourly_budget": "0.001"}, "max_hourly_budget", Reason.TOO_MANY_DECIMALS),
        ({"rollover_cap": "0.001"}, "rollover_cap", Reason.TOO_MANY_DECIMALS),
        ({"daily_cap": "-1"}, "daily_cap", Reason.NEGATIVE),
        ({"min_daily_budget": "-1"}, "min_daily_budget", Reason.NEGATIVE),
        ({"target_roas": 4, "target_cpa": "3"}, "target_cpa", Reason.CONTRADICTION),
        ({"target_cpa": "0"}, "target_cpa", Reason.OUT_OF_RANGE),
        ({"target_roas": 0}, "target_roas", Reason.OUT_OF_RANGE),
        ({"value_horizon_days": 90}, "value_horizon_days", Reason.CONTRADICTION),
        ({"value_horizon_days": 0, "target_roas": 4}, "value_horizon_days", Reason.OUT_OF_RANGE),
        ({"value_horizon_days": 731, "target_roas": 4}, "value_horizon_days", Reason.OUT_OF_RANGE),
        ({"avg_order_value": "0"}, "avg_order_value", Reason.OUT_OF_RANGE),
        (
            {"min_daily_budget": "6", "max_daily_budget": "5"},
            "max_daily_budget",
            Reason.CONTRADICTION,
        ),
        (
            {"min_hourly_budget": "6", "max_hourly_budget": "5"},
            "max_hourly_budget",
            Reason.CONTRADICTION,
        ),
        ({"min_daily_budget": "6", "daily_cap": "5"}, "daily_cap", Reason.CONTRADICTION),
        ({"min_hourly_budget": "6", "daily_cap": "5"}, "daily_cap", Reason.CONTRADICTION),
        ({"bid": {"min": "2", "max": "1"}}, "bid.max", Reason.CONTRADICTION),
        ({"bid": {"base": "3", "max": "1"}}, "bid.max", Reason.CONTRADICTION),
        ({"bid": {"base": "1", "min": "2"}}, "bid.base", Reason.CONTRADICTION),
        ({"bid": {"base": "-1"}}, "bid.base", Reason.NEGATIVE),
        ({"ad_sets": [{"ad_set_id": " "}]}, "ad_sets[0].ad_set_id", Reason.INVALID_NAME),
        (
            {"budget": {"amount": 1, "period": "flight"}, "flight_start": "2026-03-01"},
            "flight_end",
            Reason.MISSING,
        ),
        ({"budget": {"amount": 1, "period": "flight"}}, "flight_start", Reason.MISSING),
        (
            {"flight_start": "2026-03-02", "flight_end": "2026-03-01"},
            "flight_end",
            Reason.CONTRADICTION,
        ),
        (
            {"flight_gaps": [{"first": "2026-03-03", "last": "2026-03-02"}]},
            "flight_gaps[0].last",
            Reason.CONTRADICTION,
        ),
        (
            {
                "flight_end": "2026-03-02",
                "flight_gaps": [{"first": "2026-03-02", "last": "2026-03-03"}],
            },
            "flight_gaps[0]",
            Reason.CONTRADICTION,
        ),
        (
            {
                "flight_start": "2026-03-03",
                "flight_gaps": [{"first": "2026-03-02", "last": "2026-03-03"}],
            },
            "flight_gaps[0]",
            Reason.CONTRADICTION,
        ),
        ({"rollover": "capped"}, "rollover_cap", Reason.MISSING),
        ({"custom_weights": [1] * 23}, "custom_weights", Reason.INVALID_LENGTH),
        ({"custom_weights": [0] * 24}, "custom_weights", Reason.OUT_OF_RANGE),
        ({"custom_weights": [-1] * 24}, "custom_weights[0]", Reason.OUT_OF_RANGE),
        ({"dayparting": [DAY] * 6}, "dayparting", Reason.INVALID_LENGTH),
        ({"dayparting": [[0.0] * 24] * 7}, "dayparting", Reason.OUT_OF_RANGE),
        ({"min_confidence": 1.5}, "min_confidence", Reason.OUT_OF_RANGE),
        ({"autonomy": "full"}, "autonomy", Reason.INVALID_VALUE),
        ({"guardrails": {"max_change_pct": 0}}, "guardrails.max_change_pct", Reason.OUT_OF_RANGE),
        ({"guardrails": {"speed": 1}}, "guardrails.speed", Reason.UNKNOWN_FIELD),
        (
            {
                "calendar": [
                    {
                        "name": "sale",
                        "start": "2026-03-02T00:00:00Z",
                        "end": "2026-03-02T00:00:00Z",
                    }
                ]
            },
            "calendar[0].end",
            Reason.CONTRADICTION,
        ),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_plan_that_makes_no_sense_is_refused_with_its_field_and_reason(
    changes: dict[str, object], field: str, reason: Reason
) -> None:
    with pytest.raises(SchemaError) as refusal:
        decode(a_plan(**changes), Plan)

    assert (refusal.value.field, refusal.value.reason) == (field, reason)


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"colour": "red"}, "colour", Reason.UNKNOWN_FIELD),
        ({"budget_group_id": " "}, "budget_group_id", Reason.INVALID_NAME),
        ({"timezone": "Nowhere"}, "timezone", Reason.UNKNOWN_TIMEZONE),
        ({"currency": "EU"}, "currency", Reason.UNKNOWN_CURRENCY),
        ({"min_budget": "1.001"}, "min_budget", Reason.TOO_MANY_DECIMALS),
        ({"max_budget": "-1"}, "max_budget", Reason.NEGATIVE),
        ({"min_budget": "2", "max_budget": "1"}, "max_budget", Reason.CONTRADICTION),
        ({"parent_group_id": "emea"}, "parent_group_id", Reason.CONTRADICTION),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_group_that_makes_no_sense_is_refused_with_its_field_and_reason(
    changes: dict[str, object], field: str, reason: Reason
) -> None:
    with pytest.raises(SchemaError) as refusal:
        decode(json.dumps({**GROUP, **changes}).encode(), Group)

    assert (refusal.value.field, refusal.value.reason) == (field, reason)
