"""Emergencies are rare where nothing changed, quick where it did, and end by themselves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engine.arrays import Floats
from engine.bid_emergency import (
    LASTS,
    LEAST,
    RETURNS,
    Change,
    Emergency,
    an_hour_later,
    answered,
    calm,
    fall,
    rise,
)


def risen(counted: list[float], expected: float = 10.0, dispersion: float = 1.0) -> Emergency:
    change = rise(np.array([counted]), np.full((1, len(counted)), expected), np.array([dispersion]))
    return answered(calm(1), change)


def test_the_window_is_the_one_in_which_a_rise_is_likeliest() -> None:
    """The last three of six hours have three times the counts: 2 (90 ln 3 - 60) = 77.8."""
    change = rise(np.array([[10.0] * 3 + [30.0] * 3]), np.full((1, 6), 10.0), np.ones(1))
    assert change.hours.tolist() == [3]
    assert change.times.tolist() == [3.0]
    assert change.evidence == pytest.approx([2.0 * (90.0 * np.log(3.0) - 60.0)])


def test_of_a_fall_to_a_third_the_window_and_the_evidence_are_reckoned_the_same_way() -> None:
    """The last two of five hours have 10 of 30 each: 2 (20 ln (1/3) - 20 + 60) = 36.1."""
    change = fall(np.array([[30.0] * 3 + [10.0] * 2]), np.full((1, 5), 30.0), np.ones(1))
    assert change.hours.tolist() == [2]
    assert change.times.tolist() == [3.0]
    assert change.evidence == pytest.approx([2.0 * (40.0 - 20.0 * np.log(3.0))])


@pytest.mark.parametrize("look", [rise, fall])
@pytest.mark.parametrize("mean", [0.2, 8.0])
def test_where_nothing_changed_fewer_than_one_week_in_twenty_has_an_alarm(
    look: Callable[[Floats, Floats, Floats], Change], mean: float
) -> None:
    chance, weeks = np.random.default_rng(4), 400
    counts = chance.poisson(mean, (weeks, 168 + 24)).astype(float)
    alarmed = np.zeros(weeks, dtype=np.bool_)
    for hour in range(168):
        window = counts[:, hour : hour + 24]
        alarmed |= look(window, np.full(window.shape, mean), np.ones(weeks)).sure
    assert alarmed.mean() <= 0.05


@pytest.mark.parametrize(("expected", "sure"), [(3.0, False), (12.0, True)])
def test_no_conversion_at_all_is_an_emergency_where_many_were_due(
    expected: float,
    sure: bool,  # noqa: FBT001 -- what the row says
) -> None:
    """None of n due is as likely as e^-n: evidence is 2 n, sure from 11.3 on."""
    change = fall(np.zeros((1, 1)), np.full((1, 1), expected), np.ones(1))
    assert change.evidence.tolist() == [2.0 * expected]
    assert change.sure.tolist() == [sure]


def test_hours_left_out_with_zeros_on_both_sides_tell_nothing() -> None:
    nothing = np.zeros((1, 6))
    for look in (rise, fall):
        change = look(nothing, nothing, np.ones(1))
        assert change.evidence.tolist() == [0.0]
        assert change.hours.tolist() == [0]


@pytest.mark.parametrize(("times", "within"), [(5.0, 1), (3.0, 2), (2.0, 5)])
def test_a_rise_is_found_within_hours(times: float, within: int) -> None:
    hours = np.array([[10.0] * 20 + [10.0 * times] * within])
    assert rise(hours, np.full(hours.shape, 10.0), np.ones(1)).sure.all()


def test_a_fall_noise_and_silence_are_no_emergency() -> None:
    assert risen([10.0] * 5 + [0.0] * 5).now.tolist() == [1.0]
    assert risen([10.0, 10.0, 17.0]).now.tolist() == [1.0]
    assert risen([0.0] * 4, 0.0).now.tolist() == [1.0]
    assert risen([0.0, 3.0], 0.0).now.tolist() == [1.0]
    assert risen([30.0] * 3, dispersion=4.0).now.tolist() == [1.0]


def lived(emergency: Emergency, hours: int) -> Floats:
    factors = []
    for _ in range(hours):
        factors.append(emergency.now[0])
        emergency = an_hour_later(emergency)
    return np.array(factors)


def test_an_answer_holds_for_its_hours_and_returns_in_equal_steps() -> None:
    found = lived(risen([10.0, 20.0, 20.0, 20.0, 20.0, 20.0]), LASTS + RETURNS + 2)
    assert found[:LASTS] == pytest.approx(0.5)
    steps = np.diff(np.log(found[LASTS - 1 : LASTS + RETURNS + 1]))
    assert steps == pytest.approx(np.log(2.0) / (RETURNS + 1))
    assert found[LASTS + RETURNS :].tolist() == [1.0, 1.0]


def test_no_answer_cuts_below_the_least_and_a_second_one_never_adds_to_the_first() -> None:
    assert risen([900.0]).now.tolist() == [LEAST]
    change = rise(np.array([[20.0] * 6]), np.full((1, 6), 10.0), np.ones(1))
    again = answered(an_hour_later(answered(calm(1), change)), change)
    assert again.now == pytest.approx([0.5])
    assert again.left.tolist() == [LASTS + RETURNS]
