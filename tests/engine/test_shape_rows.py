"""Sums of shapes as they are stored and told."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from engine.day_shapes import ShapeSums, add_days, add_weeks, no_days
from engine.errors import UnknownFormat
from engine.shape_rows import PAIRS, moments, pack, sums_of, unpack

CHANCE = np.random.default_rng(4)
LOGS = (
    CHANCE.normal(5.0, 2.0, (40, 1, 1))
    + np.array([0.1, 0.2, 0.0, 0.0, 0.0, -0.1, -0.2])[:, None]
    + CHANCE.normal(0.8, 0.3, (40, 7, 1)) * np.cos(2 * np.pi * (np.arange(24) - 19) / 24)
    + CHANCE.normal(0.0, 0.1, (40, 7, 24))
)
SUMS = add_weeks(no_days(), LOGS)


def differences(one: ShapeSums, other: ShapeSums) -> list[float]:
    return [
        float(np.abs(getattr(one, each.name) - getattr(other, each.name)).max())
        for each in fields(ShapeSums)
    ]


@pytest.mark.parametrize("sums", [no_days(), SUMS])
def test_stored_sums_come_back_to_the_last_bit(sums: ShapeSums) -> None:
    assert differences(unpack(pack(sums)), sums) == [0.0] * 5
    assert pack(unpack(pack(sums))) == pack(sums)
    assert differences(unpack(b""), no_days()) == [0.0] * 5
    assert len(pack(sums)) == 1 + 8 * (7 + 168 + 300 + 1 + 7)


def test_what_is_told_is_the_mean_and_the_covariance_of_the_days() -> None:
    said = moments(SUMS)
    shapes = LOGS - LOGS.mean(axis=2, keepdims=True)
    around = (shapes - shapes.mean(axis=0)).reshape(-1, 24)
    levels = LOGS.mean(axis=2) - LOGS.mean(axis=(1, 2))[:, None]

    assert said.days.tolist() == [40.0] * 7
    assert said.mean == pytest.approx(shapes.mean(axis=0), abs=1e-6)
    covariance = np.cov(around.T, bias=True)
    assert said.covariance == pytest.approx(covariance[np.tril_indices(24)], abs=1e-6)
    assert said.levels == pytest.approx(levels.mean(axis=0), abs=1e-6)
    assert said.weeks == 40.0


def test_the_sums_that_say_it_are_the_sums() -> None:
    assert max(differences(sums_of(moments(SUMS)), SUMS)) < 1e-9


def test_a_weekday_without_a_day_and_no_week_at_all_say_nothing() -> None:
    said = moments(no_days())
    assert not said.mean.any()
    assert not said.covariance.any()
    assert said.covariance.shape == (PAIRS,)
    wednesdays = moments(add_days(no_days(), LOGS[:, 2], np.full(40, 2)))
    assert np.flatnonzero(wednesdays.mean.any(axis=1)).tolist() == [2]
    assert np.isfinite(wednesdays.covariance).all()
    assert not wednesdays.levels.any()


def test_sums_that_a_later_version_wrote_are_refused_by_number() -> None:
    with pytest.raises(UnknownFormat, match="sums of shapes has format 7, this version reads 1"):
        unpack(b"\x07" + pack(SUMS)[1:])
