"""Advice on bids from closed days: of whom, by which bid, and made again byte for byte."""

from __future__ import annotations

import math
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from msgspec import structs

from engine.delay import AGES
from schemas import (
    Action,
    AuditEntry,
    Bid,
    Breakdowns,
    Kind,
    PooledDelay,
    Prior,
    PriorLevel,
    Recommendation,
    decode,
    encode,
    topics,
)
from schemas.keys import EVERYTHING
from tests.workers.adviser.world import START, World, a_row, an_event, hour
from tests.workers.stored import Stored
from workers.explain.advice import advised_again


def bidding(days: int = 4, *, bid: str | None = "0.20", **plan: Any) -> World:  # noqa: ANN401 -- fields of a record
    """Return a campaign whose clicks are worth 60 cents: 6 in 100 buy, at ten euros each."""
    world = World()
    world.plan(strategy="even", **plan)
    said = None if bid is None else Decimal(bid)
    for number in range(days * 24 + 1):
        rows = [a_row("search", 50, 3.0, ad_set_id="x"), a_row("feed", 50, 3.0, ad_set_id="x")]
        world.metrics(an_event(number, rows, current_bid=said))
    return world


def bids(world: World) -> list[Recommendation]:
    return [advice for advice in world.advice if advice.kind is Kind.BID]


def test_a_bid_below_what_a_click_is_worth_is_to_rise_once_a_day() -> None:
    told = bids(bidding())

    assert [advice.decided_at.day for advice in told] == [3, 4, 5, 6]
    assert {advice.entity_id for advice in told} == {"x"}
    assert all((advice.current_value, advice.field) == (Decimal("0.20"), "bid") for advice in told)
    assert all((advice.recommended_value or 0) > Decimal("0.20") for advice in told)
    assert told[1].supersedes == told[0].recommendation_id


@pytest.mark.parametrize("strategy", ["even", "adaptive"])
def test_what_an_hourly_multiplier_moves_is_no_usual_bid(strategy: str) -> None:
    world = World()
    world.plan(strategy=strategy)
    rows = [a_row("search", 100, 6.0)]
    world.metrics(*(an_event(n, rows, current_bid=Decimal("0.20")) for n in range(25)))

    assert bool(bids(world)) == (strategy == "even")


def test_the_plans_own_bid_counts_where_none_is_reported() -> None:
    assert bids(bidding(1, bid=None)) == []
    (advice,) = bids(_with_base())
    assert advice.current_value == Decimal("0.15")


def _with_base() -> World:
    world = World()
    world.plan(strategy="even", bid=Bid(base=Decimal("0.15")))
    rows = [a_row("search", 100, 6.0)]
    world.metrics(*(an_event(number, rows) for number in range(25)))
    return world


def test_where_policy_lets_a_bid_go_its_action_goes_with_it() -> None:
    world = bidding(1, autonomy="auto", min_confidence=0.1)

    (advice,) = bids(world)
    name = world.policy.topic(topics.ACTIONS)
    (action,) = [decode(out.value or b"", Action) for out in world.outputs if out.topic == name]
    assert advice.auto_execute
    assert action.recommendation_id == advice.recommendation_id
    assert (action.expected, action.target) == (advice.current_value, advice.recommended_value)
    assert (action.entity, action.entity_id) == ("ad_set", "x")


def test_bids_are_advised_again_byte_for_byte() -> None:
    world = bidding()
    days, advice = (world.policy.topic(t) for t in (topics.BREAKDOWNS, topics.RECOMMENDATIONS))
    told = [out for out in world.outputs if out.topic == days]
    records = [
        Stored(days, at, out.timestamp or 0, out.key, out.value) for at, out in enumerate(told)
    ]
    published = [out.value or b"" for out in world.outputs if out.topic == advice]

    assert published
    for value in published:
        said = decode(value, Recommendation)
        assert advised_again(world.policy, said, records, (0, 1)) == value


def entry(field: str, after: str, at: float, **fields: Any) -> AuditEntry:  # noqa: ANN401 -- fields of a record
    """Return what the executor says of a bid or a multiplier, set so many hours after the start."""
    given: dict[str, Any] = {
        "platform": "google",
        "account_id": "7",
        "campaign_id": "a",
        "at": hour(at),
        "status": "simulated",
        "mode": "simulate",
        "actor": "policy",
        "entity_id": "a",
        "field": field,
        "after": Decimal(after),
    }
    return AuditEntry(**(given | fields))


def audited(world: World, *entries: AuditEntry) -> World:
    records = [world.stored(topics.AUDIT, each.key, encode(each), each.at) for each in entries]
    world.feed("audit", records)
    return world


def a_day(world: World, bid: str) -> World:
    rows = [a_row("search", 100, 6.0)]
    world.metrics(*(an_event(n, rows, current_bid=Decimal(bid)) for n in range(25)))
    return world


def test_the_reported_bid_over_the_multiplier_of_its_hour_is_the_usual_bid() -> None:
    """The last hour of the day is from 23 to 24; what is set after it was not in its bid."""
    told = [
        entry("bid_multiplier", value, at) for value, at in (("2", 3), ("0.5", 23), ("4", 24.1))
    ]
    world = World()
    world.plan(strategy="adaptive")
    (advice,) = bids(a_day(audited(world, *told[::-1]), "0.10"))

    assert advice.current_value == Decimal("0.20")
    assert not advice.auto_execute


