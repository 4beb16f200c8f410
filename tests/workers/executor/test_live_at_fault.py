"""Laws of live mode where platforms say odd things, or say them of a part only."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from schemas import Return, topics
from schemas.decision import Verb
from schemas.fields import Autonomy, Entity
from schemas.guardrails import Guardrails
from schemas.plan import AdSet, Bid
from tests.workers.executor.test_live import AD_SETS, PERSON, Live, budget, multiplier
from tests.workers.executor.test_returns import a_cut, tick
from tests.workers.executor.world import KEY, a_decision, a_plan, an_id, at, roll_back
from workers.connectors.settings import AccountMode
from workers.executor.live.outcome import Result
from workers.executor.orders import MOST_SET_LAST, Orders, orders_key
from workers.executor.program import agents
from workers.executor.progress import orders_in
from workers.executor.rows import pack
from workers.executor.tables import in_force


@pytest.mark.parametrize(
    "odd",
    [
        {"sent": "2500000000000"},
        {"sent": "a bid"},
        {"sent": "NaN"},
        {"before": Decimal("1E+20")},
        {"after": Decimal("NaN")},
        {"before": Decimal("0.1234567890123456789")},
        {"text": "cut within a character \ud83d"},
        {"text": "x" * 3000},
        {"platform_code": "9" * 300, "request_id": "\udc00" * 300},
        {"attempts": 10**6},
        {"minutes": -(10**7)},
        {"minutes": 10**9},
    ],
    ids=lambda odd: next(iter(odd)),
)
@pytest.mark.parametrize("result", [Result.APPLIED, Result.DRIFT, Result.REJECTED])
def test_whatever_a_platform_says_its_order_ends_and_is_told(
    odd: dict[str, Any], result: Result
) -> None:
    several = Live(a_plan(Autonomy.AUTO, ad_sets=AD_SETS)).act(multiplier("up", None, "1.2"))
    several.answer().answer(result, **odd)
    for world in (several, Live().act(budget("first", "100", "120")).answer(result, **odd)):
        while world.order is not None:
            world.answer()
        assert all(entry.status for entry in world.audit), "each can be read back"
        assert world.audit[-1].status != "intent"


def test_what_was_sent_is_told_in_words_where_it_is_too_large_for_an_amount() -> None:
    world = Live().act(budget("first", "100", "2500000"))
    world.answer(sent="2500000000000", after=Decimal(2_500_000))

    assert world.audit[-1].sent is None
    assert "2500000000000 was sent" in world.audit[-1].detail
    assert world.audit[-1].after == 2_500_000


def test_a_part_of_which_nobody_knows_whether_it_is_set_is_never_told_as_put_back() -> None:
    world = Live(a_plan(Autonomy.AUTO, ad_sets=AD_SETS)).act(multiplier("up", None, "1.2"))
    world.answer(before=Decimal("1.10")).answer(Result.UNVERIFIED)
    assert world.order is not None
    assert (world.order.change.ref.entity_id, world.order.change.target) == ("a", Decimal("1.10"))
    world.answer()

    assert world.said()[-1] == ("unverified", "partly_made")
    assert "bid of ad_set b" in world.audit[-1].detail
    assert "bid of ad_set a" not in world.audit[-1].detail
    assert not world.is_busy


def test_what_was_found_made_after_a_restart_goes_back_to_what_had_to_be_found_there() -> None:
    world = Live(a_plan(Autonomy.AUTO, ad_sets=AD_SETS)).act(multiplier("up", None, "1.2"))
    world.answer().answer().act(multiplier("higher", "1.2", "1.3"), minutes=2)
    world.answer(Result.CONFIRMED, before=None).answer(Result.REJECTED)
    back = world.order

    assert back is not None
    assert (back.change.ref.entity_id, back.change.target) == ("a", Decimal("1.20"))
    assert back.expected == Decimal("1.30")


@pytest.mark.parametrize("second", [Result.UNVERIFIED, Result.REJECTED])
def test_what_may_be_set_and_what_was_set_and_put_back_count_as_changes(second: Result) -> None:
    rails = Guardrails(cooldown_minutes=30)
    world = Live(a_plan(Autonomy.AUTO, ad_sets=AD_SETS, guardrails=rails))
    world.act(multiplier("up", None, "1.2")).answer().answer(second).answer()
    world.act(multiplier("more", None, "1.3"), minutes=5)

    assert world.said()[-1] == ("rejected", "cooldown")


def test_what_was_found_made_where_nothing_had_been_known_is_not_told_as_not_made() -> None:
    world = Live(a_plan(Autonomy.AUTO, ad_sets=AD_SETS)).act(multiplier("up", None, "1.2"))
    world.answer(Result.CONFIRMED, before=None).answer(Result.REJECTED)

    assert not world.is_busy
    assert world.said()[-1] == ("unverified", "partly_made")
    assert "bid of ad_set a" in world.audit[-1].detail


@pytest.mark.parametrize("first", [Result.SHADOW, Result.FAILED, Result.REJECTED])
def test_in_shadow_a_change_of_several_values_is_in_force_only_where_all_are(first: Result) -> None:
    plan = a_plan(Autonomy.AUTO, ad_sets=AD_SETS)
    world = Live(plan, mode=AccountMode.SHADOW).act(multiplier("up", None, "1.2"))
    world.answer(first).answer(Result.NO_OP, after=Decimal("2.40"))

    assert world.said()[-1] == (first.value, first.value)
    assert world.audit[-1].after is None


def test_the_most_of_an_hour_that_comes_with_a_multiplier_is_in_force_where_no_bid_moves() -> None:
    world = Live(a_plan(Autonomy.AUTO, ad_sets=AD_SETS[:1])).act(multiplier("up", None, "1.2"))
    world.answer().act(multiplier("again", "1.2", "1.2", hourly_cap=Decimal(4)), minutes=2)
    world.answer(Result.NO_OP, after=Decimal("1.2"))

    assert world.said()[-1] == ("no_op", "no_op")
    budgets = {slot: own.value for slot, own in in_force(world, KEY).in_force.items()}
    assert budgets["campaign\x0042\x00hourly_budget"] == 4


def cut_bid() -> Live:
    """Return a partition on which a bid was cut for a while, and its first step back is open."""
    plan = a_plan(Autonomy.AUTO, ad_sets=(AdSet(ad_set_id="a", bid=Bid(base=Decimal("0.80"))),))
    cut = a_cut(entity=Entity.AD_SET, entity_id="a")
    world = Live(plan).act(cut).answer()
    tick(world, 361)
    assert world.order is not None
    return world


@pytest.mark.parametrize("result", [Result.FROZEN, Result.FAILED, Result.AUTH_FAILED])
def test_a_step_back_that_the_platform_did_not_make_is_tried_again_later(result: Result) -> None:
    world = cut_bid().answer(result, minutes=362)
    assert not world.is_busy
    tick(world, 373)

    assert world.order is not None
    assert world.order.change.target == Decimal("0.50")
    world.answer(minutes=374)
    assert world.audit[-1].after == Decimal("0.50")
    tick(world, 421)
    assert world.order is not None
    assert world.order.change.target == Decimal("0.65")


def test_a_step_back_that_meets_a_full_queue_waits_until_there_is_room_again() -> None:
    world = cut_bid().answer(minutes=362)
    times = {"released_at": at(419), "valid_from": at(419), "expires_at": at(900)}
    for number in range(65):
        world.act(budget(f"{number}", "100", "120", **PERSON, **times), minutes=420)
    tick(world, 421)
    assert ("rejected", "too_many_waiting") not in world.said()
    while world.is_busy:
        world.answer(Result.NO_OP, minutes=422)
    tick(world, 435)

    assert world.order is not None
    assert world.order.change.target == Decimal("0.65"), "the step back that was due at 420"
    world.answer(minutes=436)
    assert world.audit[-1].after == Decimal("0.65")


def test_a_step_back_of_which_a_part_failed_is_tried_again_once_the_others_are_put_back() -> None:
    ad_sets = (AdSet(ad_set_id="a"), AdSet(ad_set_id="b"))
    plan = a_plan(Autonomy.AUTO, ad_sets=ad_sets, bid=Bid(base=Decimal("0.80")))
    world = Live(plan).act(a_cut()).answer().answer()
    tick(world, 361)
    world.answer(minutes=362).answer(Result.FAILED, minutes=363).answer(minutes=364)
    assert world.said()[-1] == ("failed", "put_back")
    assert not world.is_busy
    tick(world, 375)

    assert world.order is not None
    assert [world.order.change.target, world.order.expected] == [Decimal("0.50"), Decimal("0.40")]


def test_a_step_back_that_a_freeze_has_met_behind_other_orders_comes_after_it() -> None:
    world = cut_bid()
    world.act(budget("meanwhile", "100", "120", expires_at=at(800)), minutes=362)
    world.answer(minutes=363)
    tick(world, 421)
    assert world.order is not None
    assert world.order.change.target == 120, "the second step back waits behind it"
    world.publish(topics.DECISIONS, a_decision(Verb.FREEZE, minutes=422, until=at(440)), 422)
    world.settle()
    world.answer(minutes=423)
    assert not world.is_busy
    tick(world, 434, 445)

    assert world.order is not None
    assert world.order.change.target == Decimal("0.65")


def test_a_step_back_that_somebody_has_overtaken_is_not_tried_again() -> None:
    world = cut_bid().answer(Result.FAILED, minutes=362)
    raised = a_cut("raised", "0.40", "0.90", returns=(), entity=Entity.AD_SET, entity_id="a")
    raised = structs.replace(raised, expires_at=at(800), **PERSON)
    world.act(raised, minutes=363).answer(minutes=364)
    tick(world, 375)

    assert not world.is_busy
    assert world.said()[-1] == ("expired", "superseded")


def test_a_bid_that_no_amount_can_be_is_refused_before_anything_is_sent() -> None:
    huge = (AdSet(ad_set_id="a", bid=Bid(base=Decimal(10**11))),)
    world = Live(a_plan(Autonomy.AUTO, ad_sets=huge)).act(multiplier("up", None, "1000"))

    assert not world.is_busy
    assert world.said() == [("rejected", "out_of_range")]


def test_an_action_in_another_currency_than_the_plans_is_never_held_to_its_amounts() -> None:
    plan = a_plan(Autonomy.AUTO, ad_sets=AD_SETS)
    world = Live(plan).act(multiplier("up", None, "1.2", currency="JPY"))

    assert not world.is_busy
    assert world.said() == [("rejected", "currency_mismatch")]


def test_what_was_forgotten_while_it_was_open_can_be_rolled_back_as_any_other() -> None:
    world = Live()
    world.policy = replace(world.policy, remembered=1)
    world.agents = {agent.name: agent for agent in agents(world.policy)}
    world.act(budget("first", "100", "120"), budget("second", "120", "130", expires_at=at(61)))
    world.answer()
    world.publish(topics.DECISIONS, roll_back("first", through=an_id("second"), minutes=2), 2)
    world.answer(minutes=1.5).settle()

    assert world.order is not None
    assert [world.order.expected, world.order.change.target] == [130, 50]


def test_of_ad_sets_that_come_and_go_the_oldest_are_let_go() -> None:
    world = Live()
    old = {f"ad_set\0{number}\0bid": Decimal(1) for number in range(MOST_SET_LAST)}
    world.tables["actions"][orders_key(KEY)] = pack(Orders(set_last=old))
    world.act(budget("first", "100", "120")).answer()
    ((_, orders),) = orders_in(world.tables["actions"])

    assert len(orders.set_last) == MOST_SET_LAST
    assert "ad_set\x000\x00bid" not in orders.set_last
    assert orders.set_last["campaign\x0042\x00daily_budget"] == 120


def test_what_matters_no_more_of_what_others_have_set_and_of_changes_is_let_go() -> None:
    world = Live(a_plan(Autonomy.AUTO, ad_sets=AD_SETS)).act(budget("first", "100", "120"))
    world.answer().act(multiplier("up", None, "1.2"), minutes=2).answer(Result.DRIFT, minutes=3)
    ((_, before),) = orders_in(world.tables["actions"])
    assert (len(before.budget_changes), len(before.hands_off)) == (1, 1)
    late = {"released_at": at(1500), "valid_from": at(1500), "expires_at": at(1560)}
    world.act(multiplier("later", None, "1.1", **late), minutes=1500).answer(minutes=1501)
    ((_, after),) = orders_in(world.tables["actions"])

    assert (len(after.budget_changes), len(after.hands_off)) == (0, 0)


def test_a_step_back_whose_time_no_record_could_carry_is_refused_before_anything_is_sent() -> None:
    end = datetime(2099, 12, 31, 12, tzinfo=UTC)
    minutes = (end - at(0)) / timedelta(minutes=1)
    times = {"released_at": end, "valid_from": end, "expires_at": end + timedelta(hours=1)}
    back = (Return(at=end + timedelta(hours=2), value=Decimal("0.80")),)
    cut = a_cut(entity=Entity.AD_SET, entity_id="a", returns=back, **times)
    world = Live(a_plan(Autonomy.AUTO, ad_sets=AD_SETS)).act(cut, minutes=minutes)

    assert not world.is_busy
    assert world.said() == [("rejected", "returns_too_late")]
