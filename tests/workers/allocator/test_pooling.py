"""Closed days become priors, and priors become plans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import pooling
from schemas import HoldReason, Prior, PriorLevel, Shape, account_key, decode, encode, topics
from tests.workers.optimizer.world import START, World, an_event
from tests.workers.stored import Stored
from workers.allocator.policy import AllocatorPolicy
from workers.allocator.pooling import shapes_step
from workers.delivery.api import Output, Step
from workers.optimizer.zones import ZoneBook
from workers.partitioner import partition_of

PARTITIONS = 5
PRIORS = "pacekeeper.priors.v1"
SHAPES = "pacekeeper.shapes.v1"
ZONES = ZoneBook()
WRITTEN = int((START + timedelta(days=365)).timestamp() * 1_000)
"""When the records of the tests are written: once all days are over, milliseconds."""


def a_shape(account: str, campaign: int, day: int, clicks: Sequence[int]) -> Shape:
    on = date(2026, 3, 2) + timedelta(days=day)
    return Shape(
        platform="google" if account < "m" else "meta",
        account_id=account,
        campaign_id=str(campaign),
        day=on,
        weekday=on.weekday(),
        timezone="UTC",
        local_hours=tuple(range(24)),
        observed=(True,) * 24,
        impressions=(1_000,) * 24,
        clicks=tuple(clicks),
        spend_minor=(100,) * 24,
        conversion_thousandths=(0,) * 24,
        closed_at=START + timedelta(days=day + 1),
    )


@dataclass
class Partition:
    """One partition of the allocator, and its table."""

    partition: int
    partitions: int = PARTITIONS
    rows: dict[bytes, bytes] = field(default_factory=dict)

    def table(self, _: str) -> dict[bytes, bytes]:
        return self.rows

    def broadcast(self, _: str) -> dict[bytes, bytes]:
        return {}

    def feed(self, records: Sequence[Stored]) -> Step:
        step = shapes_step(AllocatorPolicy(), ZONES, self, records)
        self.rows |= {key: value for key, value in step.writes.items() if value}
        return step


def pool(shapes: Sequence[Shape]) -> tuple[dict[bytes, Prior], list[Partition]]:
    """Let all partitions work until nothing is sent on; return the last prior of each key."""
    workers = [Partition(number) for number in range(PARTITIONS)]
    priors: dict[bytes, Prior] = {}
    waiting = [
        Output(SHAPES, account_key(shape.platform, shape.account_id), encode(shape))
        for shape in shapes
    ]
    while waiting:
        output = waiting.pop(0)
        key = output.key or b""
        owner = workers[partition_of(key, PARTITIONS)]
        assert output.partition in (None, owner.partition)
        step = owner.feed([Stored(SHAPES, 0, WRITTEN, key, output.value)])
        assert not step.dead_letters
        for made in step.outputs:
            if made.topic == PRIORS:
                priors[made.key or b""] = decode(made.value or b"", Prior)
            else:
                waiting.append(made)
    return priors, workers


SOME = [
    a_shape(account, number, day, [hour * (1 + number) for hour in range(24)])
    for account in ("a", "b", "z")
    for number in range(2)
    for day in range(3)
]


def test_each_scope_has_one_owner_and_counts_each_day_once() -> None:
    priors, workers = pool(SOME)
    assert set(priors) == {b"google:a", b"google:b", b"meta:z", b"google", b"meta", b"*"}
    for key in priors:
        owners = [worker.partition for worker in workers if key in worker.rows]
        assert owners == [partition_of(key, PARTITIONS)]
    assert [priors[key].version for key in (b"google:a", b"google", b"*")] == [6, 12, 18]
    assert [priors[key].campaigns for key in (b"google:a", b"google", b"*")] == [2, 4, 6]
    assert priors[b"*"].level is PriorLevel.ALL


def test_what_all_campaigns_share_is_found() -> None:
    prior = pool(SOME)[0][b"*"]
    monday = np.array(prior.weights[:24])
    assert abs(np.mean(prior.weights) - 1.0) < 1e-4
    assert np.allclose(monday[1:] / monday[23], np.arange(1, 24) / 23, atol=1e-3)
    assert prior.concentration == pooling.STRONGEST


def test_campaigns_that_are_unlike_make_a_weak_prior() -> None:
    chance = np.random.default_rng(1)
    shapes = [
        a_shape("a", i, day, chance.poisson(40 * chance.gamma(4.0, 0.25, 24)).tolist())
        for i in range(40)
        for day in range(7)
    ]
    assert 2.0 < pool(shapes)[0][b"*"].concentration < 6.0


@given(st.permutations(range(len(SOME))))
@settings(max_examples=10, deadline=None)
def test_pooled_shapes_do_not_depend_on_the_order_of_days(order: list[int]) -> None:
    priors = pool([SOME[i] for i in order])[0]
    assert {k: p.weights for k, p in priors.items()} == {
        k: p.weights for k, p in pool(SOME)[0].items()
    }


def test_a_shape_under_a_key_of_another_account_is_put_aside() -> None:
    record = Stored(SHAPES, 0, WRITTEN, b"google:b", encode(SOME[0]))
    step = Partition(0).feed([record])
    assert [letter.reason for letter in step.dead_letters] == ["key_mismatch"]
    assert not step.outputs


def test_a_new_campaign_is_paced_by_what_others_have_taught() -> None:
    world = World()
    world.plan(strategy="dayparting")
    world.metrics(an_event(0))
    assert world.advice[-1].hold_reason is HoldReason.TOO_LITTLE_DATA
    prior = pool(SOME)[0][b"*"]
    world.broadcasts[world.policy.topic(topics.PRIORS)] = {b"*": encode(prior)}
    world.metrics(an_event(1))
    advice = world.advice[-1]
    assert advice.prior_version == prior.version
    assert sum(advice.hour_plan) == Decimal("232.00")
    assert list(advice.hour_plan) == sorted(advice.hour_plan)
    assert advice.hour_plan[-1] > advice.hour_plan[0]
