"""How much of the revenue at a horizon is there by now, learned from hours that are told again."""

from __future__ import annotations

import numpy as np
import pytest

from engine import delay
from engine.arrays import Floats
from engine.delay import Maturity, Restated
from engine.value_growth import MOST_TAIL
from engine.value_told import ENDS, STEPS, ToldValue, add_told, share_at

DAY = 24.0
AT_ONCE = Maturity(logs=np.zeros((1, delay.STEPS + 1)))
"""Conversions that are told at once, and never again."""


def revenue(ages: Floats, again: float = 0.6, mean: float = 20.0) -> Floats:
    """Return what hours bring by an age in hours: 1 at once, ``again`` more by and by."""
    return np.asarray(1.0 + again * -np.expm1(-ages / DAY / mean))


def nothing(count: int = 1) -> ToldValue:
    return ToldValue(growth=np.zeros((count, STEPS)), level=np.zeros((count, STEPS)))


def told(until: int, scale: float = 1e5, again: float = 0.6, every: float = DAY) -> ToldValue:
    """Return what hours taught that were told every day for so many days."""
    ages = np.arange(0.0, until * DAY + 1.0, every)
    value = scale * revenue(ages, again)
    restated = Restated(
        before=value[None, :-1], after=value[None, 1:], earlier=ages[:-1], later=ages[1:]
    )
    return add_told(nothing(), restated, np.zeros((1, 1)))


def share(known: ToldValue, days: Floats, horizon: float, order: float = 1.0) -> Floats:
    found = share_at(
        known, np.array([order]), AT_ONCE, DAY * np.atleast_2d(days), np.array([horizon])
    )
    return np.asarray(found[0])


@pytest.mark.parametrize("horizon", [7.0, 28.0, 60.0])
def test_the_share_that_is_there_is_found_as_far_as_hours_were_told(horizon: float) -> None:
    days = np.array([0.0, 1.0, 3.0, 7.0, 14.0, 28.0])
    true = revenue(DAY * days) / revenue(np.array(DAY * horizon))

    assert share(told(62), days, horizon) == pytest.approx(true, rel=0.02)


def test_beyond_what_was_lived_to_the_curve_goes_on_and_is_bounded() -> None:
    true = revenue(np.array(DAY * 28.0)) / revenue(np.array(DAY * 180.0))
    assert share(told(29), np.array([28.0]), 180.0)[0] == pytest.approx(true, rel=0.04)

    slow = np.arange(0.0, 29 * DAY, DAY)
    value = 1e5 * (1.0 + slow / DAY)
    endless = Restated(
        before=value[None, :-1], after=value[None, 1:], earlier=slow[:-1], later=slow[1:]
    )
    known = add_told(nothing(), endless, np.zeros((1, 1)))
    assert share(known, np.array([28.0]), 730.0)[0] >= 1.0 / MOST_TAIL - 1e-9


def test_without_any_restatement_revenue_is_as_mature_as_conversions() -> None:
    logs = np.log(np.linspace(0.1, 1.0, delay.STEPS + 1))[None]
    ages = np.array([[0.0, 5.0, 30.0, 100.0, 500.0, 5_000.0]])
    found = share_at(nothing(), np.ones(1), Maturity(logs=logs), ages, np.array([365.0]))

    assert found == pytest.approx(Maturity(logs=logs).at(ages))


def test_an_hour_that_is_not_over_has_nothing_and_one_past_the_horizon_more_than_all() -> None:
    found = share(told(62), np.array([-0.5, 7.0, 28.0]), 7.0)

    assert found[:2].tolist() == [0.0, 1.0]
    assert 1.0 < found[2] < 1.6


def test_few_orders_change_little_of_what_conversions_say() -> None:
    days = np.array([0.0])
    little, much = (share(told(40, scale=scale), days, 28.0)[0] for scale in (0.01, 1e5))

    assert little > 0.95
    assert much < 0.75


def test_order_unit_of_money_and_company_do_not_matter() -> None:
    days = np.array([1.0, 10.0, 40.0])
    parts = [told(30, scale) for scale in (3.0, 50.0, 700.0)]
    one = parts[0]
    for other in parts[1:]:
        one = ToldValue(growth=one.growth + other.growth, level=one.level + other.level)
    back = parts[2]
    for other in parts[1::-1]:
        back = ToldValue(growth=back.growth + other.growth, level=back.level + other.level)
    cents = ToldValue(growth=100.0 * one.growth, level=100.0 * one.level)

    assert share(back, days, 90.0) == pytest.approx(share(one, days, 90.0), rel=1e-12)
    assert share(cents, days, 90.0, order=100.0) == pytest.approx(share(one, days, 90.0), rel=1e-9)

    two = ToldValue(
        growth=np.concatenate((one.growth, parts[0].growth)),
        level=np.concatenate((one.level, parts[0].level)),
    )
    both = share_at(
        two,
        np.ones(2),
        Maturity(logs=np.zeros((2, delay.STEPS + 1))),
        np.tile(DAY * days, (2, 1)),
        np.full(2, 90.0),
    )
    assert both[0].tobytes() == share(one, days, 90.0).tobytes()
    assert both[1].tobytes() == share(parts[0], days, 90.0).tobytes()


def test_the_first_steps_are_those_of_delays() -> None:
    assert ENDS[: delay.STEPS + 1] == delay.AGES
    assert ENDS[-1] == 730 * 24
