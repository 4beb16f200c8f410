"""What hours spend whose bids lie above or below the common multiplier."""

from __future__ import annotations

import numpy as np
import pytest

from engine.day_shapes import no_days, pooled
from engine.offsets import OFF, offset_lifts
from engine.response import ELASTICITY, MOST_ELASTICITY, Response, new_response


def a_response(elasticity: float) -> Response:
    shapes = pooled(no_days()).of(np.zeros(1, dtype=np.int64))
    response = new_response(shapes, np.zeros(1), np.zeros(1))
    response.mean[:, ELASTICITY] = elasticity
    return response


@pytest.mark.parametrize("elasticity", [0.15, 1.5, MOST_ELASTICITY])
@pytest.mark.parametrize("common", [-60.0, 0.0, 60.0])
def test_no_offset_makes_more_of_an_hour_than_numbers_can_hold(
    elasticity: float, common: float
) -> None:
    offsets = np.array([[OFF, OFF + 1e-9, -5.0, 0.0, 5.0, 200.0]])
    with np.errstate(all="raise"):
        lifts = offset_lifts(a_response(elasticity), offsets, np.array([common]))[0]
    assert ((lifts >= OFF) & (lifts <= -OFF)).all()
    assert (np.diff(lifts) >= 0.0).all()
    assert (lifts[0], lifts[3]) == (OFF, 0.0)
