"""How campaigns stand, with intervals that hold what they say."""

from __future__ import annotations

from dataclasses import fields, replace
from math import exp, factorial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.arrays import Floats
from engine.intervals import ENDLESS, LIKELY, per_cost, per_count, poisson_limits, share
from engine.status import (
    RISKS,
    UNKNOWN,
    Budgets,
    Counts,
    Status,
    budgets_together,
    status,
    together,
)

quick = settings(max_examples=100, deadline=None)
numbers = st.integers(0, 10**6).map(float)
parts = st.lists(st.tuples(numbers, numbers, numbers, numbers), min_size=1, max_size=5)


def column(*values: float) -> Floats:
    return np.array(values, dtype=np.float64)


@given(st.integers(1, 10_000), st.data())
@quick
def test_the_limits_of_a_share_are_those_shares_from_which_it_is_just_that_far(
    trials: int, data: st.DataObject
) -> None:
    hits = data.draw(
        st.integers(1, max(trials - 1, 1)).filter(lambda hits: hits < trials) | st.just(0)
    )
    found = share(column(hits), column(trials))
    seen = hits / trials
    for limit in (found.low[0], found.high[0]):
        if 0.0 < limit < 1.0:
            far = LIKELY * np.sqrt(limit * (1.0 - limit) / trials)
            assert abs(seen - limit) == pytest.approx(far, rel=1e-6)
    assert 0.0 <= found.low[0] <= found.middle[0] <= found.high[0] <= 1.0


def test_nothing_tried_is_nothing_known_and_all_hit_may_be_certain() -> None:
    found = share(column(0, 5, 7), column(0, 5, 5))
    assert (found.low[0], found.high[0]) == (0.0, 1.0)
    assert found.high.tolist() == [1.0, 1.0, 1.0]
    assert found.low[1] == found.low[2] > 0.5


@pytest.mark.parametrize("count", [1, 2, 5, 20, 100])
def test_the_limits_of_a_count_leave_a_tenth_on_either_side(count: int) -> None:
    least, most = (float(each[0]) for each in poisson_limits(column(count)))

    def at_most(mean: float, many: int) -> float:
        return sum(exp(-mean) * mean**k / factorial(k) for k in range(many + 1))

    assert 1.0 - at_most(least, count - 1) == pytest.approx(0.1, abs=0.012)
    assert at_most(most, count) == pytest.approx(0.1, abs=0.003)


@given(st.floats(0.0, 1e9), st.integers(0, 10**6))
@quick
def test_cost_per_conversion_lies_between_its_limits(cost: float, count: int) -> None:
    found = per_count(column(cost), column(count))
    assert found.low[0] <= found.middle[0] <= found.high[0] <= ENDLESS
    assert found.middle[0] == (pytest.approx(cost / count) if count else ENDLESS)


def test_the_interval_of_revenue_per_cost_holds_four_of_five() -> None:
    chance, count = np.random.default_rng(2), 20_000
    orders = chance.poisson(40.0, count)
    revenue = np.array([chance.exponential(10.0, many).sum() for many in orders])
    found = per_cost(revenue, np.full(count, 100.0), orders.astype(np.float64))
    held = (found.low <= 4.0) & (found.high >= 4.0)
    assert held.mean() == pytest.approx(0.8, abs=0.02)
    nothing = per_cost(column(0.0), column(9.0), column(0.0))
    assert (nothing.low[0], nothing.high[0]) == (0.0, ENDLESS)


def counts(*rows: tuple[float, float, float, float]) -> Counts:
    spend, clicks, conversions, revenue = (
        np.array(part, dtype=float) for part in zip(*rows, strict=True)
    )
    return Counts(spend=spend, clicks=clicks, conversions=conversions, revenue=revenue)


def budgets(count: int = 1, target: float = 10.0, **given_: list[float]) -> Budgets:
    """Return budgets of 100 a day, 700 a week and 3,000 a month, half of each spent as meant."""
    usual = {"budget": [100, 700, 3_000], "spent": [50, 350, 1_500], "expected": [50, 350, 1_500]}
    rows = {
        name: np.tile(np.array(row, float), (count, 1)) for name, row in {**usual, **given_}.items()
    }
    return Budgets(target_cpa=np.full(count, target), **rows)


GOOD = (400.0, 900.0, 60.0, 2_000.0)
CAUSES: dict[str, dict[str, Any]] = {
    "budget_used_up": {"budgets": budgets(spent=[100, 350, 1_500], expected=[100, 350, 1_500])},
    "runs_out_early": {"budgets": budgets(spent=[50, 350, 1_900])},
    "left_over": {"budgets": budgets(spent=[50, 250, 1_500])},
    "target_missed": {"budgets": budgets(target=5.0)},
    "nothing_comes_back": {"now": counts((21.0, 40.0, 0.0, 0.0))},
    "getting_worse": {"before": counts((400.0, 900.0, 100.0, 9.0))},
    "little_known": {"now": counts((120.0, 300.0, 19.0, 600.0))},
}


