"""What a campaign's spend answers: one Kalman filter per campaign, for a whole batch at once.

The spend of an hour is modelled as

    log spend = level + deviation + shape[hour of day] + elasticity * u - curvature * u**2 / 2

and noise, with ``u`` the log of the multiplier of the campaign's bids against an anchor, a level of
the day that comes back to a usual one, which wanders, a deviation that fades within the day, and a
shape of the day. The curvature says how the market sells out: spend that follows a log-normal curve
of the multiplier has an almost constant one, and without it a budget that cannot be spent would
drive the multiplier up without end. The filter holds the mean and the covariance of these 29
numbers. The observation is linear in them, and stays so when the anchor moves.

Source: Kalman, "A New Approach to Linear Filtering and Prediction Problems" (1960); censored
observations as one-sided bounds after Tobin, "Estimation of Relationships for Limited Dependent
Variables" (1958).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.day_shapes import DayShapes
from engine.rough import Rough, noise, smooth

LEVEL: Final = 0
DEVIATION: Final = 1
MIDNIGHT: Final = 2
"""Where the shape of the day begins; the hours after it follow."""
SHAPE: Final = slice(MIDNIGHT, MIDNIGHT + 24)
ELASTICITY: Final = 26
CURVATURE: Final = 27
USUAL: Final = 28
SIZE: Final = 29
"""How many numbers are learned of a campaign."""

FADING: Final = 0.75
"""What an hour leaves of the deviation."""

DEVIATION_STEP: Final = 0.10
"""Standard deviation of what an hour adds to the deviation, natural log."""

KEPT: Final = 0.5
"""Share of a day's last deviation that the next day's level keeps."""

STAYS: Final = 0.5
"""Share of a day's distance from the usual level that the next day keeps."""

LEVEL_STEP: Final = 0.12
"""Standard deviation of the level's move from one day to the next, natural log."""

USUAL_STEP: Final = 0.02
"""Standard deviation of the usual level's move from one day to the next, natural log."""

ODD: Final = 0.35
"""Distance from the usual level from which a day is no ordinary one, natural log."""

LASTS: Final = 0.03
"""How likely the level of such a day is the usual one from then on."""

ELASTICITY_STEP: Final = 0.05
"""Standard deviation of the elasticity's move from one day to the next."""

NOISE: Final = 0.08
"""Standard deviation of an hour's spend around the model beside what counting makes of it."""

JUMP: Final = 3.5
"""Standard deviations from which an hour is a change of the market and not chance."""

LEAST_ELASTICITY, MOST_ELASTICITY = 0.15, 9.0
LEAST_CURVATURE, MOST_CURVATURE = 0.05, 8.0
"""Between which the answer is believed: with less elasticity more buys hardly anything."""

