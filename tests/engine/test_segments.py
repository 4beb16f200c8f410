"""Which segments lose: against the gamma distribution itself, and the laws of giving up on one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from engine.arrays import Floats
from engine.segments import (
    HALF,
    LEAST_SURE,
    LIKENESS,
    Judged,
    Segments,
    Yardsticks,
    judge,
    losing,
)

NONE = np.zeros(0)


def held_to(target: float, unit: float = 1.0, dispersion: float = 1.0) -> Yardsticks:
    """Return the yardsticks of one campaign."""
    return Yardsticks(
        target=np.array([target]), unit=np.array([unit]), dispersion=np.array([dispersion])
    )


def of_one(cost: Any, value: Any, **fields: Any) -> Segments:  # noqa: ANN401 -- whatever makes an array
    """Return the segments of one dimension of one campaign."""
    count = len(cost)
    given: dict[str, Any] = {
        "campaign": np.zeros(count, dtype=np.int64),
        "dimension": np.zeros(count, dtype=np.int64),
        "named": np.ones(count, dtype=np.bool_),
        "cost": np.array(cost, dtype=np.float64),
        "value": np.array(value, dtype=np.float64),
    }
    return Segments(**(given | fields))


def lost(segments: Segments, yardsticks: Yardsticks, others: Floats = NONE) -> list[bool]:
    return list(map(bool, losing(judge(segments, yardsticks), others)))


@pytest.mark.parametrize("sold", [0.0, 1.0, 3.0, 10.0, 40.0])
def test_the_chance_is_that_of_the_gamma_posterior(sold: float) -> None:
    target, cost = 0.1, np.array([300.0, 200.0])
    value = np.array([33.0, sold])

    judged = judge(of_one(cost, value), held_to(target))

    level = (value.sum() + 1.0) / (cost.sum() + 1.0 / target)
    posterior = stats.gamma(LIKENESS + value, scale=1.0 / (LIKENESS / level + cost))
    assert judged.chance == pytest.approx(posterior.cdf(HALF * target), abs=0.004)
    for found, share in ((judged.low, 0.1), (judged.middle, 0.5), (judged.high, 0.9)):
        assert found == pytest.approx(posterior.ppf(share) / target, rel=0.02, abs=0.003)


def test_a_segment_that_sells_nothing_for_what_should_have_bought_ten_loses() -> None:
    assert lost(of_one([300.0, 100.0], [40.0, 0.0]), held_to(0.1)) == [False, True]


def test_a_segment_of_little_cost_is_taken_for_its_campaign() -> None:
    judged = judge(of_one([300.0, 20.0], [40.0, 0.0]), held_to(0.1))

    assert judged.chance[1] < LEAST_SURE
    assert not judged.tested[1]


def test_what_reports_do_not_name_is_never_judged() -> None:
    named = np.array([True, False])

    assert lost(of_one([300.0, 100.0], [40.0, 0.0], named=named), held_to(0.1)) == [False] * 2


def test_the_segment_that_carries_the_campaign_is_never_given_up() -> None:
    # By its cost.
    assert lost(of_one([100.0, 300.0], [40.0, 0.0]), held_to(0.1)) == [False, False]
    # By what it sells, though both are below half of the target.
    assert lost(of_one([900.0, 1_000.0], [20.0, 25.0]), held_to(0.1)) == [False, False]


def test_where_all_lose_alike_it_is_the_campaign_that_loses() -> None:
    assert lost(of_one([500.0] * 3, [5.0] * 3), held_to(0.1)) == [False] * 3


def test_a_campaign_without_a_target_is_held_to_the_rest_of_it() -> None:
    segments = of_one([300.0, 100.0, 100.0], [30.0, 0.0, 10.0])

    judged = judge(segments, held_to(float("nan")))

    assert judged.target == pytest.approx([10 / 200, 40 / 400, 30 / 400])
    assert losing(judged, NONE).tolist() == [False, True, False]


def test_revenue_is_less_evidence_than_as_many_conversions() -> None:
    # The same campaign told in conversions and in revenue of 40 each, which vary as much as that.
    by_count = judge(of_one([300.0, 100.0], [40.0, 1.0]), held_to(0.1))
    by_value = judge(of_one([300.0, 100.0], [1_600.0, 40.0]), held_to(4.0, 40.0, 2.0))

    assert by_value.target == pytest.approx(by_count.target * 40.0)
    assert by_value.chance[1] < by_count.chance[1]
    assert by_value.high[1] > by_count.high[1]
    # Half of the conversions for half of the cost: the same rate, seen half as often.
    half, level = LIKENESS + np.array([20.0, 0.5]), 42.0 / 410.0
    posterior = stats.gamma(half, scale=1.0 / (LIKENESS / level + np.array([150.0, 50.0])))
    assert by_value.chance == pytest.approx(posterior.cdf(HALF * 0.1), abs=0.004)


def test_splitting_a_segment_of_another_dimension_changes_nothing() -> None:
    whole = of_one([300.0, 100.0, 400.0], [40.0, 0.0, 40.0], dimension=np.array([0, 0, 1]))
    split = of_one(
        [300.0, 100.0, 250.0, 150.0], [40.0, 0.0, 25.0, 15.0], dimension=np.array([0, 0, 1, 1])
    )

    one, two = judge(whole, held_to(0.1)), judge(split, held_to(0.1))

    for name in Judged.__dataclass_fields__:
        assert getattr(one, name)[:2] == pytest.approx(getattr(two, name)[:2])


def test_a_campaigns_segments_are_judged_alike_in_any_company() -> None:
    alone = judge(of_one([300.0, 100.0], [40.0, 0.0]), held_to(0.1))
    campaign = np.array([1, 0, 1, 0])
    together = judge(
        of_one([300.0, 90.0, 100.0, 7.0], [40.0, 9.0, 0.0, 4.0], campaign=campaign),
        Yardsticks(
            target=np.array([float("nan"), 0.1]), unit=np.ones(2), dispersion=np.array([2.0, 1.0])
        ),
    )

    for name in Judged.__dataclass_fields__:
        assert getattr(together, name)[campaign == 1].tolist() == getattr(alone, name).tolist()


def test_among_many_that_are_tested_it_takes_more_to_be_a_discovery() -> None:
    segments = of_one([300.0, 75.0], [30.0, 0.0])
    judged = judge(segments, held_to(0.1))
    assert 0.95 < judged.chance[1] < 0.99

    assert losing(judged, NONE).tolist() == [False, True]
    assert losing(judged, np.full(200, 0.5)).tolist() == [False, False]


def test_of_those_that_are_said_to_lose_one_in_ten_at_most_does_not() -> None:
    chance = np.random.default_rng(7)
    wrong = said = 0
    for _ in range(200):
        # Rates lie around the campaign's as the prior says; a few are hopeless.
        true = chance.gamma(LIKENESS, 0.1 / LIKENESS, 40)
        true[:8] *= 0.1
        cost = chance.uniform(50.0, 400.0, 40)
        found = losing(judge(of_one(cost, chance.poisson(true * cost)), held_to(0.1)), NONE)
        said += int(found.sum())
        wrong += int((found & (true >= HALF * 0.1)).sum())

    assert said > 400
    assert wrong / said < 0.1


def test_what_is_freed_buys_what_the_rest_brings_less_what_is_given_up() -> None:
    judged = judge(of_one([300.0, 200.0], [60.0, 2.0]), held_to(0.1))

    given_up = (LIKENESS + 2.0) / (LIKENESS * 510.0 / 63.0 + 200.0)
    freed = 200.0 * (1.0 - judged.share[1])
    assert judged.freed[1] == pytest.approx(freed)
    assert judged.gain[1] == pytest.approx(freed * (60.0 / 300.0 - given_up))
    assert judged.share[1] == 0.0 or judged.share[1] == pytest.approx(judged.middle[1])


def test_an_order_of_segments_is_only_an_order() -> None:
    segments = of_one([300.0, 100.0, 90.0], [40.0, 0.0, 6.0])
    turned = replace(segments, cost=segments.cost[::-1].copy(), value=segments.value[::-1].copy())

    for name in Judged.__dataclass_fields__:
        one = getattr(judge(segments, held_to(0.1)), name)
        assert getattr(judge(turned, held_to(0.1)), name)[::-1] == pytest.approx(one)
