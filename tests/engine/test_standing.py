"""Pace measures a horizon by what its hours usually spend, not by the clock."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.arrays import Floats
from engine.pacer import Pacing
from engine.response import SHAPE
from engine.standing import pace
from tests.engine.forecasts import learned, shapes_for, standing_at


def used_to(hour: int, shape: Floats) -> Pacing:
    """Return a campaign, before an hour of Tuesday, whose Tuesdays have a shape (24,)."""
    pacing = learned(1, hour)
    mean = pacing.response.mean.copy()
    mean[:, SHAPE] = np.log(shape)
    return replace(pacing, response=replace(pacing.response, mean=mean))


@pytest.mark.parametrize(("hour", "over"), [(6, 6 / 48), (12, 12 / 48), (18, 30 / 48)])
def test_pace_is_the_share_spent_over_the_share_that_usually_is(hour: int, over: float) -> None:
    """A day whose morning hours are worth 1 each and whose afternoon hours 3; two fifths spent."""
    known = used_to(hour, np.where(np.arange(24) < 12, 1.0, 3.0))
    standing = standing_at(hour, np.array([2_000.0]), np.array([800.0]))

    assert pace(known, shapes_for(1), standing)[0] == pytest.approx(0.4 / over)


def test_what_is_in_flight_counts_as_spent() -> None:
    known = used_to(12, np.ones(24))
    standing = standing_at(12, np.array([2_000.0]), np.array([700.0]))
    flying = replace(standing, in_flight=np.array([100.0]))

    assert pace(known, shapes_for(1), flying)[0] == pytest.approx(0.8)


def test_pace_knows_that_weekdays_differ() -> None:
    """Tuesday is over, its mornings worth 3 an hour where Wednesdays are worth 1; half is spent."""
    tuesday = np.where(np.arange(24) < 12, 3.0, 1.0)
    mean = np.zeros((1, 7, 24))
    mean[:, 1] = np.log(tuesday)
    shapes = replace(shapes_for(1), mean=mean)
    standing = standing_at(24, np.array([2_000.0]), np.array([1_000.0]), end=48)

    assert pace(used_to(24, tuesday), shapes, standing)[0] == pytest.approx(0.5 / (48 / 72))


def test_before_its_first_hour_a_campaign_is_on_pace() -> None:
    standing = standing_at(0, np.array([2_000.0]), np.zeros(1))

    assert pace(learned(1, 0), shapes_for(1), standing)[0] == 1.0