def of(**given_: Any) -> Status:  # noqa: ANN401 -- counts or budgets
    usual = {"now": counts(GOOD), "before": counts(GOOD), "budgets": budgets()}
    return status(**{**usual, **given_})


def named(found: Status) -> list[str]:
    return [name for name, at in zip(RISKS, found.risks[0].tolist(), strict=True) if at]


def test_every_risk_has_a_cause_here_and_a_campaign_that_is_well_has_none() -> None:
    assert tuple(CAUSES) == RISKS
    assert named(of()) == []


@pytest.mark.parametrize("risk", RISKS)
def test_each_cause_alone_is_named_for_what_it_is(risk: str) -> None:
    # A budget that buys nothing tells little, too, and misses its target.
    others = {"nothing_comes_back": {"little_known", "target_missed"}}.get(risk, set())
    found = set(named(of(**CAUSES[risk])))
    assert risk in found
    assert found - {risk} <= others


def test_a_campaign_in_numbers() -> None:
    found = of()
    assert found.utilisation.tolist() == [[0.5, 0.5, 0.5]]
    assert found.pace.tolist() == [[1.0, 1.0, 1.0]]
    assert found.cost_per_conversion.middle[0] == pytest.approx(400 / 60)
    assert found.conversion_rate.middle[0] == pytest.approx(60 / 900)
    assert found.revenue_per_cost.middle[0] == pytest.approx(5.0)
    assert found.efficiency[0] == pytest.approx(10 * 60 / 400)
    assert found.confidence[0] == pytest.approx(60 / 80)
    assert found.trend.tolist() == [0]
    assert of(before=counts((400.0, 900.0, 20.0, 9.0))).trend.tolist() == [1]
    assert of(budgets=budgets(target=0.0)).efficiency.tolist() == [UNKNOWN]
    assert of(budgets=budgets(budget=[0, 0, 0])).utilisation.tolist() == [[UNKNOWN] * 3]


@given(parts)
@quick
def test_an_account_is_the_campaign_that_did_what_all_of_its_campaigns_did(
    rows: list[tuple[float, float, float, float]],
) -> None:
    each, own = counts(*rows), budgets(len(rows))
    whole = status(together(each), together(each), budgets_together(own, each.conversions))
    sums = np.array(rows).sum(axis=0)
    alone = status(counts(tuple(sums)), counts(tuple(sums)), budgets())
    for name in ("confidence", "utilisation", "pace", "trend"):
        np.testing.assert_allclose(getattr(whole, name), getattr(alone, name), rtol=1e-9)
    for name in ("conversion_rate", "cost_per_conversion", "revenue_per_cost"):
        one, other = getattr(whole, name), getattr(alone, name)
        np.testing.assert_allclose(one.middle, other.middle, rtol=1e-9)
    missing = replace(own, target_cpa=np.where(np.arange(len(rows)) == 0, 0.0, 5.0))
    assert budgets_together(missing, each.conversions).target_cpa.tolist() == [0.0]


@given(parts, parts)
@quick
def test_a_campaign_stands_alike_alone_and_in_any_company(
    rows: list[tuple[float, float, float, float]], more: list[tuple[float, float, float, float]]
) -> None:
    company = status(counts(*rows, *more), counts(*rows, *more), budgets(len(rows) + len(more)))
    alone = status(counts(rows[0]), counts(rows[0]), budgets())
    for each in fields(Status):
        one, other = getattr(company, each.name), getattr(alone, each.name)
        if isinstance(one, np.ndarray):
            assert one[0].tolist() == other[0].tolist()
        else:
            assert one.high[0] == other.high[0]


@given(parts, st.sampled_from([0.01, 100.0, 1_000.0]))
@quick
def test_the_unit_of_money_moves_no_share_no_risk_and_no_trend(
    rows: list[tuple[float, float, float, float]], unit: float
) -> None:
    def in_unit(scale: float) -> Status:
        money = [(s * scale, k, n, r * scale) for s, k, n, r in rows]
        own = budgets(len(rows), 10.0 * scale)
        own = replace(
            own, budget=own.budget * scale, spent=own.spent * scale, expected=own.expected * scale
        )
        return status(counts(*money), counts(*money), own)

    one, other = in_unit(1.0), in_unit(unit)
    np.testing.assert_allclose(one.efficiency, other.efficiency, rtol=1e-9)
    np.testing.assert_allclose(one.revenue_per_cost.low, other.revenue_per_cost.low, rtol=1e-9)
    assert one.trend.tolist() == other.trend.tolist()
