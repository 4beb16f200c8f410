"""A group's budget and bids by device: by which plans they come to be, and how they are told."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from msgspec import structs
from rich.console import Console, RenderableType

from schemas import (
    Autonomy,
    BidMultiplier,
    Explanation,
    Kind,
    MultiplierKind,
    Plan,
    Range,
    Recommendation,
)
from schemas.levers import BID, BID_UNIT, CURRENCY_UNIT, DAILY_BUDGET
from schemas.zones import zone
from workers.demo import device_bids, shared_budget
from workers.demo.costs import Costs
from workers.demo.lost_tracking import LostTracking
from workers.demo.plans import Plans
from workers.demo.proposal_tables import bid_table, budget_heading, budget_table
from workers.demo.proposals import Rebalanced, bids_by_device, rebalanced
from workers.demo.screen import WIDTH
from workers.demo.shared_budget import SharedBudget
from workers.simulator.clearing import Policy, clear
from workers.simulator.market import UNITS, draw, mean_bids
from workers.simulator.population import World, make_world

LIVE = 495_000
THURSDAY = datetime(2026, 11, 26, 23, 2, tzinfo=UTC)
"""A quarter past midnight on Friday in Berlin, nearly."""


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(20, seed=2, auctions_per_day=30_000)


@pytest.fixture(scope="module")
def plans(world: World) -> Plans:
    costs = Costs(world.campaigns)
    costs.add(clear(draw(world.market, LIVE), Policy.throttled(np.ones(20))))
    return Plans(world=world, costs=costs, lost=LostTracking(world.campaigns, LIVE, costs))


def a_move(
    campaign: str, before: int, after: int, average: float, **fields: object
) -> Recommendation:
    """Return what a group says of a member's budget; money brings ``average`` on the way."""
    return structs.replace(
        Recommendation(
            platform="google",
            account_id="7",
            campaign_id=campaign,
            recommendation_id=f"{before:032x}",
            kind=Kind.BUDGET,
            hour=THURSDAY.replace(minute=0),
            entity_id=campaign,
            field=DAILY_BUDGET,
            current_value=Decimal(before),
            recommended_value=Decimal(after),
            change=Decimal(after - before),
            change_pct=100.0 * (after - before) / before,
            unit=CURRENCY_UNIT,
            currency="EUR",
            confidence=0.9,
            reasons=(Explanation(code="why", text="So.", evidence={"average": average}),),
            decided_at=THURSDAY,
            valid_from=THURSDAY,
            expires_at=THURSDAY + timedelta(days=1),
            model_version="1",
        ),
        **fields,
    )


def a_bid(campaign: str, confidence: float, **devices: float) -> Recommendation:
    """Return advice on an ad set's bid with multipliers by device."""
    return structs.replace(
        a_move(campaign, 1, 2, 0.0),
        kind=Kind.BID,
        field=BID,
        unit=BID_UNIT,
        entity_id="evergreen",
        confidence=confidence,
        bid_multipliers=tuple(
            BidMultiplier(
                kind=MultiplierKind.DEVICE,
                name=name,
                factor=factor,
                share=0.5,
                likely=Range(p10=factor, p50=factor, p90=factor),
            )
            for name, factor in devices.items()
        ),
    )


def a_split(world: World, moves: list[Recommendation]) -> Rebalanced:
    found = rebalanced(SharedBudget(world.campaigns).group, [Decimal(100)] * 4, moves)
    assert found is not None
    return found


def printed(part: RenderableType) -> list[str]:
    console = Console(file=io.StringIO(), width=WIDTH)
    console.print(part)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert isinstance(text, str)
    return text.splitlines()


def test_those_who_share_are_of_one_currency_and_begin_their_days_together(world: World) -> None:
    members = SharedBudget(world.campaigns).members
    midnights = {
        (each.currency, datetime(2026, 7, 1, tzinfo=UTC).astimezone(zone(each.timezone)).hour)
        for each in members
    }

    assert Counter(each.key.platform for each in members) == {"google": 2, "meta": 2}
    assert len(midnights) == 1


def test_the_group_has_what_its_members_have_and_changes_nothing_unasked(world: World) -> None:
    shared = SharedBudget(world.campaigns)

    assert shared.group is not None
    assert shared.group.budget.amount == sum(each.day_budget for each in shared.members)
    assert shared.group.autonomy is Autonomy.PROPOSE


def test_one_campaign_alone_shares_with_nobody() -> None:
    alone = SharedBudget(make_world(3, seed=2).campaigns)

    assert (alone.group, alone.members, alone.watching()) == (None, [], [])


def test_members_are_watched_by_a_first_plan_and_handed_over_by_a_newer_one(
    plans: Plans, world: World
) -> None:
    """So that what ended days teach is known, and nothing is carried out before."""
    watched = {each.key: each for each in plans.watching()}
    handed = {each.key: each for each in plans.handing_over()}

    assert {each.autonomy for each in watched.values()} == {Autonomy.OBSERVE}
    assert {each.autonomy for each in handed.values()} == {Autonomy.AUTO}
    assert len(handed) == len(world.campaigns)
    for key, plan in handed.items():
        first: Plan | None = watched.get(key)
        assert plan.version == (2 if first else 1)
        assert plan.budget_group_id == (shared_budget.NAME if first else None)


