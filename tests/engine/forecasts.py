"""Campaigns to forecast: what they have learned, where they stand, and how they live on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine import pacer, response
from engine.arrays import Floats
from engine.day_shapes import DayShapes, no_days, pooled
from engine.forecast import Forecast, forecast
from engine.multiplier import Spending
from engine.pacer import Pacing
from engine.response import CURVATURE, DEVIATION, ELASTICITY, LEVEL, SHAPE, Observed, Response
from engine.standing import Standing

TUESDAY = 24


def shapes_for(count: int) -> DayShapes:
    """Return what is assumed where nobody has taught anything."""
    return pooled(no_days()).of(np.zeros(count, dtype=np.int64))


def learned(count: int, hours: int = 12, unit: float = 1.0, sharpness: float = 1.0) -> Pacing:
    """Return campaigns that have lived Monday and ``hours`` of Tuesday around 100 an hour.

    ``sharpness`` is a factor on the standard deviations of all that is learned.
    """
    chance = np.random.default_rng(7)
    pacing = pacer.start(shapes_for(count), np.full(count, 100.0 * unit), np.zeros(count))
    for cell in range(TUESDAY + hours):
        log_multiplier = chance.normal(0.0, 0.3)
        spend = 100.0 * unit * np.exp(1.2 * log_multiplier + chance.normal(0.0, 0.1))
        pacing = pacer.learn_hour(
            pacing, shapes_for(count), seen(cell, np.full(count, spend), log_multiplier)
        )
    covariance = sharpness**2 * pacing.response.covariance
    return replace(pacing, response=replace(pacing.response, covariance=covariance))


def seen(cell: int, spend: Floats, log_multiplier: Floats | float) -> Observed:
    """Return an hour without a cap, in which all campaigns won plenty."""
    count = len(spend)
    return Observed(
        cells=np.full(count, cell),
        log_multiplier=np.broadcast_to(log_multiplier, count),
        spend=spend,
        impressions=np.full(count, 1e9),
        capped=np.zeros(count, dtype=np.bool_),
        usable=np.ones(count, dtype=np.bool_),
    )


def standing_at(hour: int, budget: Floats, spent: Floats, end: int = 24) -> Standing:
    """Return where campaigns stand before an hour of a horizon of ``end`` hours from Tuesday on."""
    count = len(budget)
    return Standing(
        budget=budget,
        spent=spent,
        in_flight=np.zeros(count),
        unreported=np.zeros(count, dtype=np.int64),
        price=np.zeros(count),
        lived=np.tile(np.arange(TUESDAY, TUESDAY + hour), (count, 1)),
        ahead=np.tile(np.arange(TUESDAY + hour, TUESDAY + end), (count, 1)),
    )


def decided(pacing: Pacing, standing: Standing, in_force: Floats | float = 0.0) -> Spending:
    """Decide the hours ahead."""
    count = len(standing.budget)
    left = np.maximum(standing.budget - standing.spent - standing.in_flight, 0.0)
    now = (np.broadcast_to(in_force, count), standing.unreported)
    return pacer.decide(pacing, shapes_for(count), standing.ahead, left, now)


def forecast_of(pacing: Pacing, standing: Standing) -> Forecast:
    """Decide, and forecast what comes of it."""
    shapes = shapes_for(len(standing.budget))
    return forecast(pacing, shapes, standing, decided(pacing, standing))


class Truth:
    """Campaigns whose truth is drawn from what is known of them, and lives on as assumed."""

    def __init__(self, known: Response, count: int, seed: int) -> None:
        """Draw ``count`` truths of the first campaign of those known."""
        self._chance = np.random.default_rng(seed)
        root = np.linalg.cholesky(known.covariance[0] + 1e-12 * np.eye(response.SIZE))
        drawn = self._chance.normal(size=(count, response.SIZE)) @ root.T
        self._numbers = known.mean[0] + drawn
        for part in (ELASTICITY, CURVATURE):
            self._numbers[:, part] = np.maximum(self._numbers[:, part], 0.15)
        self._anchor = known.anchor[0]

    def spend(self, of_day: int, log_multiplier: Floats) -> Floats:
        """Return what the next hour would spend without a cap."""
        numbers, u = self._numbers, log_multiplier - self._anchor
        fading, step = response.FADING, response.DEVIATION_STEP
        if of_day == 0:
            numbers[:, LEVEL] += response.KEPT * numbers[:, DEVIATION]
            numbers[:, LEVEL] += self._chance.normal(0.0, response.LEVEL_STEP, len(u))
            fading, step = 0.0, step / (1.0 - fading**2) ** 0.5
        steps = self._chance.normal(0.0, step, len(u))
        numbers[:, DEVIATION] = fading * numbers[:, DEVIATION] + steps
        log = numbers[:, LEVEL] + numbers[:, DEVIATION] + numbers[:, SHAPE][:, of_day]
        log = log + numbers[:, ELASTICITY] * u - 0.5 * numbers[:, CURVATURE] * u * u
        return np.asarray(np.exp(log + self._chance.normal(0.0, response.NOISE, len(u))))
