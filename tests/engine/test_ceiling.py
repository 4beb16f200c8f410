"""The ceiling keeps a target of cost per result, and judges nothing that is not mature."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import ceiling
from engine.arrays import Floats
from engine.ceiling import ANSWER, UNBOUND, Ceiling, Evidence, Hours, weigh

MATURE = 1.0


def hours(cost: Floats, conversions: Floats, log_multiplier: float = 0.0) -> Hours:
    """Return hours (B, N) whose results are their conversions."""
    return Hours(
        cost=cost,
        log_multiplier=np.full(cost.shape, log_multiplier),
        conversions=conversions,
        results=conversions,
    )


def evidence(
    cost: float, conversions: float, *, log_multiplier: float = 0.0, maturity: float = MATURE
) -> Evidence:
    """Return what one hour tells that has just ended."""
    seen = hours(np.array([[cost]]), np.array([[conversions]]), log_multiplier)
    return weigh(seen, np.array([[maturity]]), np.zeros(1))


@pytest.mark.parametrize("conversions", [0.0, 2.0])
def test_results_that_are_worth_nothing_or_came_without_conversions_bind_and_break_nothing(
    conversions: float,
) -> None:
    known = Evidence(
        exposure=np.array([5.0, 5.0]),
        conversions=np.full(2, conversions),
        results=np.array([0.0, 1e3]),
    )
    with np.errstate(all="raise"):
        found = ceiling.ceiling(known, np.array([0.5, 0.5]), np.ones(2))
    for each in (found.low, found.log_multiplier, found.high):
        assert (np.abs(each) <= UNBOUND).all()
    assert (np.diff(found.log_multiplier) > 0.0).all()


def highest(known: Evidence, target: float) -> Ceiling:
    """Return the ceiling of conversions that may cost ``target``."""
    count = len(known.exposure)
    return ceiling.ceiling(known, np.full(count, target), np.ones(count))


def log_of(known: Evidence, target: float) -> float:
    return float(highest(known, target).log_multiplier[0])


money = st.floats(1.0, 1e7)
some = st.floats(1.0, 1e5)


def test_where_conversions_cost_their_target_the_multiplier_may_stay() -> None:
    known = evidence(5_000_000.0, 100_000.0, log_multiplier=0.7)

    assert log_of(known, 50.0) == pytest.approx(0.7, abs=1e-4)


def test_the_credit_of_the_first_conversions_does_not_let_a_target_be_missed_later() -> None:
    assert log_of(evidence(5_000.0, 100.0), 50.0) == pytest.approx(0.0, abs=1e-3)


@given(conversions=st.floats(0.0, 50.0), more=st.floats(0.01, 50.0))
def test_a_conversion_more_never_lowers_the_ceiling(conversions: float, more: float) -> None:
    fewer = log_of(evidence(900.0, conversions), 50.0)

    assert log_of(evidence(900.0, conversions + more), 50.0) > fewer


@pytest.mark.parametrize("answer", [0.5, 0.75, 1.0])
@pytest.mark.parametrize("first", [-2.0, 1.0])
def test_whatever_the_market_answers_the_multiplier_comes_to_where_the_target_is_met(
    answer: float, first: float
) -> None:
    """A market in which log cost per conversion is ``answer`` times the log multiplier."""
    known, log_multiplier = evidence(0.0, 0.0), first
    for _ in range(100):
        cost = 1e5 * np.exp(answer * log_multiplier)
        day = evidence(cost, 1e5, log_multiplier=log_multiplier)
        known = ceiling.faded(known, 24.0) + day
        log_multiplier = log_of(known, 3.0)

    assert answer * log_multiplier == pytest.approx(np.log(3.0), abs=0.01)


@given(spent=st.floats(0.0, 1.99), target=money, log_multiplier=st.floats(-5, 5))
def test_without_a_conversion_what_two_may_cost_is_spent_before_anything_binds(
    spent: float, target: float, log_multiplier: float
) -> None:
    known = evidence(spent * target, 0.0, log_multiplier=log_multiplier)

    assert log_of(known, target) > log_multiplier


def test_without_a_conversion_the_ceiling_comes_down_as_money_is_spent() -> None:
    spent = np.array([0.0, 1.0, 10.0, 100.0, 1_000.0])
    known = [log_of(evidence(100.0 * each, 0.0), 100.0) for each in spent]

    assert known[0] == UNBOUND
    assert (np.diff(known) < 0.0).all()
    assert known[-1] < 0.0


@given(share=st.floats(0.1, 2.0), cost=money, conversions=some)
def test_an_hour_is_judged_by_the_conversions_that_can_be_reported_by_now(
    share: float, cost: float, conversions: float
) -> None:
    """A share of the final count, reported when that share is expected, tells what it will be."""
    young = evidence(cost / share, conversions, maturity=share)

    assert log_of(young, 50.0) == pytest.approx(log_of(evidence(cost, conversions), 50.0))


@given(cost=money, conversions=some, share=st.floats(0.0, 0.099))
def test_an_immature_hour_is_not_judged_whatever_it_did(
    cost: float, conversions: float, share: float
) -> None:
    young = evidence(cost, conversions, maturity=share)
    known = evidence(100.0, 7.0)

    assert not young.exposure.any()
    assert not young.conversions.any()
    assert log_of(known + young, 20.0) == log_of(known, 20.0)


@given(cost=money, conversions=some, target=money)
def test_a_target_twice_as_high_gives_a_higher_ceiling(
    cost: float, conversions: float, target: float
) -> None:
    known = evidence(cost, conversions)
    raised = log_of(known, 2.0 * target) - log_of(known, target)

    assert raised == pytest.approx(np.log(2.0) / ANSWER)


@given(cost=money, more=money, conversions=some)
def test_dearer_conversions_lower_the_ceiling(cost: float, more: float, conversions: float) -> None:
    dearer = log_of(evidence(cost + more, conversions), 50.0)

    assert dearer < log_of(evidence(cost, conversions), 50.0)


@given(unit=st.floats(1e-3, 1e3), moved=st.floats(-3, 3))
def test_neither_the_unit_of_money_nor_that_of_the_multiplier_changes_anything(
    unit: float, moved: float
) -> None:
    known = evidence(900.0, 12.0, log_multiplier=0.4)
    other = evidence(900.0 * unit, 12.0, log_multiplier=0.4 + moved)

    assert log_of(other, 80.0 * unit) == pytest.approx(log_of(known, 80.0) + moved)


@pytest.mark.parametrize("unit", [1.0, 100.0])
def test_a_target_of_revenue_per_cost_is_kept_in_any_unit_of_money(unit: float) -> None:
    """At 400 % the multiplier 1 has met the target: revenue of 4,000,000 for 1,000,000."""
    cost, revenue = np.array([[1e6]]) * unit, np.array([[4e6]]) * unit
    seen = Hours(
        cost=cost, log_multiplier=np.zeros((1, 1)), conversions=np.array([[1e5]]), results=revenue
    )
    known = weigh(seen, np.ones((1, 1)), np.zeros(1))

    found = ceiling.ceiling(known, np.array([1 / 4.0]), np.array([40.0]) * unit)

    assert found.log_multiplier == pytest.approx([0.0], abs=1e-4)


@pytest.mark.parametrize("unit", [1.0, 100.0])
@pytest.mark.parametrize(("spent", "binds"), [(19.0, False), (21.0, True)])
def test_without_revenue_what_two_orders_allow_is_spent_before_anything_binds(
    unit: float, spent: float, *, binds: bool
) -> None:
    """Two orders of 40 at a target of 400 % allow 20."""
    known = evidence(spent * unit, 0.0)

    found = ceiling.ceiling(known, np.array([1 / 4.0]), np.array([40.0]) * unit)

    assert (found.log_multiplier[0] < 0.0) == binds


def test_without_a_target_nothing_binds() -> None:
    assert log_of(evidence(1e9, 0.0), np.inf) == UNBOUND


def test_hours_that_are_final_can_be_summed_up_and_forgotten() -> None:
    chance = np.random.default_rng(4)
    seen = hours(chance.uniform(1, 9, (3, 50)), chance.poisson(2, (3, 50)).astype(np.float64), 0.3)
    ages = np.arange(49.0, -1.0, -1.0)
    old, new = (
        hours(seen.cost[:, part], seen.conversions[:, part], 0.3)
        for part in (slice(30), slice(30, None))
    )
    share = np.ones((3, 50))

    kept = ceiling.faded(weigh(old, share[:, :30], ages[20:]), 20.0)
    parts = kept + weigh(new, share[:, 30:], ages[30:])

    assert parts.exposure == pytest.approx(weigh(seen, share, ages).exposure)
    assert parts.results == pytest.approx(weigh(seen, share, ages).results)


@pytest.mark.parametrize(("conversions", "most"), [(2.0, 0.95), (20.0, 0.87), (200.0, 0.84)])
def test_at_least_four_of_five_true_ceilings_lie_in_the_interval(
    conversions: float, most: float
) -> None:
    """An exact interval of few counts holds more than it promises: counts are whole numbers."""
    drawn = np.random.default_rng(8).poisson(conversions, (4_000, 1)).astype(np.float64)
    cost = np.full((4_000, 1), conversions * 10.0)
    found = highest(weigh(hours(cost, drawn), np.ones((4_000, 1)), np.zeros(1)), 10.0)

    inside = ((found.low <= 0.0) & (found.high >= 0.0)).mean()
    assert 0.79 <= inside <= most


def test_more_conversions_narrow_the_interval() -> None:
    few, many = (highest(evidence(10.0 * each, each), 10.0) for each in (10.0, 1_000.0))

    assert many.high - many.low < few.high - few.low


def test_a_belief_counts_like_the_conversions_it_is_worth() -> None:
    sixty = np.array([60.0])
    belief = ceiling.believed(np.array([0.5]), np.array([9.0]), sixty, np.array([2.0]))
    seen = Hours(
        cost=np.array([[1_080.0]]),
        log_multiplier=np.array([[0.5]]),
        conversions=sixty[None],
        results=2.0 * sixty[None],
    )

    lived = weigh(seen, np.ones((1, 1)), np.zeros(1))

    assert belief.exposure == pytest.approx(lived.exposure)
    assert belief.results == pytest.approx(lived.results)


def test_company_in_a_batch_changes_nothing() -> None:
    chance = np.random.default_rng(9)
    cost, count = chance.uniform(1, 90, (6, 30)), chance.poisson(1.0, (6, 30)).astype(np.float64)
    share, ages = chance.uniform(0, 1.1, (6, 30)), np.arange(30.0)
    found = highest(weigh(hours(cost, count), share, ages), 7.0)

    for row in range(6):
        alone = weigh(hours(cost[[row]], count[[row]]), share[[row]], ages)
        assert highest(alone, 7.0).log_multiplier[0] == found.log_multiplier[row]


def test_beyond_the_hard_limit_a_result_would_be_bid_for_at_1_4_targets() -> None:
    limit = ceiling.hard_limit(np.array([50.0, np.inf]), np.array([0.01, 1.0]))

    # A value of 100 is one expected conversion: it is bid for with the multiplier times 100.
    assert 100.0 * np.exp(limit[0]) == pytest.approx(70.0)
    assert limit[1] == UNBOUND


LOGS = st.floats(-10, 10)


@given(budget=LOGS, highest=LOGS, minimum=LOGS | st.just(-np.inf))
def test_the_budget_goes_before_the_minimum_and_the_minimum_before_the_ceiling(
    budget: float, highest: float, minimum: float
) -> None:
    logs = (np.array([each]) for each in (budget, highest, minimum))
    settled = float(ceiling.settled(*logs)[0])

    assert settled <= budget
    assert settled >= min(minimum, budget)
    # It is above the ceiling for the sake of the minimum alone, and never lower than it need be.
    assert settled <= max(highest, minimum)
    assert settled in (budget, highest, minimum)
    assert settled >= min(budget, highest)
