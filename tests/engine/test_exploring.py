"""Moves that are made to learn: what they cost, and when none is made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.exploration import worth
from engine.exploring import explored_with
from engine.response import ELASTICITY, Response
from tests.engine.test_conflicts import known


@given(st.floats(0.2, 4.0), st.floats(0.0, 1.0), st.floats(-0.25, 0.25), st.floats(1.0, 1e6))
@settings(max_examples=50, deadline=None)
def test_a_move_costs_the_difference_between_the_hour_with_it_and_without(
    slope: float, bend: float, moved: float, without: float
) -> None:
    spend = without * np.exp(slope * moved - bend * moved**2 / 2.0)
    cost = explored_with(*(np.array([each]) for each in (spend, moved, slope, bend)))
    assert cost[0] == pytest.approx(abs(spend - without), rel=1e-6, abs=1e-6)


def sure(response: Response) -> Response:
    covariance = response.covariance.copy()
    covariance[:, ELASTICITY, :] = covariance[:, :, ELASTICITY] = 0.0
    return replace(response, covariance=covariance)


def test_an_elasticity_that_is_known_for_sure_is_not_explored() -> None:
    assert worth(sure(known())).tolist() == [0.0]
    assert worth(known())[0] > 0.0
