"""Laws of live mode: intent before anything is sent, one outcome, and what was left in force."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from schemas import topics
from schemas.action import Action, Release
from schemas.audit import Mode
from schemas.fields import Autonomy, Entity
from schemas.guardrails import Guardrails
from schemas.plan import Actuator, AdSet, Bid, Plan
from schemas.recommendation import GuardrailCheck, GuardrailStatus
from tests.workers.executor.world import (
    KEY,
    World,
    a_plan,
    a_recommendation,
    an_action,
    an_id,
    at,
    roll_back,
)
from workers.connectors.protocol import Lever
from workers.connectors.settings import AccountMode
from workers.delivery.api import store
from workers.executor.live.order import Order
from workers.executor.live.outcome import Outcome, Result
from workers.executor.platforms import KnownPlatforms, PlatformTerms
from workers.executor.policy import ExecutorPolicy
from workers.executor.program import agents, journal
from workers.executor.progress import orders_in
from workers.executor.sending import changes_of, order_of
from workers.executor.settling import settled_step

GOOGLE = {
    (Entity.CAMPAIGN, Lever.DAILY_BUDGET),
    (Entity.CAMPAIGN, Lever.TARGET_CPA),
    (Entity.CAMPAIGN, Lever.TARGET_ROAS),
    (Entity.AD_SET, Lever.BID),
}
AD_SETS = (
    AdSet(ad_set_id="a", bid=Bid(base=Decimal("1.00"), max=Decimal("1.40"))),
    AdSet(ad_set_id="b", bid=Bid(base=Decimal("2.00"))),
    AdSet(ad_set_id="c", bid=Bid(base=Decimal("3.00")), protected=True),
)


class Live(World):
    """A partition in live mode; platforms answer by `answer`."""

    campaign = KEY

    def __init__(self, plan: Plan | None = None, mode: AccountMode = AccountMode.LIVE) -> None:
        terms = PlatformTerms(accounts={"7": mode}, levers=GOOGLE)
        platforms = KnownPlatforms(terms={"google": terms})
        super().__init__(planned=False, policy=ExecutorPolicy(mode=Mode.LIVE, platforms=platforms))
        self.publish(topics.PLANS, plan or a_plan(Autonomy.AUTO), 0)
        self.settle(["plans"])

    def act(self, *actions: Action, minutes: float = 0) -> Live:
        for action in actions:
            self.publish(topics.ACTIONS, action, minutes)
        self.settle()
        return self

    @property
    def is_busy(self) -> bool:
        return self.order is not None

    @property
    def order(self) -> Order | None:
        """What a courier has to carry out now."""
        ((_, orders),) = tuple(orders_in(self.tables["actions"])) or ((None, None),)
        return order_of(orders.under_way) if orders and orders.under_way else None

    def answer(
        self, result: Result = Result.APPLIED, *, minutes: float = 1, **more: object
    ) -> Live:
        """Let the platform say how the order under way has ended."""
        order = self.order
        assert order is not None
        made = result in (Result.APPLIED, Result.CONFIRMED)
        fields: dict[str, Any] = {
            "action_id": order.action_id,
            "result": result,
            "at": at(0).timestamp() + minutes * 60,
            "reason": result.value,
            "text": f"it is {result}",
            "before": order.expected if order.expected is not None else Decimal(50),
            "after": order.change.target if made else None,
            "may_have_changed": made,
        }
        return self.tell(Outcome(**fields | more))

    def tell(self, outcome: Outcome) -> Live:
        step = settled_step(self.policy, self, self.campaign, outcome)
        self.head, sealed = journal(self.policy).seal(self.head, step.outputs)
        for output in sealed:
            self.append(output)
        store(self.tables["actions"], step.writes)
        return self


def budget(name: str, expected: str, target: str, **changes: object) -> Action:
    return an_action(name, expected, target, field="daily_budget", **changes)


def multiplier(name: str, expected: str | None, target: str, **changes: object) -> Action:
    fields = {"field": "bid_multiplier", "unit": "multiplier", "hourly_cap": Decimal(9)}
    return an_action(name, expected, target, **fields | changes)


def test_the_intent_is_in_the_trail_before_a_courier_can_see_the_order() -> None:
    world = Live().act(budget("first", "100", "120"))

    assert world.said() == [("intent", "to_be_sent")]
    assert world.audit[0].mode == "live"
    assert "daily_budget of campaign 42" in world.audit[0].detail
    assert world.order is not None
    assert world.order.change.target == 120
    assert world.order.expected is None, "nobody has read the platform yet"


def test_what_was_applied_is_in_force_with_all_that_the_platform_said() -> None:
    world = Live().act(budget("first", "100", "120"))
    world.answer(before=Decimal(99), sent="12000", attempts=2, request_id="r-1")
    entry = world.audit[-1]

    assert [status for status, _ in world.said()] == ["intent", "applied"]
    assert [entry.target, entry.after, entry.sent] == [120, 120, 12000]
    assert (entry.attempt, entry.request_id) == (2, "r-1")
    assert not world.is_busy
    world.act(budget("second", "120", "130"), minutes=2)
    assert world.order is not None
    assert world.order.expected == 120, "what was set last is what has to be found"


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (Result.CONFIRMED, "confirmed"),
        (Result.NO_OP, "no_op"),
        (Result.REJECTED, "rejected"),
        (Result.EXPIRED, "expired"),
        (Result.FAILED, "failed"),
        (Result.FROZEN, "rejected"),
        (Result.AUTH_FAILED, "failed"),
        (Result.UNVERIFIED, "unverified"),
        (Result.DRIFT, "drift"),
    ],
)
def test_every_end_is_one_entry_and_lets_the_next_action_go(result: Result, status: str) -> None:
    world = Live().act(budget("first", "100", "120"), budget("person", "100", "130", **PERSON))
    assert len(world.audit) == 1, "the second one waits"
    world.answer(result, before=Decimal(100))

    said = [status for status, _ in world.said()]
    assert said[:2] == ["intent", status]
    assert len(said) == 3
    assert [entry.action_id for entry in world.audit[:2]] == [an_id("first")] * 2


PERSON = {"released_by": Release.PERSON, "actor": "ada"}


def test_an_outcome_that_is_told_twice_counts_once() -> None:
    world = Live().act(budget("first", "100", "120"))
    order = world.order
    assert order is not None
    world.answer()
    world.tell(
        Outcome(action_id=order.action_id, result=Result.FAILED, at=0.0, reason="x", text="")
    )

    assert [status for status, _ in world.said()] == ["intent", "applied"]


def test_a_repeat_of_what_is_under_way_or_waits_or_has_ended_is_no_second_order() -> None:
    first, second = budget("first", "100", "120"), budget("second", "120", "130")
    world = Live().act(first, second, first, second)
    world.answer().act(first, second, minutes=2)
    world.answer(minutes=3)

    assert [status for status, _ in world.said()] == ["intent", "applied", "intent", "applied"]
    world.act(first, second, minutes=4)
    assert world.order is None


def test_an_account_that_is_not_named_is_refused() -> None:
    terms = {"google": PlatformTerms(accounts={"8": AccountMode.LIVE}, levers=GOOGLE)}
    world = Live()
    world.policy = replace(world.policy, platforms=KnownPlatforms(terms=terms))
    world.agents = {agent.name: agent for agent in agents(world.policy)}
    world.act(budget("first", "100", "120"))

    assert world.said() == [("rejected", "unknown_account")]
    assert "executor.platforms" in world.audit[0].detail


def test_an_account_in_shadow_is_told_of_and_not_changed() -> None:
    world = Live(mode=AccountMode.SHADOW).act(budget("first", "100", "120"))
    assert world.said() == []
    assert world.order is not None
    assert world.order.shadow
    world.answer(Result.SHADOW, before=Decimal(99))

    assert world.said() == [("shadow", "shadow")]
    assert world.audit[-1].after is None
    world.act(budget("second", "100", "130"), minutes=2)
    assert world.order is not None, "what was only shown is not in force"


def test_what_somebody_else_has_set_is_left_alone_for_a_day_except_by_people() -> None:
    world = Live().act(budget("first", "100", "120")).answer(Result.DRIFT, after=Decimal(77))
    world.act(budget("by policy", "77", "90"), minutes=2)
    world.act(budget("by a person", "77", "90", **PERSON), minutes=3)

    assert world.said()[2:] == [("rejected", "edited_by_others"), ("intent", "to_be_sent")]
    assert world.order is not None
    assert world.order.expected == 77


def test_a_multiplier_is_set_on_each_ad_set_that_is_not_protected_within_its_bounds() -> None:
    world = Live(a_plan(Autonomy.AUTO, ad_sets=AD_SETS)).act(multiplier("up", None, "1.5"))
    orders = []
    while (order := world.order) is not None:
        orders.append(order)
        world.answer()

    assert {order.change.ref.entity_id: order.change.target for order in orders} == {
        "a": Decimal("1.40"),
        "b": Decimal("3.00"),
    }
    assert [(entry.status.value, entry.field, entry.entity_id) for entry in world.audit] == [
        ("intent", "bid_multiplier", "42"),
        ("applied", "platform_bid", "a"),
        ("applied", "platform_bid", "b"),
        ("applied", "bid_multiplier", "42"),
    ]
    assert world.audit[-1].after == Decimal("1.5")


def test_where_one_of_several_fails_those_before_it_are_put_back() -> None:
    world = Live(a_plan(Autonomy.AUTO, ad_sets=AD_SETS)).act(multiplier("up", None, "1.2"))
    world.answer(before=Decimal("1.10")).answer(Result.REJECTED)
    back = world.order

    assert back is not None
    assert (back.change.ref.entity_id, back.change.target) == ("a", Decimal("1.10"))
    world.answer()
    assert world.said()[-1] == ("failed", "put_back")
    assert world.audit[-1].after is None
    assert world.order is None


def test_what_cannot_be_put_back_is_told_as_not_known() -> None:
    world = Live(a_plan(Autonomy.AUTO, ad_sets=AD_SETS)).act(multiplier("up", None, "1.2"))
    world.answer(before=Decimal("1.10")).answer(Result.REJECTED).answer(Result.FAILED)

    assert world.said()[-1] == ("unverified", "partly_made")
    assert "bid of ad_set a" in world.audit[-1].detail


def test_what_is_lowered_goes_before_what_is_raised() -> None:
    plan = a_plan(Autonomy.AUTO, ad_sets=AD_SETS[:2])
    world = Live(plan).act(multiplier("first", None, "1"))
    world.answer().answer()
    own = an_action("own", None, "0.5", field="bid", entity=Entity.AD_SET, entity_id="a")
    world.act(own, minutes=2).answer(minutes=2)
    # From now on a bids 0.50 and b 2.00 by themselves; a person lowers b alone at the platform.
    world.act(multiplier("second", "1", "0.9"), minutes=3)
    first = world.order

    assert first is not None
    assert first.change.target < (first.expected or 0)


@pytest.mark.parametrize(
    ("actuator", "told", "lever", "value"),
    [
        (Actuator.TARGET_CPA, {"target_cpa": Decimal(20)}, Lever.TARGET_CPA, Decimal(25)),
        (Actuator.TARGET_ROAS, {"target_roas": 4.0}, Lever.TARGET_ROAS, Decimal("3.2")),
    ],
)
def test_a_multiplier_moves_the_target_that_the_platform_bids_towards(
    actuator: Actuator, told: dict[str, object], lever: Lever, value: Decimal
) -> None:
    plan = a_plan(Autonomy.AUTO, actuator=actuator, **told)
    world = Live(plan).act(multiplier("up", None, "1.25"))

    assert world.order is not None
    assert (world.order.change.ref.lever, world.order.change.target) == (lever, value)


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        ({}, "ad_sets_missing"),
        ({"ad_sets": (AdSet(ad_set_id="a"),)}, "bid_unknown"),
        ({"actuator": Actuator.TARGET_CPA}, "target_missing"),
    ],
)
def test_what_the_plan_lacks_is_said_and_nothing_is_sent(
    plan: dict[str, object], reason: str
) -> None:
    world = Live(a_plan(Autonomy.AUTO, **plan)).act(multiplier("up", None, "1.25"))

    assert world.said() == [("rejected", reason)]
    assert "plan" in world.audit[0].detail


def test_an_hours_budget_is_the_days_budget_on_the_platform_and_never_above_half_of_the_cap() -> (
    None
):
    plan = a_plan(Autonomy.AUTO, actuator=Actuator.BUDGET, daily_cap=Decimal(120))
    world = Live(plan).act(an_action("hour", None, "5", day_budget=Decimal("41.50")))

    assert world.order is not None
    assert world.order.change.target == Decimal("41.50")
    assert world.order.highest == 60, "Google may spend twice the budget of a day"
    without = Live(plan).act(an_action("hour", None, "5"))
    assert without.said() == [("rejected", "day_budget_missing")]


def test_an_hours_budget_that_stays_is_renewed_as_the_days_is_another_one() -> None:
    plan = a_plan(Autonomy.AUTO, actuator=Actuator.BUDGET)
    world = Live(plan).act(an_action("hour", None, "5", day_budget=Decimal("41.50"))).answer()
    same = {"current_value": Decimal(5), "day_budget": Decimal("46.50")}
    for _ in range(2):
        world.publish(topics.RECOMMENDATIONS, a_recommendation("again", "5", **same), 2)
    world.settle()

    assert world.order is not None
    assert world.order.change.target == Decimal("46.50")
    world.answer(minutes=3)
    assert [status for status, _ in world.said()][-2:] == ["applied", "applied"]
    other = a_recommendation("other", "6", **same)
    world.publish(topics.RECOMMENDATIONS, other, 4)
    world.settle()
    assert not world.is_busy, "what changes is released by whoever has decided it"
    waits = [entry for entry in world.audit if entry.status == "approval_required"]
    assert [entry.target for entry in waits] == [6], "what stays needs nobody's yes"


@pytest.mark.parametrize(
    ("autonomy", "status"),
    [
        (Autonomy.PROPOSE, GuardrailStatus.PASSED),
        (Autonomy.AUTO, GuardrailStatus.BLOCKED),
    ],
)
def test_an_hours_budget_that_policy_may_not_set_is_not_renewed_but_asked_for(
    autonomy: Autonomy, status: GuardrailStatus
) -> None:
    world = Live(a_plan(autonomy, actuator=Actuator.BUDGET))
    told: dict[str, Any] = {
        "current_value": Decimal(5),
        "day_budget": Decimal("46.50"),
        "guardrails": (GuardrailCheck(name="min_confidence", status=status),),
    }
    world.publish(topics.RECOMMENDATIONS, a_recommendation("again", "5", **told), 2)
    world.settle()

    assert world.order is None
    assert world.said() == [("approval_required", None)]


def test_a_roll_back_is_an_order_like_any_other_and_told_as_one() -> None:
    world = Live().act(budget("first", "100", "120")).answer(before=Decimal(80))
    world.publish(topics.DECISIONS, roll_back("first", minutes=2), 2)
    world.settle()
    assert world.order is not None
    assert world.order.change.target == 80, "what was found before, not what was believed"
    world.answer(minutes=3)

    assert world.said()[2:] == [("intent", "to_be_sent"), ("rolled_back", "applied")]


def test_budget_changes_are_kept_for_whoever_takes_over() -> None:
    world = Live().act(budget("first", "100", "120")).answer()
    ((campaign, orders),) = orders_in(world.tables["actions"])
    ((order, when),) = changes_of(campaign, orders)

    assert when == at(1).timestamp()
    assert order.target.entity_id == "42"
    assert order.target.account == ("google", "7")


def rails(**limits: object) -> Live:
    """Return a partition whose plan limits how fast changes come, with one made at 12:01."""
    plan = a_plan(Autonomy.AUTO, guardrails=Guardrails(**limits))  # type: ignore[arg-type]
    return Live(plan).act(budget("first", "100", "120")).answer()


def test_policy_keeps_the_plans_pause_between_changes_and_people_need_not() -> None:
    world = rails(cooldown_minutes=30)
    world.act(budget("soon", "120", "130"), minutes=30)
    assert world.said()[-1] == ("rejected", "cooldown")
    world.act(budget("person", "120", "130", **PERSON), minutes=30).answer(minutes=30)
    # What a person has changed is no change of policy's: its pause is over.
    world.act(budget("later", "130", "140", expires_at=at(600)), minutes=31)

    assert world.said()[-1] == ("intent", "to_be_sent")


def test_what_was_stamped_before_the_last_answer_is_in_no_pause_that_nobody_asked_for() -> None:
    world = rails().act(budget("stamped before", "120", "130"), minutes=0)

    assert world.said()[-1] == ("intent", "to_be_sent")


def test_policy_makes_no_more_changes_a_local_day_than_the_plan_allows() -> None:
    world = rails(max_changes_per_day=1)
    world.act(budget("second", "120", "130", expires_at=at(3000)), minutes=60)
    assert world.said()[-1] == ("rejected", "too_many_changes")
    # It is 13:00 in Berlin when it is 12:00 in UTC: the next day begins after eleven hours.
    late = {"released_at": at(660), "valid_from": at(660), "expires_at": at(3000)}
    world.act(budget("next day", "120", "130", **late), minutes=661)

    assert world.said()[-1] == ("intent", "to_be_sent")


def test_a_change_that_is_larger_than_the_plan_allows_is_known_to_whoever_reads_the_platform() -> (
    None
):
    world = Live(a_plan(Autonomy.AUTO, guardrails=Guardrails(max_change_pct=20.0)))
    world.act(budget("up", "100", "130"))
    assert world.order is not None
    assert world.order.max_change_pct == 20.0
    by_person = Live(a_plan(Autonomy.AUTO, guardrails=Guardrails(max_change_pct=20.0)))
    by_person.act(budget("up", "100", "130", **PERSON))
    assert by_person.order is not None
    assert by_person.order.max_change_pct is None
