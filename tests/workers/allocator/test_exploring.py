"""A group that learns: what is set, what is stored of it, what is said, and what is learned."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from engine.arrays import Floats
from engine.curve_fitting import fit_curves
from engine.response_days import Days
from schemas import GuardrailStatus, Kind, Portfolio, Recommendation, decode, topics
from tests.workers.allocator.exploring import CENTS, Loop, a_loop, a_market
from tests.workers.allocator.groups import a_group, a_row, at, grown
from tests.workers.allocator.trees import (
    META,
    ROOT,
    SEARCH,
    WHERE,
    Allocators,
    a_day,
    grown_tree,
    tree_days,
)
from workers.allocator.member_rows import DAY, HEAD, taken, unpack
from workers.allocator.tables import MEMBERS, member_key

NOTES = {"exploring", "elasticity_not_identified", "jitter_ends"}


def said(advice: Recommendation) -> set[str]:
    return {reason.code for reason in advice.reasons} & NOTES


def last(loop: Loop) -> list[Recommendation]:
    return loop.allocator.advice[-len(loop.budget) :]


@pytest.fixture(scope="module")
def learnt() -> Loop:
    """A group of a hundred whose spend follows demand, after 45 days of learning."""
    loop = a_loop(a_market(1, 100))
    loop.live(0, 45)
    return loop


def test_spend_that_follows_demand_misleads_and_the_groups_own_chance_does_not(
    learnt: Loop,
) -> None:
    """The exponents that the advice itself is made from are right to .02 on average."""
    told = {
        each.campaign_id: reason.evidence["exponent"]
        for each in last(learnt)
        for reason in each.reasons
        if reason.code == "exploring"
    }
    true = dict(zip(learnt.names(), learnt.market.exponent.tolist(), strict=True))
    assert len(told) >= 80
    error = [float(value) - true[name] for name, value in told.items()]
    assert abs(np.mean(error)) <= 0.02
    plain = a_loop(a_market(1, 100), learning_share=0.0)
    plain.live(0, 30)
    assert np.mean(naive(plain) - plain.market.exponent) > 0.08
    # Of spend that the coins have moved as well, all of it together still misleads.
    assert np.mean(naive(learnt) - learnt.market.exponent) > 0.04
    assert all("elasticity_not_identified" not in said(each) for each in last(learnt))


def naive(loop: Loop) -> Floats:
    """Return exponents by all that spend did."""
    count = len(loop.budget)
    spend, value = (
        np.array([float(getattr(row, name)) for row in loop.told]).reshape(-1, count).T
        for name in ("spend", "conversions")
    )
    pool = np.zeros(count, dtype=np.int64)
    days = Days(spend=spend, value=value, weight=np.ones_like(spend), pool=pool)
    return fit_curves(days).exponent


def test_the_groups_total_is_set_to_the_cent_every_day_and_no_change_is_too_large(
    learnt: Loop,
) -> None:
    by_day: dict[int, list[Recommendation]] = {}
    for each in learnt.allocator.advice:
        by_day.setdefault(int(each.decided_at.timestamp()), []).append(each)
    assert len(by_day) >= 35
    for some in by_day.values():
        budgets = [each.recommended_value or each.current_value or Decimal(0) for each in some]
        assert sum(budgets) == 100 * len(some)
        for each in some:
            before = each.current_value or Decimal(0)
            after = each.recommended_value or before
            assert abs(after - before) <= before * Decimal("0.2")


def test_what_is_in_force_of_the_coins_is_stored_with_each_day(learnt: Loop) -> None:
    for row in learnt.told[-100:]:
        key = member_key(b"spring", f"google:7:{row.campaign_id}".encode())
        head, days = unpack(learnt.allocator.table(MEMBERS)[key])
        assert days["jitter"][-1] == head["jitter"][0] == row.budget_jitter
        assert (days["jitter"] != 0.0).sum() >= 20
    moved = np.array([row.budget_jitter for row in learnt.told[-100:]])
    assert 0.05 < moved.std() <= 0.1
    assert abs(moved.mean()) < 0.02


def test_coins_are_thrown_anew_every_day_and_for_everybody(learnt: Loop) -> None:
    """Signs are even, and tell neither the next day's nor anybody else's."""
    told = np.array([row.budget_jitter for row in learnt.told]).reshape(-1, len(learnt.budget))
    signs = np.sign(told[10:])
    assert (np.abs(signs) > 0).mean() > 0.8
    throws = signs[signs != 0.0].size
    # Four standard errors of fair coins.
    assert abs(signs.sum()) < 4 * np.sqrt(throws)
    assert abs((signs[1:] * signs[:-1]).sum()) < 4 * np.sqrt(throws)
    assert abs((signs[:, 1:] * signs[:, :-1]).sum()) < 4 * np.sqrt(throws)


def test_the_advice_says_what_learning_is_expected_to_cost(learnt: Loop) -> None:
    notes = [
        reason for each in last(learnt) for reason in each.reasons if reason.code == "exploring"
    ]
    (cost,), (worth,), (elsewhere,), (reserve,) = (
        {reason.evidence[name] for reason in notes}
        for name in ("cost", "cost_money", "elsewhere", "reserve")
    )
    assert 0 < Decimal(str(elsewhere)) <= Decimal(str(reserve)) == 1_000
    # A budget that is off by a tenth loses half of its square times what the curve bends by:
    # b (1 - b) / 2 * .01 of the value, .12 % at an exponent of .45.
    assert 0.0003 < float(cost) / (1_000 * 100) < 0.003
    assert 0 < Decimal(str(worth)) < 100
    assert all(f"{cost:.4g} conversions" in reason.text for reason in notes)


def test_what_chance_alone_moves_goes_without_a_person_whatever_the_least_confidence() -> None:
    loop = a_loop(a_market(2, 12), min_confidence=0.99)
    loop.live(0, 20)
    alone = [
        each
        for each in loop.allocator.advice
        if each.kind is Kind.BUDGET and each.reasons[0].code == "exploring"
    ]
    assert len(alone) >= 20
    assert all(each.confidence == 0.5 for each in alone)
    for each in alone:
        checks = {check.name: check.status for check in each.guardrails}
        assert checks["min_confidence"] is GuardrailStatus.PASSED
    # A raise waits where a cut that others' money waits for does.
    assert all(each.auto_execute for each in alone if (each.change or 0) < 0)
    actions = {each.recommendation_id: each for each in loop.allocator.actions}
    gone = [each for each in alone if each.auto_execute]
    assert len(gone) > len(alone) // 2
    for each in gone:
        action = actions[each.recommendation_id]
        assert (action.target, action.without_jitter) == (
            each.recommended_value,
            each.without_jitter,
        )


def test_a_small_group_says_that_its_elasticity_is_not_identified() -> None:
    loop = a_loop(a_market(4, 4))
    loop.live(0, 25)
    notes = [each for each in last(loop)[0].reasons if each.code == "elasticity_not_identified"]
    (note,) = notes
    assert 10 <= int(note.evidence["varied_days"]) <= 24
    assert "is not identified" in note.text
    plain = grown()
    assert all(not said(each) for each in plain.advice)


def test_without_a_learning_share_nothing_is_said_set_or_stored_otherwise() -> None:
    values = [[out.value for out in each.outputs] for each in (grown(), grown(learning_share=0.0))]
    assert values[0] == values[1]
    assert all(b"jitter" not in (value or b"") for value in values[0])
    assert all(b"exploring" not in (value or b"") for value in values[0])


def test_when_the_share_is_taken_away_budgets_return_to_where_they_were_settled() -> None:
    loop = a_loop(a_market(5, 12))
    loop.live(0, 20)
    jittered = [each.jitter != 0.0 for each in loop.budget]
    assert any(jittered)
    count = len(loop.budget)
    group = a_group(version=2, autonomy="auto", budget=a_day(100 * count))
    loop.allocator.group(group)
    before = list(loop.budget)
    loop.live(20, 21)
    assert all(each.jitter == 0.0 for each in loop.budget)
    assert sum(each.minor for each in loop.budget) == 10_000 * count
    kept = [
        each
        for each in last(loop)
        if each.kind is Kind.BUDGET and each.reasons[0].code == "jitter_ends"
    ]
    assert kept
    for each in kept:
        was = before[int(each.campaign_id[1:])]
        assert each.recommended_value == was.without_jitter * CENTS


def test_without_a_share_no_coin_is_thrown_any_more_and_those_of_then_still_teach() -> None:
    loop = a_loop(a_market(5, 12))
    loop.live(0, 20)
    count = len(loop.budget)
    loop.allocator.group(a_group(version=2, autonomy="auto", budget=a_day(100 * count)))
    loop.live(20, 28)
    assert all(row.budget_jitter == 0.0 for row in loop.told[-7 * count :])
    assert not any(said(each) & {"exploring"} for each in loop.allocator.advice[-7 * count :])
    table = loop.allocator.table(MEMBERS)
    keys = [f"google:7:{name}".encode() for name in loop.names()]
    stored = [unpack(table[member_key(b"spring", key)])[1] for key in keys]
    moved = sum((days["jitter"] != 0.0).sum() for days in stored)
    assert moved == sum(row.budget_jitter != 0.0 for row in loop.told) > 12


def test_the_order_in_which_members_close_their_days_makes_no_difference() -> None:
    loops = [a_loop(a_market(6, 7)) for _ in range(2)]
    for day in range(20):
        rows = loops[0].rows(day)
        loops[0].follow(loops[0].allocator.rows(rows))
        loops[1].follow(loops[1].allocator.rows(rows[::-1]))
        assert loops[0].budget == loops[1].budget
    assert any(each.jitter for each in loops[0].budget)


def test_groups_of_a_tree_learn_by_their_own_shares_and_keep_what_they_have() -> None:
    found = []
    for share in (0.0, 0.2):
        given = {"max_change_pct": 900, "learning_share": share}
        tree: dict[str, dict[str, Any]] = {
            "spring": {"max_change_pct": 900},
            "google": {"max_change_pct": 900},
            "search": given,
            "meta": given,
        }
        world = grown_tree(30, 1, **tree)
        found.append({each.campaign_id: each for each in world.advice})
    plain, learns = ({name: has(each) for name, each in some.items()} for some in found)
    assert plain.keys() == learns.keys()
    assert {name for name in plain if plain[name] != learns[name]} == {"c", "d"}
    assert plain["c"] + plain["d"] == learns["c"] + learns["d"]
    notes = [each for each in found[1]["c"].reasons if each.code == "exploring"]
    assert notes[0].evidence["learning"] == SEARCH
    assert said(found[1]["a"]) == set()


def has(advice: Recommendation) -> Decimal:
    return advice.recommended_value or advice.current_value or Decimal(0)


def test_what_coins_did_is_told_again_where_a_group_comes_under_another() -> None:
    world = Allocators()
    rows = [
        replace(row, budget_jitter=0.01 * at_)
        for at_, row in enumerate(tree_days(3))
        if WHERE[row.campaign_id] == META
    ]
    world.group(a_group(budget_group_id=META, budget=a_day(500)))
    world.rows(rows)
    world.group(a_group(budget_group_id=ROOT, budget=a_day(500)))
    world.group(a_group(version=2, budget_group_id=META, budget=a_day(500), parent_group_id=ROOT))
    name = world.each[0].policy.topic(topics.PORTFOLIO)
    told = [decode(out.value or b"", Portfolio) for out in world.outputs if out.topic == name]
    assert [row.budget_jitter for row in told] == [row.budget_jitter for row in rows]


def test_what_was_stored_before_there_were_coins_is_read_as_days_without() -> None:
    value = taken(b"", a_row("a", 0, closed_at=at(1)))
    head, days = unpack(value)
    old = [
        np.dtype([(name, kind.fields[name][0]) for name in kind.names if name != "jitter"])
        for kind in (HEAD, DAY)
        if kind.names and kind.fields
    ]
    first = [np.zeros(1, dtype=kind) for kind in old]
    for rows, newer in zip(first, (head, days), strict=True):
        for name in rows.dtype.names or ():
            rows[name] = newer[name]
    first[0]["format"] = 1
    before = b"".join(rows.tobytes() for rows in first)
    assert len(before) == len(value) - 16
    for ours, theirs in zip(unpack(before), (head, days), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    after = taken(before, a_row("a", 1, budget_jitter=0.1, closed_at=at(2)))
    assert unpack(after)[1]["jitter"].tolist() == [0.0, 0.1]
