"""Closed days become shapes of spend, and these a prior of the pacer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.arrays import Floats
from engine.day_shapes import add_weeks, no_days, pooled
from engine.response import FIRST_ELASTICITY
from schemas import Shape, SpendDays, account_key, encode
from tests.workers.allocator.test_pooling import (
    PARTITIONS,
    PRIORS,
    SHAPES,
    WRITTEN,
    Partition,
    a_shape,
    pool,
)
from tests.workers.stored import Stored
from workers.partitioner import partition_of
from workers.spend_days import read

CHANCE = np.random.default_rng(6)
COSINE = np.cos(2 * np.pi * (np.arange(24) - 19) / 24)
WEEKDAY = np.array([0.1, 0.2, 0.0, 0.0, 0.0, -0.1, -0.2])
LOGS = (
    CHANCE.normal(13.0, 1.0, (6, 1, 1))
    + WEEKDAY[:, None]
    + CHANCE.normal(0.8, 0.2, (6, 7, 1)) * COSINE
    + CHANCE.normal(0.0, 0.1, (6, 7, 24))
)
"""Log spend, minor units, of six campaigns' weeks."""


def spent(account: str, campaign: int, day: int, log_spend: Floats, **given: Any) -> Shape:  # noqa: ANN401 -- fields of a record
    minor = np.rint(np.exp(log_spend)).astype(np.int64)
    shape = a_shape(account, campaign, day, [50] * 24)
    return replace(shape, spend_minor=tuple(minor.tolist()), **given)