FIRST_ELASTICITY: Final = 1.5
FIRST_ELASTICITY_SD: Final = 0.7
FIRST_CURVATURE: Final = 0.6
FIRST_CURVATURE_SD: Final = 0.4
FIRST_LEVEL_SD: Final = 2.0
"""Before a campaign's first hour; a guess of its level may be wrong by a factor of seven."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What is known of B campaigns at the end of an hour."""

    mean: Floats
    """Shape (B, 29), natural logs of minor units but for the elasticity."""
    covariance: Floats
    """Shape (B, 29, 29)."""
    anchor: Floats
    """Shape (B,), the log multiplier at which elasticity and level are meant."""
    rough: Rough
    """How far hours miss what is expected of them."""

    def of(self, rows: slice) -> Response:
        """Return what is known of some campaigns."""
        return Response(
            mean=self.mean[rows],
            covariance=self.covariance[rows],
            anchor=self.anchor[rows],
            rough=self.rough.of(rows),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What B campaigns did in one hour; arrays of shape (B,)."""

    cells: Ints
    """Hour of the local week, 0 (Monday 00:00) to 167."""
    log_multiplier: Floats
    """Of the multiplier that was in force, natural log."""
    spend: Floats
    """Minor units, >= 0."""
    impressions: Floats
    """>= 0."""
    capped: Bools
    """Whether a cap or an exhausted budget cut the hour off: its spend is a lower bound."""
    usable: Bools
    """Whether the hour is evidence at all: reported, not excluded, not an outage."""

    def of(self, rows: slice) -> Observed:
        """Return the hour of some campaigns."""
        return Observed(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def new_response(shapes: DayShapes, level: Floats, log_multiplier: Floats) -> Response:
    """Return what is assumed of campaigns before their first hour.

    Parameters
    ----------
    shapes
        What others teach of the day's shape; B campaigns.
    level
        Shape (B,): guess of the log spend of a mean hour, natural log.
    log_multiplier
        Shape (B,): the multiplier that the guess is for, natural log.
    """
    count = len(level)
    mean = np.zeros((count, SIZE))
    mean[:, LEVEL] = level
    mean[:, USUAL] = level
    mean[:, SHAPE] = shapes.mean[:, 0]
    mean[:, ELASTICITY] = FIRST_ELASTICITY
    mean[:, CURVATURE] = FIRST_CURVATURE
    covariance = np.zeros((count, SIZE, SIZE))
    for part in (LEVEL, USUAL):
        covariance[:, part, LEVEL] = covariance[:, part, USUAL] = FIRST_LEVEL_SD**2
    covariance[:, SHAPE, SHAPE] = shapes.covariance
    covariance[:, ELASTICITY, ELASTICITY] = FIRST_ELASTICITY_SD**2
    covariance[:, CURVATURE, CURVATURE] = FIRST_CURVATURE_SD**2
    return Response(
        mean=mean, covariance=covariance, anchor=log_multiplier.copy(), rough=smooth(level)
    )


def learn(response: Response, observed: Observed) -> Response:
    """Return what is known after an hour.

    A capped hour raises what is expected and never lowers it. An hour that nothing was bought in
    tells nothing here. One beyond `JUMP` standard deviations opens the deviation.
    """
    hours = observed.cells % 24
    size = np.log(np.maximum(observed.spend, 1e-9))
    surprise = size - expected(response, hours, observed.log_multiplier)
    usable = observed.usable & (observed.spend > 0.0) & (~observed.capped | (surprise > 0.0))
    chance = hour_noise(response) + 2.0 / np.maximum(observed.impressions, 1.0)
    with_jump = _opened(response, observed, np.where(usable, surprise, 0.0), chance)
    towards, variance = _projected(with_jump, hours, observed.log_multiplier)
    gain = np.where(usable[:, None], towards / (variance + chance)[:, None], 0.0)
    mean = with_jump.mean + gain * surprise[:, None]
    mean[:, ELASTICITY] = np.clip(mean[:, ELASTICITY], LEAST_ELASTICITY, MOST_ELASTICITY)
    mean[:, CURVATURE] = np.clip(mean[:, CURVATURE], LEAST_CURVATURE, MOST_CURVATURE)
    covariance = with_jump.covariance - gain[:, :, None] * towards[:, None, :]
    return replace(response, mean=mean, covariance=covariance)


def expected(response: Response, hours: Ints, log_multiplier: Floats) -> Floats:
    """Return the expected log spend (B,) of hours of the day (B,), natural log."""
    mean = response.mean
    base = mean[:, LEVEL] + mean[:, DEVIATION] + mean[np.arange(len(hours)), MIDNIGHT + hours]
    u = log_multiplier - response.anchor
    return np.asarray(base + answer(response, u))


def answer(response: Response, u: Floats) -> Floats:
    """Return by how much log spend differs at ``u`` (B,) from the anchor, natural log.

    Higher bids never buy less: beyond the top of the curve that was fitted it is flat.
    """
    elasticity, curvature = response.mean[:, ELASTICITY], response.mean[:, CURVATURE]
    u = np.minimum(u, np.maximum(elasticity, 0.0) / curvature)
    return np.asarray(elasticity * u - 0.5 * curvature * u * u)


def uncertainty(response: Response, hours: Ints, log_multiplier: Floats) -> Floats:
    """Return the standard deviation (B,) of an hour's log spend, natural log."""
    _, variance = _projected(response, hours, log_multiplier)
    return np.sqrt(np.maximum(variance, 0.0) + hour_noise(response))


def doubt(response: Response, hours: Ints, log_multiplier: Floats) -> Floats:
    """Return the standard deviation (B,) of what hours are expected to spend, natural log.

    It wanes with what is learned; how rough a campaign is has no part in it.
    """
    _, variance = _projected(response, hours, log_multiplier)
    return np.sqrt(np.maximum(variance, 0.0) + NOISE**2)


def hour_noise(response: Response) -> Floats:
    """Return the variance (B,) of an hour's log spend around the model, without counting's."""
    return np.asarray(NOISE**2 + noise(response.rough))


def _opened(response: Response, observed: Observed, surprise: Floats, chance: Floats) -> Response:
    _, variance = _projected(response, observed.cells % 24, observed.log_multiplier)
    extra = np.where(surprise**2 > JUMP**2 * (variance + chance), surprise**2, 0.0)
    if not extra.any():
        return response
    covariance = response.covariance.copy()
    covariance[:, DEVIATION, DEVIATION] += extra
    return replace(response, covariance=covariance)


def _projected(response: Response, hours: Ints, log_multiplier: Floats) -> tuple[Floats, Floats]:
    """Return the covariance of everything with the hour's log spend (B, 29), and its variance."""
    whole, rows = response.covariance, np.arange(len(hours))
    u = log_multiplier - response.anchor
    bend = -0.5 * u * u
    towards = (
        whole[:, LEVEL]
        + whole[:, DEVIATION]
        + whole[rows, MIDNIGHT + hours]
        + u[:, None] * whole[:, ELASTICITY]
        + bend[:, None] * whole[:, CURVATURE]
    )
    variance = (
        towards[:, LEVEL]
        + towards[:, DEVIATION]
        + towards[rows, MIDNIGHT + hours]
        + u * towards[:, ELASTICITY]
        + bend * towards[:, CURVATURE]
    )
    return towards, variance
