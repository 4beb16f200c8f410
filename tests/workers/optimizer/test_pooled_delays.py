"""What a campaign learns of its delay goes to all others, once, and they begin with it."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine import delay, delay_pool
from engine.arrays import Floats
from engine.delay import AGES, Delays
from schemas import Prior, PriorLevel, Shape, decode, encode, topics
from tests.workers.allocator.test_pooling import SHAPES, SOME, WRITTEN, Partition, a_shape, pool
from tests.workers.explain.histories import Kept
from tests.workers.optimizer.test_adaptive import FREE
from tests.workers.optimizer.test_decisions import entry
from tests.workers.optimizer.world import KEY, START, World, a_plan, an_event, hour
from tests.workers.stored import Stored
from workers.explain.replay import Replay
from workers.optimizer.delays import delays_of
from workers.optimizer.draft import Draft
from workers.optimizer.tables import METRICS, delay_key
from workers.pooled_delays import told, written

LATER = 6
"""Hours after which an hour is told again, with four times as many conversions."""


def steered(world: World) -> None:
    world.plan(a_plan(strategy="adaptive", guardrails=FREE, target_cpa=Decimal(4)))


def live(world: World, numbers: range, times: int = 1) -> None:
    for number in numbers:
        events = [an_event(number, conversions=Decimal(1), emitted_at=hour(number + 1))]
        if number >= LATER:
            again = hour(number + 1)
            events.append(an_event(number - LATER, conversions=Decimal(4), emitted_at=again))
        world.metrics(*events * times)


def shapes_of(world: World) -> list[Shape]:
    name = world.policy.topic(topics.SHAPES)
    return [decode(out.value or b"", Shape) for out in world.outputs if out.topic == name]


def grown(shape: Shape) -> int:
    late = shape.late_conversions
    return sum(late.growth_thousandths) if late else 0


@pytest.mark.parametrize("times", [1, 2])
def test_closed_days_carry_what_hours_grew_by_and_no_growth_twice(times: int) -> None:
    world = World()
    steered(world)
    live(world, range(97), times)

    # 3 more for each hour told again before the day was closed, by the first hour of the next.
    assert [grown(each) for each in shapes_of(world)] == [
        3_000 * count for count in (18, 24, 24, 24)
    ]


def test_a_campaign_without_a_target_carries_nothing_of_delays() -> None:
    world = World()
    world.plan(a_plan(strategy="adaptive", guardrails=FREE))
    live(world, range(49))

    assert [each.late_conversions for each in shapes_of(world)] == [None, None]


def test_what_was_stored_before_delays_were_pooled_is_read_and_learned_on_from() -> None:
    """A row of format 1: the time, and 16 sums each of growth and level in double precision."""
    growth, level = np.arange(16.0), 5.0 + np.arange(16.0)
    now = int(hour(1).timestamp())
    value = b"\x01" + now.to_bytes(8, "little") + growth.astype("<f8").tobytes()
    value += level.astype("<f8").tobytes()
    world = World()
    steered(world)
    world.table("metrics")[delay_key(KEY)] = value  # type: ignore[index]

    before = delays_of(Draft(world.policy, world, METRICS), [KEY])
    assert (before.growth[0].tolist(), before.level[0].tolist()) == (
        growth.tolist(),
        level.tolist(),
    )
    live(world, range(25))
    assert [grown(each) for each in shapes_of(world)] == [54_000]
    after = delays_of(Draft(world.policy, world, METRICS), [KEY])
    assert after.growth[0].sum() == pytest.approx(growth.sum() + 57.0, rel=0.05)
    assert len(world.table("metrics")[delay_key(KEY)]) <= 2_048


def late_shape(account: str, campaign: int, day: int, growth: int = 4) -> Shape:
    steps = np.full(16, float(growth))
    shape = a_shape(account, campaign, day, [5] * 24)
    return replace(shape, late_conversions=told(steps, 3.0 * steps))


LATE = [
    late_shape(account, campaign, day, 2 + campaign)
    for account in ("a", "b", "z")
    for campaign in range(2)
    for day in (0, 1, 40)
]


@given(st.permutations(range(len(LATE))), st.lists(st.integers(0, len(LATE) - 1), max_size=6))
@settings(max_examples=10, deadline=None)
def test_pooled_delays_depend_on_neither_order_nor_repeats(
    order: list[int], repeats: list[int]
) -> None:
    straight, moved = pool(LATE)[0], pool([LATE[i] for i in order + repeats])[0]

    assert {key: prior.delay for key, prior in moved.items()} == {
        key: prior.delay for key, prior in straight.items()
    }
    assert straight[b"*"].delay is not None
    assert straight[b"*"].delay.campaigns == 6.0


def test_days_of_before_delays_were_pooled_teach_none() -> None:
    priors, workers = pool(SOME)

    assert {prior.delay for prior in priors.values()} == {None}
    assert not any(b"\0delay" in key for worker in workers for key in worker.rows)


def test_a_record_of_before_the_pool_and_one_of_after_it_add_up() -> None:
    old, new = a_shape("a", 1, 0, [5] * 24), late_shape("a", 1, 1)
    worker = Partition(0, partitions=1)
    worker.feed([Stored(SHAPES, 0, WRITTEN, b"google:a", encode(each)) for each in (old, new)])
    kept = delay_pool.pooled(delay_pool.unpack(worker.rows[b"google:a\0delay"]))

    assert kept.campaigns == 1.0
    # 12 conversions through a step of which 50 count for half: 50 / 62 of them.
    assert kept.delays.growth[0] == pytest.approx(np.full(16, 4 * 50 / 62), abs=2e-3)


def taught(mean: float, version: int) -> Prior:
    """Return a prior of all campaigns: 20 of them with an exponential delay, 40 sales a day."""
    since = np.array(AGES)[:, None] + (np.arange(200) + 0.5) / 200
    share: Floats = (1.0 - np.exp(-since / mean)).mean(axis=1)
    sums = delay_pool.unpack(b"")
    growth, level = 40.0 * np.diff(share), 20.0 * (share[1:] + share[:-1])
    late = told(growth, level)
    assert late is not None
    arrays = [np.array(each) for each in (late.growth_thousandths, late.level_thousandths)]
    for day in range(14 * 20):
        sums = delay_pool.add_day(sums, 28 * 700 + day // 20, *arrays)
    return Prior(
        version=version,
        level=PriorLevel.ALL,
        weights=(1.0,) * 168,
        evidence=0.0,
        concentration=0.0,
        campaigns=20,
        delay=written(sums),
        computed_at=START,
    )


def first_bid(prior: Prior | None) -> tuple[Decimal, int]:
    """Return the multiplier after 30 hours of which the last day's conversions are to come."""
    world = World()
    steered(world)
    if prior:
        world.broadcasts[world.policy.topic(topics.PRIORS)] = {b"*": encode(prior)}
    for number in range(30):
        world.metrics(an_event(number, spend=Decimal(8), conversions=Decimal(number < 18)))
    advice = world.advice[-1]
    assert advice.recommended_value is not None
    return advice.recommended_value, advice.prior_version