def test_campaigns_of_one_account_have_a_target_and_bid_what_the_market_knows(
    plans: Plans, world: World
) -> None:
    bids = mean_bids(world.market) / UNITS
    for row, plan in enumerate(plans.handing_over()):
        if (plan.platform, plan.account_id) == device_bids.ACCOUNT:
            assert plan.target_cpa == plans.costs.target(row, 1.1)
            assert plan.bid is not None
            assert float(plan.bid.base or 0) == pytest.approx(bids[row], abs=0.005)
        else:
            assert plan.bid is None


def test_the_mean_bid_is_that_of_auctions(world: World) -> None:
    auctions = draw(world.market, LIVE)
    for row, expected in enumerate(mean_bids(world.market)):
        drawn = auctions.value[auctions.owner == row]
        assert drawn.mean() == pytest.approx(expected, rel=5.0 * 0.55 / np.sqrt(len(drawn)))


def test_only_the_newest_split_is_told_the_largest_change_first(world: World) -> None:
    before = THURSDAY - timedelta(days=1)
    moves = [
        a_move("a", 100, 120, 0.5, decided_at=before),
        a_move("a", 120, 130, 0.5),
        a_move("b", 100, 80, 0.25),
    ]
    split = a_split(world, moves)

    assert [each.campaign_id for each in split.moves] == ["b", "a"]
    assert split.day == date(2026, 11, 27)
    # By hand: 10 more at 0.5 each, 20 fewer at 0.25 each.
    assert split.gain == pytest.approx(10 * 0.5 - 20 * 0.25)
    assert split.facts()["after"] == "390"


def test_where_nothing_moves_there_is_no_split(world: World) -> None:
    group = SharedBudget(world.campaigns).group

    assert rebalanced(group, [], [a_bid("a", 0.9, mobile=1.2)]) is None
    assert rebalanced(None, [], [a_move("a", 100, 120, 0.5)]) is None


def test_the_rows_of_budgets_add_up_to_the_last_line(world: World) -> None:
    """Those that are too many to be listed are summed up, and so are those who keep theirs."""
    moves = [a_move(each, 60 + at, 70 + 2 * at, 0.5) for at, each in enumerate("abcdef")]
    split = replace(a_split(world, moves), members=9, before=Decimal(900))
    rows = [line.split() for line in printed(budget_table(split, WIDTH)) if "%" in line]
    listed, others, total = rows[:4], rows[4], rows[5]

    assert [row[1] for row in listed] == ["f", "e", "d", "c"]
    assert (others[:2], total[:2]) == (["5", "others"], ["all", "9"])
    for column in (2, 3, 5):
        summed = sum(float(row[column]) for row in [*listed, others])
        assert summed == pytest.approx(float(total[column]), abs=0.3)
    assert total[2:4] == ["900", "975"]
    assert "from Friday on" in budget_heading(split)


def test_what_rounds_to_no_change_has_no_minus(world: World) -> None:
    moves = [a_move(each, 1000, 1200, 0.5) for each in "abcd"]
    moves.append(a_move("e", 10_000, 9_999, 0.0001))
    split = replace(a_split(world, moves), members=9)
    (others,) = (each.split() for each in printed(budget_table(split, WIDTH)) if "others" in each)

    assert others[4:] == ["+0.0%", "+0.0"]


def test_bids_have_a_column_for_each_device_and_say_by_how_much_they_go_up_or_down() -> None:
    bids = [
        a_bid("a", 0.8, desktop=1.26, mobile=0.9),
        a_bid("b", 0.99, mobile=1.5),
        a_bid("c", 1.0),
        structs.replace(a_bid("b", 0.5, mobile=2.0), decided_at=THURSDAY - timedelta(days=1)),
    ]
    told = bids_by_device(bids)
    head, *rows = [line.split() for line in printed(bid_table(told, WIDTH)) if line.strip(" ─")]

    assert [each.campaign_id for each in told] == ["b", "a"]
    assert head == ["Campaign,", "ad", "set", "Bid", "New", "desktop", "mobile", "Sure", "ID"]
    assert rows[0][2:-1] == ["1", "2", "+50%", "99%"]
    assert rows[1][2:-1] == ["1", "2", "+26%", "-10%", "80%"]


def test_nothing_is_wider_than_the_screen(world: World) -> None:
    split = a_split(world, [a_move("a" * 20, 1_000_000, 1_200_000, 0.5)])
    bids = [a_bid("a" * 20, 0.8, desktop=1.26, mobile=0.9, tablet=1.0)]
    for part in (budget_table(split, WIDTH), bid_table(bids, WIDTH), budget_heading(split)):
        assert max(map(len, printed(part))) <= WIDTH