def test_the_bid_that_was_set_last_is_the_one_to_be_expected() -> None:
    """Ours at noon; reports that name another one later mean that somebody else has set it."""
    world = World()
    world.plan(strategy="even")
    (advice,) = bids(a_day(audited(world, entry("bid", "0.25", 12)), "0.10"))
    assert advice.current_value == Decimal("0.25")

    later = World()
    later.plan(strategy="even")
    audited(later, entry("bid", "0.25", 12))
    rows = [a_row("search", 100, 6.0)]
    named = [Decimal("0.20" if number < 15 else "0.15") for number in range(25)]
    later.metrics(*(an_event(n, rows, current_bid=bid) for n, bid in enumerate(named)))
    (advice,) = bids(later)
    assert advice.current_value == Decimal("0.15")


@pytest.mark.parametrize("status", ["intent", "unverified"])
@pytest.mark.parametrize(("before", "target"), [("0.25", "0.31"), ("0.31", "0.25")])
def test_of_a_bid_that_may_be_in_force_or_not_the_higher_of_the_two_is_expected(
    status: str, before: str, target: str
) -> None:
    """What was before stands in the entry, or else the trail has told it earlier."""
    for read in (Decimal(before), None):
        told = entry("bid", "0", 13, status=status, before=read, target=Decimal(target))
        world = World()
        world.plan(strategy="even")
        audited(world, entry("bid", before, 12), structs.replace(told, after=None))
        (advice,) = bids(a_day(world, "0.10"))
        assert advice.current_value == Decimal("0.31")


def test_each_ad_set_has_the_bid_that_was_set_for_it() -> None:
    world = World()
    world.plan(strategy="even")
    audited(world, entry("bid", "0.25", 2, entity="ad_set", entity_id="x"))
    rows = [a_row("search", 100, 6.0, ad_set_id="x"), a_row("feed", 100, 6.0, ad_set_id="y")]
    world.metrics(*(an_event(n, rows, current_bid=Decimal("0.20")) for n in range(25)))

    assert {each.entity_id: str(each.current_value) for each in bids(world)} == {
        "x": "0.25",
        "y": "0.2",
    }


def taught(mean: float) -> Prior:
    """Return what a million conversions with exponential delays of ``mean`` hours teach."""
    told = [-math.expm1(-age / mean) * 1e6 for age in AGES]
    return Prior(
        version=1,
        level=PriorLevel.ALL,
        weights=(1.0,) * 168,
        evidence=0.0,
        concentration=0.0,
        campaigns=20,
        delay=PooledDelay(
            campaigns=50.0,
            growth=tuple(after - before for before, after in pairwise(told)),
            level=tuple((before + after) / 2 for before, after in pairwise(told)),
        ),
        computed_at=START,
    )


def test_bids_are_advised_again_though_what_is_known_of_delays_has_changed_since() -> None:
    """What was known then comes with the days; the adviser that reads them anew knows better."""
    world = World()
    world.plan(strategy="even", bid=Bid(base=Decimal("0.15")))
    for number in range(49):
        world.priors = {EVERYTHING: encode(taught(6.0 + number))}
        rows = [a_row("search", 50, 3.0, ad_set_id=each) for each in ("x", "y")]
        world.metrics(an_event(number, rows))
    days, advice = (world.policy.topic(t) for t in (topics.BREAKDOWNS, topics.RECOMMENDATIONS))
    told = [out for out in world.outputs if out.topic == days]
    records = [
        Stored(days, at, out.timestamp or 0, out.key, out.value) for at, out in enumerate(told)
    ]
    published = [out.value or b"" for out in world.outputs if out.topic == advice]

    shares = [day.told_by_age for day in world.days]
    assert len(set(shares)) == len(shares) == 2
    assert {said.entity_id for said in bids(world)} == {"x", "y"}
    for value in published:
        said = decode(value, Recommendation)
        assert advised_again(world.policy, said, records, (0, 1)) == value


def test_a_bid_that_comes_out_otherwise_is_held_against_that_on_the_same_ad_set() -> None:
    world = World()
    world.plan(strategy="even", bid=Bid(base=Decimal("0.15")))
    rows = [a_row("search", 50, 3.0, ad_set_id=each) for each in ("x", "y")]
    world.metrics(*(an_event(number, rows) for number in range(25)))
    days = world.policy.topic(topics.BREAKDOWNS)
    (told,) = (out for out in world.outputs if out.topic == days)
    day = decode(told.value or b"", Breakdowns)
    aged = structs.replace(day, told_by_age=(0.5,) * 17, delays_taught=True)
    record = Stored(days, 0, told.timestamp or 0, told.key, encode(aged))

    for said in bids(world):
        again = decode(advised_again(world.policy, said, [record], (0, 1)) or b"", Recommendation)
        assert again.entity_id == said.entity_id
        # Six in a hundred clicks have bought by then, and that is said to be half of all who will.
        rate = float(str(again.reasons[0].evidence["rate"]))
        assert rate == pytest.approx(2 * 0.06, rel=0.01)
        assert again != said
