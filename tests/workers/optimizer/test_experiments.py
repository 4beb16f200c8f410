"""Under an experiment a campaign's day goes by the policy of its side, and by its own plan else."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.experiments import coin
from schemas import (
    Arm,
    Experiment,
    Guardrails,
    Halves,
    Overrides,
    Recommendation,
    Strategy,
    decode,
    encode,
    topics,
)
from tests.workers.optimizer.test_daily_budgets import daily
from tests.workers.optimizer.test_decisions import say
from tests.workers.optimizer.world import KEY, World, a_plan, an_event, hour
from workers.optimizer.experiments import overridden, tighter

DAYS = 6
NAME = KEY.decode()


def an_experiment(**fields: Any) -> Experiment:  # noqa: ANN401 -- fields of a record
    given: dict[str, Any] = {
        "experiment_id": "loading",
        "version": 1,
        "campaigns": () if "pairs" in fields or "platform" in fields else (NAME,),
        "treatment": Overrides(strategy=Strategy.FRONT_LOADING),
        "start": date(2026, 3, 3),
        "by": "ada",
    }
    return Experiment(**(given | fields))


def told(world: World, *experiments: Experiment) -> World:
    name = world.policy.topic(topics.EXPERIMENTS)
    world.broadcasts[name] = {each.key: encode(each) for each in experiments}
    return world


def lived(world: World, days: int = DAYS, **plan: Any) -> list[Recommendation]:  # noqa: ANN401 -- fields of a record
    world.plan(**plan)
    for number in range(24 * days):
        world.metrics(an_event(number))
    return world.advice


def side(advice: Recommendation) -> str | None:
    found = [each.evidence for each in advice.reasons if each.code == "experiment"]
    return str(found[0]["arm"]) if found else None


def what_was_decided(advice: Recommendation) -> tuple[object, ...]:
    return advice.hour, advice.recommended_value, advice.hour_plan


def day_of(advice: Recommendation) -> int:
    return (advice.valid_from - hour(0)).days


def test_a_day_of_a_side_is_decided_as_if_the_plan_said_what_the_side_sets() -> None:
    under = lived(told(World(), an_experiment()))
    ways = {Arm.CONTROL: lived(World()), Arm.TREATMENT: lived(World(), strategy="front_loading")}
    turns = [coin("loading", KEY, pair) ^ second for pair in range(3) for second in (False, True)]
    seen = set()

    for number, advice in enumerate(under):
        day = day_of(advice) - 1
        arm = Arm.TREATMENT if day >= 0 and turns[day] else Arm.CONTROL
        assert side(advice) == (arm.value if day >= 0 else None)
        assert what_was_decided(advice) == what_was_decided(ways[arm][number])
        seen.add(arm)
    assert seen == {*Arm}
    assert [*map(what_was_decided, ways[Arm.CONTROL])] != [
        *map(what_was_decided, ways[Arm.TREATMENT])
    ]


def test_the_local_day_of_the_hour_that_is_decided_is_the_one_that_counts() -> None:
    advice = lived(
        told(World(), an_experiment(platform="google", account_id="7")), timezone="Asia/Kathmandu"
    )
    begins = next(each for each in advice if side(each) is not None)

    # Midnight of the 3rd in Kathmandu is 18:15 of the 2nd in UTC.
    assert begins.valid_from == hour(19)


def test_of_halves_each_campaign_keeps_its_side() -> None:
    def sides(**pair: str) -> set[str | None]:
        halves = an_experiment(design="halves", pairs=(Halves(**pair),))
        return {side(each) for each in lived(told(World(), halves))[24:]}

    assert sides(control="google:7:41", treatment=NAME) == {"treatment"}
    assert sides(treatment="google:7:41", control=NAME) == {"control"}


def test_what_is_decided_from_the_moment_of_the_stop_on_goes_by_the_plan_again() -> None:
    stop = an_experiment(version=2, status="stopped", stopped_at=hour(24 * 3 + 7))
    advice = lived(told(World(), stop))
    before = [each for each in advice if each.decided_at < hour(24 * 3 + 7)]

    assert [side(each) for each in advice[len(before) :]] == [None] * (len(advice) - len(before))
    assert [what_was_decided(each) for each in before] == [
        what_was_decided(each) for each in lived(told(World(), an_experiment()))[: len(before)]
    ]


def test_an_experiment_ends_with_its_last_day_and_the_first_that_began_has_the_day() -> None:
    first = an_experiment(experiment_id="b", end=date(2026, 3, 4))
    later = an_experiment(experiment_id="a", start=date(2026, 3, 4))
    same = an_experiment(experiment_id="c")
    advice = lived(told(World(), later, same, first))
    names = {day_of(each): each.reasons[-1].evidence["experiment"] for each in advice if side(each)}

    assert names == {1: "b", 2: "b", 3: "c", 4: "c", 5: "c", 6: "c"}


def test_a_daily_budget_that_was_set_on_a_campaign_of_a_group_holds_on_days_of_either_side() -> (
    None
):
    world = told(World(), an_experiment())
    world.plan(budget_group_id="spring")
    say(world, daily("300"))
    world.metrics(*(an_event(number) for number in range(24 * 3)))

    assert {side(each) for each in world.advice} == {None, "control", "treatment"}
    assert {each.period_budget for each in world.advice} == {Decimal(300)}


def test_other_campaigns_and_records_that_cannot_be_read_change_nothing() -> None:
    other = an_experiment(campaigns=("google:7:4",))
    longer = an_experiment(experiment_id="x", platform="google", account_id="77")
    world = told(World(), other, longer)
    world.broadcasts[world.policy.topic(topics.EXPERIMENTS)][b"odd"] = b'{"experiment_id":"odd"'
    assert what_was_decided(lived(world)[-1]) == what_was_decided(lived(World())[-1])
    assert {side(each) for each in world.advice} == {None}
    assert world.counts["ignored", world.policy.topic(topics.EXPERIMENTS), "unreadable"] > 0


def test_a_campaign_without_a_plan_takes_part_in_nothing() -> None:
    world = told(World(), an_experiment())
    world.metrics(*(an_event(number) for number in range(48)))

    assert {each.hold_reason for each in world.advice} == {"no_plan"}
    assert {side(each) for each in world.advice} == {None}


@pytest.mark.parametrize("field", ["target_cpa", "target_roas"])
def test_a_target_takes_the_place_of_the_plans_of_either_kind(field: str) -> None:
    plan = a_plan(**{"target_roas" if field == "target_cpa" else "target_cpa": 5})
    after = overridden(plan, decode(b'{"%s":3}' % field.encode(), Overrides))

    assert {each: getattr(after, each) for each in ("target_cpa", "target_roas")} == {
        "target_cpa": None,
        "target_roas": None,
        field: 3,
    }


def test_money_autonomy_and_flights_of_a_plan_stay_whatever_a_side_sets() -> None:
    plan = a_plan(daily_cap=Decimal(300), guardrails=Guardrails(max_change_pct=10.0))
    set_by_side = Overrides(
        strategy=Strategy.ADAPTIVE,
        target_roas=2.0,
        learning_share=0.1,
        reallocate_within_day=True,
        guardrails=Guardrails(max_change_pct=900.0),
    )
    after = overridden(plan, set_by_side)
    changed = {
        name for name in plan.__struct_fields__ if getattr(plan, name) != getattr(after, name)
    }

    assert changed == {"strategy", "target_roas", "learning_share", "reallocate_within_day"}


rails = st.builds(
    Guardrails,
    max_change_pct=st.sampled_from((5.0, 100.0)),
    cooldown_minutes=st.integers(0, 90),
    max_changes_per_day=st.integers(0, 30),
    max_multiplier_step=st.none() | st.sampled_from((1.1, 2.0)),
    max_spend_step_pct=st.none() | st.sampled_from((5.0, 100.0)),
)


@given(own=rails, other=rails)
def test_guard_rails_of_a_side_never_let_more_happen(own: Guardrails, other: Guardrails) -> None:
    after = tighter(own, other)
    for each in (own, other):
        assert after.max_change_pct <= each.max_change_pct
        assert after.cooldown_minutes >= each.cooldown_minutes
        assert after.max_changes_per_day <= each.max_changes_per_day
        for name in ("max_multiplier_step", "max_spend_step_pct"):
            limit = getattr(each, name)
            assert limit is None or getattr(after, name) <= limit
    assert tighter(own, own) == own
