"""Smooth shapes over the hours of a week, and where an hour lies in a campaign's own week."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from schemas.zones import zone

HOURS_PER_WEEK = 168

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def harmonic_day(amplitudes: Floats, peaks: Floats) -> Floats:
    """Return log shapes over a day, each a sum of cosines.

    Parameters
    ----------
    amplitudes
        Shape (B, K), natural log units: harmonic ``k`` swings by this much to either side.
    peaks
        Shape (B, K), hours of the day in [0, 24): where harmonic ``k`` is highest.

    Returns
    -------
    Shape (B, 24), natural log; each row has mean 0.
    """
    order = np.arange(1, amplitudes.shape[1] + 1)
    hours = np.arange(24)
    phase = 2 * np.pi * order * (hours[:, None] - peaks[:, None, :]) / 24
    return np.asarray(np.einsum("bk,bhk->bh", amplitudes, np.cos(phase)))


def weekly(log_day: Floats, log_weekday: Floats) -> Floats:
    """Combine hour of day (B, 24) and weekday (B, 7, Monday first) into weights of mean 1.

    Returns
    -------
    Shape (B, 168), positive; entry ``24 * weekday + hour``; each row has mean 1.
    """
    logs = (log_weekday[:, :, None] + log_day[:, None, :]).reshape(len(log_day), HOURS_PER_WEEK)
    weights = np.exp(logs)
    return np.asarray(weights / weights.mean(axis=1, keepdims=True))


@lru_cache(maxsize=65_536)
def hour_of_week(hour: int, timezone: str) -> int:
    """Return ``24 * weekday + hour``, local, of the hour that begins ``hour`` hours after 1970.

    Monday is weekday 0. In a zone with half hours it is the local hour in which the hour starts.
    """
    local = datetime.fromtimestamp(hour * 3600, UTC).astimezone(zone(timezone))
    return 24 * local.weekday() + local.hour
