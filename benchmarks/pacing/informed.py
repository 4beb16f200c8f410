"""A controller that knows the law of the market and not its chance: what learning could come to.

It is told what no controller can know: the shape of the week, the curve of spend against the
multiplier, and how much days and hours vary. It does not know which way they will, nor
of an outage, a dearer market or a spike. So it is a measure of what a goal asks for.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from benchmarks.pacing.world import DAY_SD, FADING, HOUR_SD, World
from engine.arrays import Floats, Ints
from workers.backtest.contract import Played, Task

_GRID: Final = np.linspace(-6.0, 5.0, 221)
"""Log multipliers at which the curve is taken."""

_SAMPLE: Final = 200_000
"""Auctions that the curve is taken from."""


class Informed:
    """Solves for the one multiplier with the true curve and the best guess of today's traffic."""

    def __init__(self, task: Task, world: World) -> None:
        count = len(task.budget)
        self._task, self._usual = task, world.usual
        self._curves = _curves(world)
        self._scale = world.setting.noise
        self._guess = np.zeros((count, 2))
        self._covariance = np.zeros((count, 2, 2))
        self._covariance[:, 1, 1] = (HOUR_SD * self._scale) ** 2 / (1.0 - FADING**2)
        self._spent = np.zeros(count)
        self._in_force: dict[int, Floats] = {}

    def decide(self, hour: int) -> tuple[Floats, Floats]:
        """Return the multiplier and the cap of an hour."""
        day = hour - hour % 24
        if hour == day:
            self._new_day()
        ahead = self._usual[:, hour : day + 24]
        fading = FADING ** np.arange(1, ahead.shape[1] + 1)
        today, now = self._guess.T[:, :, None]
        left = np.maximum(self._task.budget - self._spent, 1e-9)
        wanted = left / (ahead * np.exp(today + now * fading)).sum(axis=1)
        pairs = zip(wanted, self._curves, strict=True)
        chosen = np.array([np.interp(each, curve, _GRID) for each, curve in pairs])
        self._in_force[hour] = chosen
        return np.exp(chosen), left

    def learn(self, hour: int, played: Played) -> None:
        """Take the report of an hour: a Kalman step for the day's level and the hour's unrest."""
        self._spent = self._spent + played.spend
        self._guess[:, 1] *= FADING
        self._covariance[:, 1, :] *= FADING
        self._covariance[:, :, 1] *= FADING
        self._covariance[:, 1, 1] += (HOUR_SD * self._scale) ** 2
        pairs = zip(self._in_force[hour], self._curves, strict=True)
        per_auction = np.array([np.interp(each, _GRID, curve) for each, curve in pairs])
        expected = np.log(self._usual[:, hour] * per_auction) + self._guess.sum(axis=1)
        surprise = np.log(np.maximum(played.spend, 1e-9)) - expected
        known = (played.spend > 0.0) & (~played.capped | (surprise > 0.0))
        towards = self._covariance.sum(axis=2)
        variance = towards.sum(axis=1) + 2.0 / np.maximum(played.wins, 1.0)
        gain = np.where(known[:, None], towards / variance[:, None], 0.0)
        self._guess += gain * surprise[:, None]
        self._covariance -= gain[:, :, None] * towards[:, None, :]

    def _new_day(self) -> None:
        self._spent = np.zeros(len(self._spent))
        self._guess[:, 0] = 0.0
        self._covariance[:, 0, :] = 0.0
        self._covariance[:, :, 0] = 0.0
        self._covariance[:, 0, 0] = (DAY_SD * self._scale) ** 2


def _curves(world: World) -> Floats:
    """Return what an auction is expected to cost at each multiplier, (B, grid)."""
    worth, rivals = np.random.default_rng(0).normal(size=(2, _SAMPLE))
    curves = []
    for value_sd, price_mean, price_sd, alike in world.kinds.T:
        mixed = alike * worth + np.sqrt(1.0 - alike**2) * rivals
        log_price = price_mean + price_sd * mixed
        needed = log_price - value_sd * worth
        order: Ints = np.argsort(needed)
        paid = np.cumsum(np.exp(log_price[order])) / _SAMPLE
        curves.append(np.interp(_GRID, needed[order], paid, left=1e-12))
    return np.array(curves)
