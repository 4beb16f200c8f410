"""The shapes that campaigns are paced by: their account's, else their platform's, else all's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from engine import pacer
from engine.arrays import Floats
from engine.day_shapes import DayShapes, ShapeSums, add_weeks, no_days, of_campaigns, pooled
from engine.response import Observed
from schemas import Prior, PriorLevel, encode
from schemas.codec import decode
from tests.workers.optimizer.world import START
from workers.optimizer import shape_priors
from workers.optimizer.shape_priors import ShapeBook
from workers.spend_days import read, written

ACCOUNT = ("google", "7")
COSINE = np.cos(2 * np.pi * (np.arange(24) - 19) / 24)


def taught(seed: int, weeks: int, peak: int) -> ShapeSums:
    """Return the sums over weeks of campaigns whose days have their peak some hours later."""
    chance = np.random.default_rng(seed)
    swing = chance.normal(0.8, 0.2, (weeks, 1, 1))
    noise = chance.normal(0.0, 0.1, (weeks, 7, 24))
    return add_weeks(
        no_days(), chance.normal(5.0, 1.0, (weeks, 7, 1)) + swing * np.roll(COSINE, peak) + noise
    )


ALL, PLATFORM, OWN = taught(1, 40, 0), taught(2, 9, 2), taught(3, 2, 5)


def a_prior(level: PriorLevel, spend: ShapeSums, version: int, campaigns: int = 40) -> Prior:
    return Prior(
        version=version,
        level=level,
        platform=None if level is PriorLevel.ALL else "google",
        account_id="7" if level is PriorLevel.ACCOUNT else None,
        weights=(1.0,) * 168,
        evidence=3.0,
        concentration=5.0,
        campaigns=campaigns,
        spend=written(spend),
        computed_at=START,
    )


KNOWN = {
    prior.key: encode(prior)
    for prior in (
        a_prior(PriorLevel.ALL, ALL, 100),
        a_prior(PriorLevel.PLATFORM, PLATFORM, 20),
        a_prior(PriorLevel.ACCOUNT, OWN, 3),
    )
}


def assert_same(shapes: DayShapes, at: int, expected: DayShapes) -> None:
    assert shapes.mean[at] == pytest.approx(expected.mean[0], abs=1e-6)
    assert shapes.covariance[at] == pytest.approx(expected.covariance[0], abs=1e-6)


def test_an_account_leans_on_its_platform_this_on_all_and_these_on_what_is_assumed() -> None:
    accounts = [ACCOUNT, ("google", "8"), ("meta", "7"), ACCOUNT]
    shapes, versions, unreadable = ShapeBook().shapes(KNOWN, accounts)

    assert_same(shapes, 0, pooled(OWN, [ALL, PLATFORM]))
    assert_same(shapes, 1, pooled(PLATFORM, [ALL]))
    assert_same(shapes, 2, pooled(ALL))
    assert (shapes.mean[3] == shapes.mean[0]).all()
    assert versions.tolist() == [123, 120, 100, 123]
    assert unreadable == 0


def test_where_nothing_was_pooled_it_is_what_is_assumed() -> None:
    clicks_only = replace(decode(KNOWN[b"*"], Prior), spend=None)
    for latest in ({}, {b"*": encode(clicks_only)}):
        shapes, versions, unreadable = ShapeBook().shapes(latest, [ACCOUNT])
        assert_same(shapes, 0, pooled(no_days()))
        assert (versions.tolist(), unreadable) == ([0], 0)


def test_no_campaign_has_no_shapes() -> None:
    shapes, versions, unreadable = ShapeBook().shapes(KNOWN, [])
    assert (len(shapes.mean), len(shapes.covariance), len(versions), unreadable) == (0, 0, 0, 0)


def test_days_of_one_campaign_do_not_make_its_shape_sure_for_the_whole_account() -> None:
    lonely = a_prior(PriorLevel.ACCOUNT, taught(4, 60, 6), 3, campaigns=1)
    shapes, _, _ = ShapeBook().shapes({**KNOWN, lonely.key: encode(lonely)}, [ACCOUNT])

    own = of_campaigns(read(lonely.spend), 1)
    assert own.days.sum() == pytest.approx(7.0)
    assert_same(shapes, 0, pooled(own, [ALL, PLATFORM]))


def test_a_record_that_cannot_be_read_is_left_out_and_counted_for_each_campaign() -> None:
    broken = encode(decode(KNOWN[b"google"], Prior)).replace(b'"mean":"', b'"mean":"A')
    for value in (b"no prior", broken):
        known = {**KNOWN, b"google": value}
        shapes, versions, unreadable = ShapeBook().shapes(known, [ACCOUNT, ("meta", "7"), ACCOUNT])
        assert_same(shapes, 0, pooled(OWN, [ALL]))
        assert (versions.tolist(), unreadable) == ([103, 100, 103], 2)


def test_a_record_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[bytes] = []

    def counting(value: bytes, kind: type[Prior]) -> Prior:
        reads.append(value)
        return decode(value, kind)

    monkeypatch.setattr(shape_priors, "decode", counting)
    book = ShapeBook()
    for _ in range(3):
        book.shapes(KNOWN, [ACCOUNT, ("google", "8")])
    newer = {**KNOWN, b"*": encode(a_prior(PriorLevel.ALL, taught(9, 41, 0), 101))}
    for _ in range(3):
        book.shapes(newer, [ACCOUNT, ("google", "8")])

    assert sorted(reads) == sorted([*KNOWN.values(), newer[b"*"]])


def test_what_is_remembered_is_bounded_and_forgetting_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shape_priors, "_MOST", 3)
    monkeypatch.setattr(shape_priors, "_SLICE", 2)
    accounts = [("google", str(number)) for number in range(10)]
    priors = [
        replace(a_prior(PriorLevel.ACCOUNT, taught(at, 1 + at, at), 1), account_id=name)
        for at, (_, name) in enumerate(accounts)
    ]
    known: Mapping[bytes, bytes] = {**KNOWN, **{prior.key: encode(prior) for prior in priors}}
    book = ShapeBook()
    first, again = (book.shapes(known, accounts)[0] for _ in range(2))

    assert first.mean.tobytes() == again.mean.tobytes()
    for at in range(10):
        assert_same(first, at, pooled(taught(at, 1 + at, at), [ALL, PLATFORM]))


def decisions(shapes: DayShapes) -> Floats:
    """Pace a day of campaigns; return their log multipliers and caps, hour by hour."""
    chance = np.random.default_rng(8)
    count, budget = len(shapes.mean), np.full(len(shapes.mean), 2_400.0)
    pacing = pacer.start(shapes, budget / 24, np.zeros(count))
    spent, force, made = np.zeros(count), np.zeros(count), []
    for hour in range(24):
        left = np.tile(np.arange(hour, 24), (count, 1))
        now = (force, np.zeros(count, dtype=np.int64))
        choice = pacer.decide(pacing, shapes, left, budget - spent, now)
        force = choice.log_multiplier
        made.append(np.concatenate([force, np.log(choice.cap)]))
        asked = 120.0 * np.exp(1.5 * force + COSINE[hour] + chance.normal(0.0, 0.1, count))
        fields: dict[str, Any] = {"cells": np.full(count, hour), "log_multiplier": force}
        spend = np.minimum(asked, choice.cap)
        spent = spent + spend
        seen = Observed(
            **fields,
            spend=spend,
            impressions=10.0 * spend,
            capped=asked > choice.cap,
            usable=np.ones(count, dtype=np.bool_),
        )
        pacing = pacer.learn_hour(pacing, shapes, seen)
    return np.array(made)


def test_a_prior_that_went_over_the_wire_paces_as_the_sums_themselves_would() -> None:
    told, _, _ = ShapeBook().shapes(KNOWN, [ACCOUNT, ("google", "8"), ("meta", "7")])
    direct = [pooled(OWN, [ALL, PLATFORM]), pooled(PLATFORM, [ALL]), pooled(ALL)]
    kept = DayShapes(
        mean=np.concatenate([each.mean for each in direct]),
        covariance=np.concatenate([each.covariance for each in direct]),
    )
    wire, memory = decisions(told), decisions(kept)

    assert np.abs(wire - memory)[np.isfinite(memory)].max() < 1e-6
    assert np.abs(memory[1:] - memory[:-1]).max() > 1e-2