def weeks(logs: Floats = LOGS, **given: Any) -> list[Shape]:  # noqa: ANN401 -- fields of a record
    """Return the days of campaigns, two of each account, day after day."""
    return [
        spent("abz"[at // 2], at, day, logs[at, day], **given)
        for day in range(7)
        for at in range(len(logs))
    ]


def said(shapes: Sequence[Shape], key: bytes) -> SpendDays:
    spend = pool(shapes)[0][key].spend
    assert spend is not None
    return spend


def tables(workers: Sequence[Partition]) -> dict[bytes, bytes]:
    return {key: value for worker in workers for key, value in worker.rows.items()}


@pytest.mark.parametrize(
    ("key", "of"),
    [
        (b"google:a", slice(0, 2)),
        (b"meta:z", slice(4, 6)),
        (b"google", slice(0, 4)),
        (b"*", slice(6)),
    ],
)
def test_each_scope_says_the_mean_and_the_covariance_of_all_its_days(key: bytes, of: slice) -> None:
    spend = said(weeks(), key)
    shapes = LOGS[of] - LOGS[of].mean(axis=2, keepdims=True)
    around = np.cov((shapes - shapes.mean(axis=0)).reshape(-1, 24).T, bias=True)
    levels = LOGS[of].mean(axis=2) - LOGS[of].mean(axis=(1, 2))[:, None]
    mean = np.frombuffer(spend.mean, "<f4").reshape(7, 24)
    covariance = np.frombuffer(spend.covariance, "<f4")

    assert list(spend.days) == [len(shapes)] * 7
    # Minor units are whole: half of one in a hundred thousand.
    assert mean == pytest.approx(shapes.mean(axis=0), abs=2e-5)
    assert covariance == pytest.approx(around[np.tril_indices(24)], abs=2e-5)
    assert spend.weeks == len(shapes)
    assert spend.levels == pytest.approx(levels.mean(axis=0), abs=2e-5)


def test_what_all_campaigns_teach_is_what_the_engine_pools_of_their_weeks() -> None:
    direct = pooled(add_weeks(no_days(), LOGS))
    told = pooled(read(said(weeks(), b"*")))

    assert told.mean == pytest.approx(direct.mean, abs=2e-5)
    assert told.covariance == pytest.approx(direct.covariance, abs=2e-5)


@given(st.permutations(range(42)), st.lists(st.integers(0, 41), max_size=10))
@settings(max_examples=8, deadline=None)
def test_neither_order_nor_repeats_change_what_is_kept(order: list[int], again: list[int]) -> None:
    shapes = weeks()
    straight = tables(pool(shapes)[1])
    mixed = tables(pool([shapes[at] for at in (*order, *again)])[1])
    kept = [key for key in straight if key.endswith((b"\0spend", b"\0told"))]

    assert len(kept) == 6 + 6
    assert {key: mixed[key] for key in kept} == {key: straight[key] for key in kept}


def test_a_day_that_is_told_again_teaches_no_scope_again_and_is_counted() -> None:
    shape = weeks()[0]
    key = account_key(shape.platform, shape.account_id)
    owner = Partition(partition_of(key, PARTITIONS))
    stored = [Stored(SHAPES, at, WRITTEN, key, encode(shape)) for at in range(2)]
    first, again = owner.feed(stored), owner.feed(stored[:1])

    assert [output.topic for output in first.outputs] == [SHAPES, PRIORS]
    assert (first.counts, again.counts) == ({("repeats", SHAPES): 1}, {("repeats", SHAPES): 1})
    assert not again.outputs
    assert not again.writes


def test_a_log_cut_into_other_steps_leaves_the_same_bytes() -> None:
    shapes = [shape for shape in weeks() if shape.account_id == "a"]
    key = b"google:a"
    stored = [Stored(SHAPES, 0, WRITTEN, key, encode(shape)) for shape in shapes]
    at_once, one_by_one = (Partition(partition_of(key, PARTITIONS)) for _ in range(2))
    at_once.feed(stored)
    for each in stored:
        one_by_one.feed([each])

    spend = key + b"\0spend"
    assert at_once.rows[spend] == one_by_one.rows[spend]


def test_the_scale_of_money_changes_nothing() -> None:
    for key in (b"google:a", b"*"):
        cents, yen = said(weeks(), key), said(weeks(LOGS + np.log(1_000.0)), key)
        for name in ("mean", "covariance"):
            one, other = (np.frombuffer(getattr(each, name), "<f4") for each in (cents, yen))
            assert one == pytest.approx(other, abs=2e-5)
        assert cents.levels == pytest.approx(yen.levels, abs=2e-5)


def test_a_multiplier_that_moved_is_taken_back_and_its_week_with_it() -> None:
    """Campaigns that are paced spend alike every day: what they bid says how big the day was."""
    moved = CHANCE.normal(0.0, 0.2, (7, 24)) - WEEKDAY[:, None]
    for elasticity, told in ((FIRST_ELASTICITY, None), (3.0, 3.0)):
        paced = [
            spent(
                "a",
                at,
                day,
                LOGS[at, day] + elasticity * moved[day],
                log_multiplier=tuple(moved[day].tolist()),
                elasticity=told,
            )
            for day in range(7)
            for at in range(2)
        ]
        steady = [shape for shape in weeks() if shape.account_id == "a"]
        one, other = said(paced, b"*"), said(steady, b"*")
        for name in ("mean", "covariance"):
            table, same = (np.frombuffer(getattr(each, name), "<f4") for each in (one, other))
            assert table == pytest.approx(same, abs=1e-4)
        assert one.levels == pytest.approx(other.levels, abs=1e-4)


def test_hours_that_a_budget_of_the_hour_cut_off_do_not_teach_its_plan() -> None:
    """Even hourly budgets make spend flat where the market had an evening."""
    cut = COSINE > 0.5
    flat = np.where(cut, LOGS.mean() + 0.8 * 0.5, LOGS.mean() + 0.8 * COSINE)
    told = [
        spent("a", at, day, flat, capped=tuple(cut.tolist()))
        for at in range(20)
        for day in range(7)
    ]
    untold = [replace(shape, capped=None) for shape in told]
    with_flag, without = (read(said(shapes, b"*")) for shapes in (told, untold))

    still = ~cut
    learned = pooled(with_flag).mean[0].mean(axis=0)
    assert np.diff(learned[still]) == pytest.approx(np.diff(0.8 * COSINE[still]), abs=0.05)
    # What was cut off is not known, and is said to be so.
    unsure, sure = (
        np.diag(pooled(each).covariance[0])[cut].mean() for each in (with_flag, without)
    )
    assert unsure > sure + 0.05


def test_a_day_of_which_too_little_was_seen_teaches_no_shape_but_its_clicks() -> None:
    silent = replace(weeks()[0], spend_minor=(0,) * 24)
    priors = pool([silent])[0]

    assert all(prior.spend is None for prior in priors.values())
    assert priors[b"*"].evidence > 0.0


def test_a_week_that_lacks_a_day_says_nothing_of_how_big_its_days_are() -> None:
    spend = said([shape for shape in weeks() if shape.weekday != 3], b"*")

    assert (sum(spend.days), spend.weeks, spend.levels) == (36.0, 0.0, None)


def test_levels_that_come_under_an_accounts_key_are_not_believed() -> None:
    first = replace(weeks()[0], week_levels=(9.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))

    assert [prior.spend and prior.spend.weeks for prior in pool([first])[0].values()] == [0.0] * 3
