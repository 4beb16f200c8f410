"""What is decided for the next hour, and when it is better not to."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest

from engine import in_force
from schemas import (
    Action,
    AuditEntry,
    AuditStatus,
    Budget,
    Condition,
    ConditionKind,
    Entity,
    HoldReason,
    Kind,
    Mode,
    Recommendation,
    Record,
    Scope,
    canonical_bytes,
    decode,
    digest,
    encode,
    topics,
)
from schemas.fields import Autonomy, BudgetPeriod, Status
from schemas.guardrails import Guardrails
from schemas.plan import Actuator, Days, Rollover, Strategy
from tests.workers.optimizer.world import NAMES, World, an_event, hour


def after(*events: Any, **plan: Any) -> Recommendation:  # noqa: ANN401 -- fields of a record
    """Return the last decision once ``events`` were told under a plan."""
    world = World()
    world.plan(**plan)
    world.metrics(*events)
    return world.advice[-1]


def entry(after: str, at: float, **fields: Any) -> AuditEntry:  # noqa: ANN401 -- fields of a record
    given: dict[str, Any] = {
        **NAMES,
        "at": hour(at),
        "status": AuditStatus.SIMULATED,
        "mode": Mode.SIMULATE,
        "actor": "pacekeeper",
        "entity_id": "42",
        "field": "hourly_budget",
        "currency": "EUR",
        "after": Decimal(after),
    }
    return AuditEntry(**(given | fields))


def say(world: World, *entries: AuditEntry) -> None:
    world.feed(
        "audit",
        [world.stored(topics.AUDIT, encode(each), each.at, key=each.key) for each in entries],
    )


def test_the_first_hour_of_a_day_gets_its_even_part_of_what_is_left() -> None:
    # 240 less 4 spent, over the 23 hours that follow: 10.2608..., the first of them one cent more.
    advice = after(an_event(0))
    assert advice.recommended_value == Decimal("10.27")
    assert sum(advice.hour_plan) == Decimal("236.00")
    assert len(advice.hour_plan) == 23
    assert advice.hour == hour(1)
    assert advice.kind is Kind.PACING
    assert advice.auto_execute


def test_a_target_hour_that_is_reported_in_part_already_leaves_nobody_more_than_sure() -> None:
    world = World()
    world.plan()
    # Hour 1 is told of when it has just begun, and hour 0 after it.
    begun = an_event(1, emitted_at=hour(1) + timedelta(minutes=2))
    world.metrics(begun, an_event(0, emitted_at=hour(1) + timedelta(minutes=2)))
    assert [(each.hour, each.confidence) for each in world.advice] == [(hour(1), 1.0)]


def test_a_new_day_has_its_whole_budget() -> None:
    advice = after(*(an_event(i) for i in range(24)))
    assert advice.hour == hour(24)
    assert advice.hour_plan == (Decimal("10.00"),) * 24
    assert advice.pacing_index is None


def test_each_hour_is_decided_once_however_often_it_is_told() -> None:
    world = World()
    world.plan()
    world.metrics(an_event(0), an_event(0), an_event(0, clicks=51))
    world.metrics(an_event(1), an_event(0, clicks=52), an_event(1))
    assert [advice.hour for advice in world.advice] == [hour(1), hour(2)]
    assert world.advice[1].supersedes == world.advice[0].recommendation_id


def test_an_hour_told_while_it_runs_is_decided_when_it_is_over() -> None:
    world = World()
    world.plan()
    world.metrics(an_event(0, spend=Decimal(1), emitted_at=hour(0.5)))
    assert world.advice == []
    world.metrics(an_event(0, spend=Decimal(3), emitted_at=hour(1.1)))
    assert [advice.spend_to_date for advice in world.advice] == [Decimal("3.00")]


def test_reports_that_are_late_leave_room_for_what_is_in_flight() -> None:
    world = World()
    world.plan()
    say(world, entry("10", 0.5))
    world.metrics(an_event(1, emitted_at=hour(4.5)))
    advice = world.advice[-1]
    # Hours 2 and 3 are over and unreported, at 10 each; 240 - 4 - 20 over hours 4 to 23.
    assert advice.hour == hour(2)
    assert advice.valid_from == hour(4)
    assert sum(advice.hour_plan) == Decimal("216.00")
    assert advice.recommended_value == Decimal("10.80")


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        ({"status": Status.PAUSED}, HoldReason.PAUSED),
        ({"status": Status.ENDED}, HoldReason.ENDED),
        ({"flight_start": date(2026, 3, 3)}, HoldReason.FLIGHT_NOT_STARTED),
        ({"flight_end": date(2026, 3, 1)}, HoldReason.FLIGHT_OVER),
        (
            {"flight_gaps": (Days(first=date(2026, 3, 2), last=date(2026, 3, 2)),)},
            HoldReason.FLIGHT_GAP,
        ),
        ({"currency": "USD"}, HoldReason.CURRENCY_MISMATCH),
        ({"timezone": "Europe/Berlin"}, HoldReason.TIMEZONE_MISMATCH),
        ({"strategy": Strategy.DAYPARTING}, HoldReason.TOO_LITTLE_DATA),
        ({"budget": Budget(amount=Decimal(3), period=BudgetPeriod.DAY)}, HoldReason.BUDGET_GONE),
        ({"min_hourly_budget": Decimal("10.01")}, HoldReason.INFEASIBLE_MINIMUM),
    ],
)
def test_a_campaign_is_held_for_the_reason_that_applies(
    plan: dict[str, Any], reason: HoldReason
) -> None:
    advice = after(an_event(0, account_timezone="UTC"), **plan)
    assert advice.kind is Kind.HOLD
    assert advice.hold_reason is reason
    assert advice.reasons[0].text
    assert not advice.auto_execute


def test_zones_with_other_names_and_the_same_clock_are_no_mismatch() -> None:
    advice = after(an_event(0, account_timezone="Etc/UTC"), timezone="UTC")
    assert advice.kind is Kind.PACING


def test_a_campaign_without_a_plan_is_held() -> None:
    world = World()
    world.metrics(an_event(0))
    assert world.advice[-1].hold_reason is HoldReason.NO_PLAN
    world.plan()
    world.metrics(an_event(1))
    assert world.advice[-1].kind is Kind.PACING
    world.feed("plans", [world.stored(topics.PLANS, None, hour(2))])
    world.metrics(an_event(2))
    assert world.advice[-1].hold_reason is HoldReason.NO_PLAN


def test_another_currency_is_held_and_never_added() -> None:
    world = World()
    world.plan()
    world.metrics(an_event(0), an_event(1, currency="USD"), an_event(2))
    kinds = [(advice.kind, advice.hold_reason) for advice in world.advice]
    assert kinds[1] == (Kind.HOLD, HoldReason.CURRENCY_MISMATCH)
    assert kinds[2] == (Kind.PACING, None)
    assert world.advice[2].spend_to_date == 8
    assert [letter.reason for letter in world.dead_letters] == ["currency_mismatch"]


def test_data_that_are_too_old_are_held() -> None:
    advice = after(an_event(0, emitted_at=hour(7.5)))
    assert advice.hold_reason is HoldReason.STALE_DATA


def test_a_silence_is_held_once_and_ends_with_the_next_event() -> None:
    world = World()
    world.plan()
    world.metrics(an_event(0))
    for minutes in (360, 425, 430, 600):
        world.tick(hour(minutes / 60))
    assert [advice.hold_reason for advice in world.advice[1:]] == [HoldReason.STALE_DATA]
    assert world.advice[1].hour == hour(7)
    world.metrics(*(an_event(number) for number in range(1, 8)))
    assert world.advice[-1].kind is Kind.PACING
    for minutes in (900, 1_000):
        world.tick(hour(minutes / 60))
    assert [advice.hour for advice in world.advice if advice.hold_reason] == [hour(7), hour(15)]


def test_the_first_decision_after_a_silence_supersedes_its_hold() -> None:
    world = World()
    world.plan()
    world.metrics(an_event(0))
    world.tick(hour(8))
    world.metrics(an_event(8))
    hold, back = world.advice[1:]
    assert hold.supersedes == world.advice[0].recommendation_id
    assert back.supersedes == hold.recommendation_id


def a_freeze(**fields: Any) -> Condition:  # noqa: ANN401 -- fields of a record
    given: dict[str, Any] = {
        "kind": ConditionKind.FREEZE,
        "scope": Scope.ALL,
        "version": 1,
        "active": True,
    }
    return Condition(**(given | {"since": hour(0), "by": "ada"} | fields))


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        (a_freeze(), HoldReason.FROZEN),
        (a_freeze(scope=Scope.PLATFORM, platform="google"), HoldReason.FROZEN),
        (a_freeze(scope=Scope.CAMPAIGN, **NAMES), HoldReason.FROZEN),
        (a_freeze(kind=ConditionKind.OUTAGE), HoldReason.SUSPECTED_OUTAGE),
        (a_freeze(active=False), None),
        (a_freeze(until=hour(1)), None),
        (a_freeze(since=hour(2)), None),
        (a_freeze(scope=Scope.PLATFORM, platform="meta"), None),
    ],
)
def test_conditions_hold_where_and_while_they_apply(
    condition: Condition, reason: HoldReason | None
) -> None:
    world = World()
    world.plan()
    name = world.policy.topic(topics.CONDITIONS)
    world.broadcasts[name] = {condition.key: encode(condition)}
    world.metrics(an_event(0))
    assert world.advice[-1].hold_reason is reason


def test_a_prior_that_cannot_be_read_teaches_nothing_and_stops_nothing() -> None:
    world, without = World(), World()
    world.broadcasts[world.policy.topic(topics.PRIORS)] = {b"*": b"?", b"google": b"{}"}
    for each in (world, without):
        each.plan(strategy="dayparting", dayparting=((1.0,) * 24,) * 7)
        each.metrics(an_event(0))
    assert world.advice == without.advice
    assert world.counts["ignored", "pacekeeper.priors.v1", "unreadable"] == 2


def test_a_freeze_that_cannot_be_read_holds() -> None:
    world = World()
    world.plan()
    world.broadcasts[world.policy.topic(topics.CONDITIONS)] = {b"*#freeze": b"?"}
    world.metrics(an_event(0))
    assert world.advice[-1].hold_reason is HoldReason.FROZEN
    assert world.counts["ignored", "pacekeeper.conditions.v1", "unreadable"] == 1


def test_what_is_in_force_is_withdrawn_when_the_budget_is_gone() -> None:
    world = World()
    world.plan(guardrails=Guardrails(max_change_pct=10.0, cooldown_minutes=600))
    say(world, entry("10", 0.9))
    world.metrics(an_event(0, spend=Decimal(250)))
    advice, action = world.advice[-1], world.actions[-1]
    assert advice.recommended_value == 0
    assert advice.kind is Kind.PACING
    assert advice.priority == "critical"
    assert action.expected == 10
    assert action.target == 0
    say(world, entry("0", 1.2))
    world.metrics(an_event(1, spend=Decimal(0)))
    assert world.advice[-1].hold_reason is HoldReason.BUDGET_GONE


def guarded(value: str, rails: Guardrails, *, at: float = 0.5, **plan: Any) -> World:  # noqa: ANN401
    world = World()
    world.plan(guardrails=rails, **plan)
    say(world, entry(value, at))
    world.metrics(an_event(0))
    return world


def statuses(world: World) -> dict[str, str]:
    return {check.name: check.status for check in world.advice[-1].guardrails}


def test_a_change_is_clamped_and_the_rest_of_the_day_takes_up_the_difference() -> None:
    world = guarded("5", Guardrails(max_change_pct=20.0))
    advice = world.advice[-1]
    assert advice.recommended_value == Decimal("6.00")
    assert advice.hour_plan[0] == Decimal("6.00")
    assert sum(advice.hour_plan) == Decimal("236.00")
    assert statuses(world)["max_change_pct"] == "clamped"
    assert world.actions[-1].target == 6


def test_a_change_within_the_cooldown_is_blocked() -> None:
    world = guarded("5", Guardrails(max_change_pct=500.0, cooldown_minutes=60))
    assert statuses(world)["cooldown_minutes"] == "blocked"
    assert world.actions == []


def test_the_number_of_changes_of_a_local_day_is_kept() -> None:
    world = guarded("5", Guardrails(max_change_pct=500.0, max_changes_per_day=1))
    assert statuses(world)["max_changes_per_day"] == "blocked"
    yesterday = guarded("5", Guardrails(max_change_pct=500.0, max_changes_per_day=1), at=-0.5)
    assert yesterday.actions


@pytest.mark.parametrize(
    ("plan", "blocked"),
    [
        ({"protected": True}, "protected"),
        ({"actuator": Actuator.BID}, "actuator"),
        ({"min_confidence": 1.0}, None),
        ({"autonomy": Autonomy.PROPOSE}, None),
        ({"autonomy": Autonomy.OBSERVE}, None),
    ],
)
def test_only_what_policy_lets_go_becomes_an_action(
    plan: dict[str, Any], blocked: str | None
) -> None:
    world = guarded("5", Guardrails(max_change_pct=500.0), **plan)
    held = {name for name, status in statuses(world).items() if status == "blocked"}
    assert held == ({blocked} if blocked else set())
    assert bool(world.actions) == (plan == {"min_confidence": 1.0})


def test_counts_that_contradict_each_other_need_a_person() -> None:
    world = World()
    world.plan()
    world.metrics(an_event(0, clicks=2_000))
    assert statuses(world)["consistent_counts"] == "blocked"
    assert world.advice[-1].confidence == 0.5
    assert world.counts["suspects", "clicks_above_impressions"] == 1


def test_a_value_that_is_in_force_already_is_not_set_again() -> None:
    world = guarded("10.27", Guardrails(max_change_pct=100.0))
    assert world.advice[-1].change == 0
    assert world.actions == []


def test_the_hourly_limits_of_the_plan_hold() -> None:
    advice = after(an_event(0), max_hourly_budget=Decimal(8))
    assert set(advice.hour_plan) == {Decimal("8.00")}
    assert advice.hourly_cap == 8
    assert advice.reasons[-1].code == "maximum_binds"
    assert advice.reasons[-1].evidence == {"unspent": "52.00"}
    low = after(an_event(0, spend=Decimal(239)), min_hourly_budget=Decimal(1))
    assert sum(low.hour_plan) == 1
    assert low.reasons[-1].code == "minimum_unmet"


def test_minimums_that_no_split_can_keep_are_refused_and_those_that_spend_overtook_are_told() -> (
    None
):
    a_week = Budget(amount=Decimal(700), period=BudgetPeriod.WEEK)
    refused = after(an_event(0), budget=a_week, min_daily_budget=Decimal("100.01"))
    assert refused.hold_reason is HoldReason.INFEASIBLE_MINIMUM
    assert refused.reasons[0].evidence == {"needed": "700.07", "available": "700.00"}
    # 600 of 700 were spent by Monday morning: 100 a day cannot be kept until Sunday.
    late = after(an_event(0, spend=Decimal(600)), budget=a_week, min_daily_budget=Decimal(100))
    assert late.hold_reason is None
    assert late.reasons[-1].code == "daily_minimum_unmet"
    assert late.reasons[-1].evidence == {"left": "100.00", "needed": "700.00"}


def test_hours_that_a_plan_switches_off_get_nothing() -> None:
    off = tuple(tuple(float(8 <= h < 20) for h in range(24)) for _ in range(7))
    advice = after(an_event(0), dayparting=off)
    assert advice.recommended_value == 0
    assert [amount > 0 for amount in advice.hour_plan] == [8 <= h < 20 for h in range(1, 24)]
    assert sum(advice.hour_plan) == Decimal("236.00")


@pytest.mark.parametrize(
    ("plan", "today"),
    [
        # 700 a week less 4, over 167 of its 168 hours, 23 of them today: 95.86 rounded down.
        ({"budget": Budget(amount=Decimal(700), period=BudgetPeriod.WEEK)}, "95.85"),
        # March has 31 days from the 2nd: 30 are left with 719 hours: 3,099 * 23 / 719.
        ({"budget": Budget(amount=Decimal(3103), period=BudgetPeriod.MONTH)}, "99.13"),
        (
            {
                "budget": Budget(amount=Decimal(100), period=BudgetPeriod.FLIGHT),
                "flight_start": date(2026, 3, 2),
                "flight_end": date(2026, 3, 3),
            },
            # 96 over the 47 hours left, 23 of them today: 46.978..., down.
            "46.97",
        ),
        ({"daily_cap": Decimal(50)}, "46.00"),
        (
            {
                "budget": Budget(amount=Decimal(700), period=BudgetPeriod.WEEK),
                "min_daily_budget": Decimal(100),
            },
            "96.00",
        ),
    ],
)
def test_today_gets_its_part_of_the_period(plan: dict[str, Any], today: str) -> None:
    assert sum(after(an_event(0), **plan).hour_plan) == Decimal(today)


@pytest.mark.parametrize(
    ("rollover", "today"),
    [(Rollover.NONE, 240), (Rollover.FULL, 384), (Rollover.CAPPED, 300)],
)
def test_what_a_day_leaves_over_goes_to_the_next_as_the_plan_says(
    rollover: Rollover, today: int
) -> None:
    advice = after(
        *(an_event(number) for number in range(24)), rollover=rollover, rollover_cap=Decimal(60)
    )
    assert sum(advice.hour_plan) == today


@pytest.mark.parametrize(
    ("currency", "value"), [("JPY", "10"), ("EUR", "10.00"), ("BHD", "10.000")]
)
def test_amounts_have_the_decimals_of_their_currency(currency: str, value: str) -> None:
    events = (an_event(number, currency=currency) for number in range(24))
    advice = after(*events, currency=currency)
    assert str(advice.recommended_value) == value


def test_published_bytes_are_those_of_the_record_and_its_id_is_that_of_its_content() -> None:
    world = guarded("5", Guardrails(max_change_pct=20.0), max_hourly_budget=Decimal(8))
    world.metrics(an_event(1, spend=Decimal(300)), an_event(2, currency="USD"))
    checked = 0
    for output in world.outputs:
        kinds: dict[str, tuple[type[Record], str]] = {
            world.policy.topic(topics.RECOMMENDATIONS): (Recommendation, "recommendation_id"),
            world.policy.topic(topics.ACTIONS): (Action, "action_id"),
        }
        kind, name = kinds[output.topic]
        record: Record = decode(output.value or b"", kind)
        assert orjson.loads(encode(record)) == orjson.loads(output.value or b"")
        content = orjson.loads(canonical_bytes(record))
        identity = content.pop(name)
        assert digest(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)) == identity
        checked += 1
    assert checked >= 4


def test_a_decision_names_what_it_was_made_from() -> None:
    world = guarded("5", Guardrails(max_change_pct=20.0))
    advice = world.advice[-1]
    assert advice.inputs == {
        world.policy.topic(topic): 0 for topic in (topics.METRICS, topics.PLANS, topics.AUDIT)
    }
    assert (advice.plan_version, advice.model_version) == (1, world.policy.model_version)
    assert advice.state_digest


def test_only_what_is_in_force_on_the_campaign_is_taken_from_the_audit_trail() -> None:
    world = World()
    say(
        world,
        entry("9", 1, field="bid"),
        entry("8", 2, entity=Entity.AD_SET),
        entry("7", 3, status=AuditStatus.DRIFT),
    )
    row = in_force.unpack(list(world.tables["audit"].values()))
    assert row["value"].tolist() == [[7, 0]]
    assert not row["changed"].any()


def test_a_week_whose_clock_changes_spends_its_budget_to_the_cent_when_obeyed() -> None:
    world = World()
    world.plan(
        budget=Budget(amount=Decimal(1_000), period=BudgetPeriod.WEEK), timezone="Europe/Berlin"
    )
    first = 21 * 24 - 1  # Monday 23 March, midnight in Berlin; the week has 167 hours
    value = Decimal("5.00")
    for number in range(first, first + 167):
        world.metrics(an_event(number, spend=value))
        value = world.advice[-1].recommended_value or Decimal(0)
    last, following = world.advice[-2:]
    assert last.hour_plan == (last.recommended_value,)
    assert (last.spend_to_date or 0) + (last.recommended_value or 0) == 1_000
    assert following.spend_to_date == 0
    assert len(following.hour_plan) == 24
