"""What the rest of a horizon may come to while the controller decides anew every hour.

The variance of the log of a sum of hours is taken to first order: each hour counts with its share
of the sum. It has the filter's covariance, the deviation that is still to come and fades, the move
of the level from day to day, the noise of an hour, and the count of impressions.

Source: Fenton, "The Sum of Log-Normal Probability Distributions in Scatter Transmission Systems"
(1960), for the sum as one log-normal number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.anchors import room_above
from engine.arrays import Floats, Ints
from engine.multiplier import Spending
from engine.pacer import Pacing
from engine.response import (
    CURVATURE,
    DEVIATION,
    DEVIATION_STEP,
    ELASTICITY,
    FADING,
    LEVEL,
    LEVEL_STEP,
    MIDNIGHT,
    SHAPE,
    SIZE,
    Response,
    answer,
    hour_noise,
)
from engine.shortfall import Outcome
from engine.standing import Standing

_STEPS_UP: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Parts of the way to the highest multiplier that are looked at."""

_PLENTY: Final = 20.0
"""Natural log by which more would be bought at most: enough for any budget."""

_LEAST: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What is decided, as shares of its sum."""

    total: Floats
    """Shape (B,), minor units: all hours that are not reported."""
    share: Floats
    """Shape (B, R)."""
    heard: Floats
    """Shape (B,): share of the hours that are decided after the first one of them is heard of."""
    flying: Floats
    """Shape (B,): of each hour that is not reported."""


def closed_loop(pacing: Pacing, standing: Standing, decided: Spending, left: Floats) -> Outcome:
    """Return what decides over ``left``, (B,), minor units, > 0: the budget without what is spent.

    The decision's hours are those of ``standing.ahead``.
    """
    total = np.maximum(decided.hours.sum(axis=1) + standing.in_flight, _LEAST)
    share = decided.hours / total[:, None]
    unheard = np.arange(share.shape[1]) <= standing.unreported[:, None]
    plan = _Plan(
        total=total,
        share=share,
        heard=np.where(unheard, 0.0, share).sum(axis=1),
        flying=standing.in_flight / total / np.maximum(standing.unreported, 1),
    )
    power, power_sd = _power(pacing, standing, decided, (plan, left))
    last, last_sd = _last_hours(pacing.response, standing, decided)
    return Outcome(power=power, power_sd=power_sd, last=last / left, last_sd=last_sd)


def _power(
    pacing: Pacing, standing: Standing, decided: Spending, meant: tuple[_Plan, Floats]
) -> tuple[Floats, Floats]:
    """Return median and standard deviation of what full power comes to against what is left, log.

    The farther up, the more is bought and the less is sure of it: of the multipliers between the
    one decided and the highest, the one counts that is most sure to spend what is left.
    """
    (plan, left), response = meant, pacing.response
    alone = hour_noise(response)
    chance = _of_chance(pacing.cells, standing, plan, alone) + 2.0 * standing.price / plan.total
    towards = _towards(standing, plan)
    half = np.matmul(towards[:, None, :], response.covariance)[:, 0]
    sum_alone = (half * towards).sum(axis=1)
    u = decided.log_multiplier - response.anchor
    room = np.maximum(room_above(response) - u, 0.0)
    best = np.full(len(u), -np.inf), np.ones(len(u))
    for step in _STEPS_UP:
        there = u + step * room
        gain = np.minimum(answer(response, there) - answer(response, u), _PLENTY)
        known = sum_alone + _of_the_answer(response, half, (u, there, plan.heard))
        median = np.log(plan.total / left * (1.0 + plan.heard * np.expm1(gain)))
        tried = median - 0.5 * chance, np.sqrt(np.maximum(known + chance, _LEAST))
        best = _surer(best, tried)
    return best


def _surer(one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """Return of two log-normal sums the one that is more sure to be at least 1."""
    takes = other[0] / other[1] > one[0] / one[1]
    return np.where(takes, other[0], one[0]), np.where(takes, other[1], one[1])


def _towards(standing: Standing, plan: _Plan) -> Floats:
    """Return by how much the log of the sum moves with each number but the answer's, (B, 29)."""
    count, hours = plan.share.shape
    late = standing.unreported
    towards = np.zeros((count, SIZE))
    towards[:, LEVEL] = 1.0
    fading = FADING ** (np.arange(1, hours + 1) + late[:, None])
    faded = FADING * (1.0 - FADING**late) / (1.0 - FADING)
    towards[:, DEVIATION] = (plan.share * fading).sum(axis=1) + plan.flying * faded
    rows = np.arange(count)
    places = 24 * rows[:, None] + standing.ahead % 24
    sums = np.bincount(places.ravel(), plan.share.ravel(), 24 * count)
    towards[:, SHAPE] = sums.reshape(count, 24)
    for back in range(1, int(late.max(initial=0)) + 1):
        before = MIDNIGHT + (standing.ahead[:, 0] - back) % 24
        towards[rows, before] += np.where(back <= late, plan.flying, 0.0)
    return towards


