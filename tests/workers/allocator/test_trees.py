"""Groups inside groups: one split of the whole tree, made once, wherever its groups lie."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise, permutations
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from engine.group_nesting import Nested
from schemas import Budget, HoldReason, Kind, Recommendation, decode, encode, topics
from schemas.fields import BudgetPeriod
from schemas.headers import HANDED_UP
from tests.workers.allocator.groups import MIDNIGHT, a_row, at
from tests.workers.allocator.trees import (
    GOOGLE,
    LEVELS,
    META,
    PARTITIONS,
    ROOT,
    SEARCH,
    WHERE,
    Allocators,
    a_day,
    grown_tree,
    inner,
    replaced,
    the_tree,
    tree_days,
)
from workers.allocator.releasing import may_go
from workers.explain.group_budgets import recomputed
from workers.partitioner import partition_of


def budgets(world: Allocators) -> dict[str, Decimal]:
    """Return what each campaign is to have by what was said last."""
    return {
        each.campaign_id: each.recommended_value
        if each.recommended_value is not None
        else each.current_value or Decimal(0)
        for each in world.advice
    }


def has(found: Mapping[str, Decimal], group: str) -> Decimal:
    """Return what the members of a group have, those of groups inside included."""
    inside = {ROOT: set(WHERE.values()), GOOGLE: {GOOGLE, SEARCH}}.get(group, {group})
    return sum((found[name] for name, where in WHERE.items() if where in inside), Decimal(0))


def test_groups_of_a_tree_lie_in_different_partitions() -> None:
    places = {partition_of(name.encode(), PARTITIONS) for name in (ROOT, GOOGLE, SEARCH, META)}
    assert len(places) == 4


def test_the_whole_tree_is_shared_out_once_where_its_root_lies() -> None:
    world = grown_tree()
    assert sorted(each.campaign_id for each in world.advice) == sorted(LEVELS)
    home = partition_of(ROOT.encode(), PARTITIONS)
    name = world.each[0].policy.topic(topics.RECOMMENDATIONS)
    writers = {i for i, each in enumerate(world.each) for out in each.outputs if out.topic == name}
    assert writers == {home}
    assert sum(budgets(world).values()) == 500
    changed = [each.reasons[0].evidence for each in world.advice if each.kind is Kind.BUDGET]
    assert {each["group"] for each in changed} == {ROOT}
    assert {each["within"] for each in changed} <= set(WHERE.values())
    assert world.dead_letters == []


def test_where_groups_lie_makes_no_difference_to_what_anybody_has() -> None:
    assert budgets(grown_tree(30, 1)) == budgets(grown_tree())


def test_the_order_in_which_groups_are_told_makes_no_difference() -> None:
    found = []
    rows = tree_days(20)
    for order in permutations(the_tree()):
        world = Allocators()
        for group in order:
            world.group(replaced(group, status="paused") if group.key == ROOT.encode() else group)
        world.rows(rows[:-1])
        world.group(replaced(the_tree()[0], version=2))
        world.rows(rows[-1:])
        found.append(budgets(world))
        assert world.dead_letters == []
    assert len(found[0]) == 5
    assert all(each == found[0] for each in found)


def test_days_from_before_a_group_came_under_another_count_all_the_same() -> None:
    world = Allocators()
    rows = tree_days(30)
    world.rows(rows[:-1])
    for group in the_tree()[::-1]:
        world.group(group)
    world.rows(rows[-1:])
    assert budgets(world) == budgets(grown_tree())


def test_floors_and_ceilings_of_groups_are_kept_to_the_cent() -> None:
    quick = {name: {"max_change_pct": 400} for name in ("spring", "google", "search", "meta")}
    free = budgets(grown_tree(**quick))
    ceiling, floor = has(free, GOOGLE) - Decimal("10.37"), has(free, META) + Decimal("7.13")
    google, meta = ({**quick["meta"], name: amount} for name, amount in bounds(ceiling, floor))
    world = grown_tree(**(quick | {"google": google, "meta": meta}))
    found = budgets(world)
    assert has(found, GOOGLE) == ceiling
    assert has(found, META) == floor
    assert has(found, ROOT) == 500
    checks = {
        (each.campaign_id, check.name): (str(check.status), check.limit)
        for each in world.advice
        for check in each.guardrails
    }
    changed = {each.campaign_id for each in world.advice if each.kind is Kind.BUDGET}
    assert {"b", "e"} <= changed
    assert checks["b", "group_maximum"] == ("clamped", ceiling)
    assert checks["e", "group_minimum"] == ("clamped", floor)
    assert checks["e", "group_maximum"] == ("passed", None)


def bounds(ceiling: Decimal, floor: Decimal) -> list[tuple[str, Decimal]]:
    return [("max_budget", ceiling), ("min_budget", floor)]


def test_a_groups_own_largest_change_is_that_of_its_members() -> None:
    world = grown_tree(search={"max_change_pct": 6}, meta={"max_change_pct": 50})
    found = budgets(world)
    assert abs(found["c"] - 100) <= 6
    assert abs(found["d"] - 100) <= 6
    assert abs(found["a"] - 100) == 20


def test_what_the_period_of_the_whole_has_spent_is_what_all_of_its_groups_have() -> None:
    # Day 31 is the second of April.
    month = Budget(amount=Decimal(15_000), period=BudgetPeriod.MONTH)
    world = grown_tree(31, spring={"budget": month})
    spent = sum((row.spend for row in tree_days(31)[-5:]), Decimal(0))
    left = ((15_000 - spent) / 29).quantize(Decimal("0.01"), rounding="ROUND_DOWN")
    assert sum(budgets(world).values()) == left


def a_week(amount: int) -> Budget:
    return Budget(amount=Decimal(amount), period=BudgetPeriod.WEEK)


def test_what_a_period_has_spent_counts_for_the_group_it_was_spent_in() -> None:
    ceiling = {"max_budget": Decimal(700), "budget": a_week(10_000)}
    world = grown_tree(31, spring={"max_change_pct": 100}, meta=ceiling | {"max_change_pct": 100})
    # Day 31 is a Thursday: the week has spent three days, and has four left.
    spent = sum(row.spend for row in tree_days(31)[-15:] if row.campaign_id == "e")
    assert spent > 200
    assert budgets(world)["e"] <= (700 - spent) / 4 < 150


def test_a_paused_group_inside_keeps_what_its_members_have() -> None:
    world = grown_tree(google={"status": "paused"})
    said = {each.campaign_id: each.hold_reason for each in world.advice}
    assert {said["b"], said["c"], said["d"]} == {HoldReason.PAUSED}
    found = budgets(world)
    assert {found["b"], found["c"], found["d"]} == {Decimal(100)}
    assert found["a"] + found["e"] == 200
    assert found["a"] != 100


@pytest.mark.parametrize(
    ("groups", "reason", "code"),
    [
        (the_tree()[1:], HoldReason.GROUP_TREE, "parent_missing"),
        (
            [replaced(the_tree()[0], parent_group_id=SEARCH), *the_tree()[1:]],
            HoldReason.GROUP_TREE,
            "parent_cycle",
        ),
        (the_tree(meta={"currency": "USD"}), HoldReason.CURRENCY_MISMATCH, "currency_mismatch"),
        (
            the_tree(search={"timezone": "Europe/Berlin"}),
            HoldReason.TIMEZONE_MISMATCH,
            "timezone_mismatch",
        ),
        (
            the_tree(meta={"min_budget": Decimal(9), "max_budget": Decimal(9), "budget": a_day(8)}),
            HoldReason.INFEASIBLE_MINIMUM,
            "infeasible_minimum",
        ),
        (
            the_tree(spring={"budget": a_day(250)}, google={"min_budget": Decimal(251)}),
            HoldReason.INFEASIBLE_MINIMUM,
            "infeasible_minimum",
        ),
    ],
    ids=["missing", "cycle", "currency", "timezone", "crossed", "floor"],
)
def test_a_tree_that_cannot_be_is_a_hold_by_name_for_all_of_its_members(
    groups: list[Any], reason: HoldReason, code: str
) -> None:
    world = Allocators()
    world.rows(tree_days(29))
    for group in groups:
        world.group(group)
    world.rows(tree_days(30)[-5:])
    world.tick(at(30, 12.0))
    copies = [out for out in world.outputs if HANDED_UP in dict(out.headers)]
    assert copies
    for out in copies:
        assert out.partition != partition_of(out.key or b"", PARTITIONS)
    latest = [each for each in world.advice if each.decided_at >= at(30)]
    assert {each.hold_reason for each in latest} == {reason}
    assert {each.reasons[0].code for each in latest} == {code}
    assert len({each.campaign_id for each in latest}) == len(latest) >= 4
    for value in world.published(topics.RECOMMENDATIONS)[-len(latest) :]:
        assert again(world, value) == value


def again(world: Allocators, value: bytes) -> bytes | None:
    """Return a recommendation as the log of the partition that made it leads to it now."""
    told = decode(value, Recommendation)
    home = partition_of(str(told.reasons[0].evidence["group"]).encode(), PARTITIONS)
    return recomputed(world.each[home].policy, told, world.logs[home], (home, PARTITIONS))


def test_a_tree_deeper_than_eight_levels_moves_nobody() -> None:
    for partitions in (1, 64):
        world = Allocators(partitions=partitions)
        names = [f"level {i}" for i in range(9)]
        world.group(replaced(the_tree()[0], budget_group_id=names[0]))
        for above, name in pairwise(names):
            world.group(inner(name, above))
        world.rows([a_row("a", day, budget_group_id=names[-1]) for day in range(10)])
        world.tick(at(10, 12))
        deep = {each.reasons[0].code for each in world.advice}
        put_aside = {field for _, field in world.dead_letters}
        assert deep <= {"tree_too_deep"}
        assert deep or "parent_group_id" in put_aside
        assert all(each.kind is Kind.HOLD for each in world.advice)


def test_a_group_that_moves_is_shared_out_for_by_its_new_tree_alone() -> None:
    world = grown_tree()
    world.group(replaced(the_tree()[0], budget_group_id="other", budget=a_day(130)))
    world.group(inner(META, "other", version=2))
    before = len(world.advice)
    rows = tree_days(31)[-5:]
    world.rows(rows)
    world.tick(at(31, 12.0))
    said = world.advice[before:]
    by_group = {each.campaign_id: each.reasons[0].evidence["group"] for each in said}
    assert by_group == {"a": ROOT, "b": ROOT, "c": ROOT, "d": ROOT, "e": "other"}


def test_a_group_that_is_deleted_leaves_its_tree() -> None:
    world = grown_tree()
    world.delete(META)
    before = len(world.advice)
    world.rows(tree_days(31)[-5:])
    world.tick(at(31, 12.0))
    assert sorted(each.campaign_id for each in world.advice[before:]) == ["a", "b", "c", "d"]


def test_a_campaign_that_moves_within_the_tree_is_told_once() -> None:
    world = grown_tree()
    before = len(world.advice)
    rows = [
        replace(row, budget_group_id=SEARCH, plan_version=4) if row.campaign_id == "e" else row
        for row in tree_days(31)[-5:]
    ]
    world.rows(rows)
    world.tick(at(31, 12.0))
    said = {each.campaign_id: each.reasons[0].evidence for each in world.advice[before:]}
    assert len(world.advice) == before + len(LEVELS)
    assert {name: each["within"] for name, each in said.items()} == WHERE | {"e": SEARCH}


def test_records_told_again_change_nothing() -> None:
    world = grown_tree()
    count = len(world.advice)
    for group in the_tree()[1:]:
        world.group(group)
    world.rows(tree_days(30)[-10:])
    world.tick(at(30, 20.0))
    assert len(world.advice) == count
    assert world.dead_letters == []


def test_a_copy_with_a_header_that_says_nothing_is_put_aside() -> None:
    world = Allocators()
    group = inner(META, ROOT)
    for value in (b"x", b"9", None):
        world.send(topics.GROUPS, group.key, encode(group), MIDNIGHT, headers=((HANDED_UP, value),))
    assert [reason for reason, _ in world.dead_letters] == ["contradiction"] * 3


def test_raises_of_a_group_wait_for_the_cuts_inside_it_that_pay_for_them() -> None:
    auto = {"autonomy": "auto"}
    every = {"google": auto, "search": auto, "meta": auto}
    world = grown_tree(spring=auto, **every)
    moved = {each.campaign_id for each in world.advice if each.kind is Kind.BUDGET}
    assert {each.campaign_id for each in world.actions} == moved
    held = grown_tree(spring={}, **every)
    assert held.actions == []
    # One group proposes: its members' cuts are not made, so raises elsewhere have no money.
    partly = grown_tree(spring=auto, **(every | {"search": {}}))
    assert {each.campaign_id for each in partly.actions} <= moved - {"c", "d"}
    after = {each.campaign_id: each.target for each in partly.actions}
    assert sum(after.get(name, Decimal(100)) or Decimal(0) for name in LEVELS) <= 500


def test_each_word_on_a_tree_is_recomputed_to_the_same_bytes() -> None:
    world = grown_tree()
    world.group(inner(META, GOOGLE, version=2, max_budget=Decimal(90)))
    world.rows(tree_days(31)[-5:])
    world.delete(SEARCH)
    world.rows(tree_days(32)[-5:])
    world.tick(at(32, 12.0))
    values = world.published(topics.RECOMMENDATIONS)
    assert len(values) == 13
    for value in values:
        assert again(world, value) == value


@pytest.mark.parametrize(
    ("floor", "ceiling", "wanted", "goes"),
    [
        # The first two lie in the group inside, which has 200 now; the third pays for it.
        ((0, 0), (0, 230), (True, True, True), (True, True, True)),
        ((0, 0), (0, 230), (True, False, True), (False, False, True)),
        ((0, 190), (0, 230), (False, True, False), (False, False, False)),
        ((0, 0), (0, 230), (False, True, False), (False, True, False)),
    ],
)
def test_what_goes_without_a_person_leaves_groups_inside_within_their_bounds(
    floor: tuple[int, int],
    ceiling: tuple[int, int],
    wanted: tuple[bool, ...],
    goes: tuple[bool, ...],
) -> None:
    tree = Nested(
        parent=np.array([-1, 0]),
        floor=np.array(floor),
        ceiling=np.array(ceiling),
        of=np.array([1, 1, 0]),
    )
    present, budget = np.array([100, 100, 100]), np.array([150, 80, 40])
    found = may_go(np.array(wanted), present, budget, 300, tree)
    assert found.tolist() == list(goes)


def test_a_budget_needs_as_many_people_as_the_strictest_group_that_it_lies_in() -> None:
    world = grown_tree(spring={"approvers": 2}, search={"approvers": 4}, meta={"approvers": 1})
    wanted = {ROOT: 2, GOOGLE: 2, META: 2, SEARCH: 4}
    changed = [each for each in world.advice if each.kind is Kind.BUDGET]

    assert {each.campaign_id: each.approvers for each in changed} == {
        each.campaign_id: wanted[WHERE[each.campaign_id]] for each in changed
    }
    assert {each.approvers for each in changed} == {2, 4}