def test_a_new_campaign_bids_by_the_delay_of_others_and_names_the_version() -> None:
    """Few conversions by now are bad news where they come at once, and none where they are late."""
    soon, fixed, late = (first_bid(each) for each in (taught(4.0, 7), None, taught(72.0, 9)))

    assert soon[0] < fixed[0] < late[0]
    assert (soon[1], fixed[1], late[1]) == (7, 0, 9)


def test_a_decision_by_pooled_delays_is_replayed_byte_for_byte() -> None:
    world = Kept()
    plan = a_plan(strategy="adaptive", guardrails=FREE, target_cpa=Decimal(4))
    world.feed("plans", [world.stored(topics.PLANS, encode(plan), START, key=KEY)])
    said = entry("1.1", 2, field="bid_multiplier", hourly_cap=Decimal(20))
    world.feed("audit", [world.stored(topics.AUDIT, encode(said), said.at, key=KEY)])
    for version, start in enumerate(range(0, 80, 20), start=1):
        world.tell(topics.PRIORS, taught(4.0 * 2**version, version), start)
        live(world, range(start, start + 20))
        world.wall += 3_600_000
    history = world.history()
    last = len(history.published) - 1

    whole = Replay(policy=world.policy, history=history, target=last).run()

    assert {each.advice.prior_version for each in history.published} == {1, 2, 3, 4}
    assert whole.recomputed == history.published[last].value
    assert (list(whole.differing), list(whole.missing)) == ([], [])


def test_what_the_records_carry_rounds_to_thousandths() -> None:
    late = told(np.full(16, 1.23456, dtype=np.float32), np.full(16, 2.0, dtype=np.float32))

    assert late is not None
    assert set(late.growth_thousandths) == {1_235}
    assert told(np.zeros(16), np.full(16, 1e-5)) is None


def test_own_restatements_take_over_from_what_others_teach() -> None:
    steps = delay_pool.lessons([delay_pool.no_sums()])
    much = Delays(growth=np.full((1, 16), 1e4), level=np.full((1, 16), 1e5))

    own = delay.mature(much, steps).logs[0]
    assert own == pytest.approx(np.append(-0.1 * np.arange(16, 0, -1), 0.0), rel=0.02)