def _of_the_answer(
    response: Response, half: Floats, multipliers: tuple[Floats, Floats, Floats]
) -> Floats:
    """Return what the answer to the multiplier adds to the variance of the log of the sum, (B,).

    ``half`` (B, 29) is the covariance of everything with the rest of the sum.
    """
    u, there, heard = multipliers
    first = u + heard * (there - u)
    second = -0.5 * (u * u + heard * (there * there - u * u))
    whole = response.covariance
    alone = (
        first * first * whole[:, ELASTICITY, ELASTICITY]
        + 2.0 * first * second * whole[:, ELASTICITY, CURVATURE]
        + second * second * whole[:, CURVATURE, CURVATURE]
    )
    return np.asarray(alone + 2.0 * (first * half[:, ELASTICITY] + second * half[:, CURVATURE]))


def _of_chance(newest: Ints, standing: Standing, plan: _Plan, alone: Floats) -> Floats:
    """Return the variance of the log of the sum by what is still to happen, (B,).

    ``newest`` (B,) is the hour of the local week of the newest hour that is known, ``alone`` (B,)
    the variance of an hour's own noise.
    """
    share, late, flying = plan.share, standing.unreported, plan.flying
    days = np.where(standing.ahead < 0, -1, standing.ahead // 24)
    tail, rest = np.zeros(len(share)), np.zeros(len(share))
    variance = alone * ((share * share).sum(axis=1) + flying * flying * late)
    for hour in range(share.shape[1] - 1, -1, -1):
        # What an hour adds to the deviation fades over all that follow; a new day's level stays.
        tail = share[:, hour] + FADING * tail
        rest = rest + share[:, hour]
        begins = days[:, hour] != (days[:, hour - 1] if hour else newest // 24)
        variance += DEVIATION_STEP**2 * tail**2 + LEVEL_STEP**2 * np.where(begins, rest**2, 0.0)
    for hour in range(int(late.max(initial=0))):
        tail = np.where(hour < late, flying + FADING * tail, tail)
        variance += np.where(hour < late, DEVIATION_STEP**2 * tail**2, 0.0)
    return np.asarray(variance)


def _last_hours(response: Response, standing: Standing, decided: Spending) -> tuple[Floats, Floats]:
    """Return what the last hours are meant to spend, and the standard deviation of its log, (B,).

    They are those that are decided before the first of them is heard of; 0 where all hours are.
    """
    count = (standing.ahead >= 0).sum(axis=1)[:, None]
    deaf = 1 + standing.unreported[:, None]
    back = count - np.arange(standing.ahead.shape[1])
    ends = (back >= 1) & (back <= deaf) & (count > deaf)
    last = (decided.hours * ends).sum(axis=1)
    noise = hour_noise(response) / deaf[:, 0] + 2.0 * standing.price / np.maximum(last, _LEAST)
    unlike = _unlike(response, standing.ahead, count[:, 0])
    late = standing.unreported * DEVIATION_STEP**2
    return last, np.sqrt(noise + _deviation(noise) + late + unlike)


def _unlike(response: Response, cells: Ints, count: Ints) -> Floats:
    """Return the variance by which the last hour's shape may differ from the hour's before it."""
    rows, end = np.arange(len(cells)), np.maximum(count - 1, 0)
    ends = cells[rows, end], cells[rows, np.maximum(end - 1, 0)]
    new, old = (MIDNIGHT + each % 24 for each in ends)
    whole = response.covariance
    step = whole[rows, new, new] - 2.0 * whole[rows, new, old] + whole[rows, old, old]
    return np.asarray(np.maximum(step, 0.0))


def _deviation(noise: Floats) -> Floats:
    """Return the variance of the deviation an hour ahead once hours of ``noise`` are heard of.

    It is where learning an hour and the step to the next keep it: the Riccati equation of one
    number, v = FADING**2 * v * noise / (v + noise) + DEVIATION_STEP**2.
    """
    kept = noise * (1.0 - FADING**2) - DEVIATION_STEP**2
    return np.asarray(0.5 * (np.sqrt(kept * kept + 4.0 * DEVIATION_STEP**2 * noise) - kept))
