"""Rough campaigns: hours that miss what is expected of them by whole factors, for good.

Where an hour says little of the next, a model of hours chases chance, and a multiplier that follows
it buys dear in one hour what it could have had for less in another. How far hours miss is learned
slowly and robustly, once the first search is over. What the days of a rough campaign
will spend is told better by a ratio of sums: the money of the last days over what
the usual day expects of the same hours, silent ones and all.

Where hours miss by what the response model expects, nothing here has a part in what is decided.

Source: Huber, "Robust Estimation of a Location Parameter" (1964), for bounded misses; Cochran,
"Sampling Techniques" (1977), for the ratio of sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats

CALM: Final = 0.5
"""Mean miss of an hour, natural log, up to which the response model is trusted wholly."""

WILD: Final = 0.9
"""Mean miss from which the response model is not trusted at all."""

MOST_MISS: Final = 3.0
"""Natural log beyond which a miss counts no more."""

MISS_MEMORY: Final = 24.0
"""Hours heard from after which a miss counts for 1/e."""

MEMORY: Final = 96.0
"""Hours after which an hour's money counts for 1/e."""

FIRST: Final = 48.0
"""Mean hours that what is guessed of a new campaign counts for."""

LEANING: Final = 0.5
"""Power of the day's shape: of hours that differ wildly it says less than it seems to."""

ELASTICITY: Final = 2.5
CURVATURE: Final = 0.8
"""Of spend against the multiplier, taken where chance hides the campaign's own."""

_SD: Final = 1.25
"""Standard deviation over mean miss, of normal misses."""

_LEAST: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Rough:
    """What is known of how rough B campaigns are, and of their days; shapes (B,)."""

    miss: Floats
    """Mean miss of an hour beyond what counting makes of it, natural log, >= 0."""
    money: Floats
    """Minor units, > 0: what the last days spent."""
    hours: Floats
    """> 0: of how many mean hours at the anchor's multiplier that is."""

    def of(self, rows: slice) -> Rough:
        """Return what is known of some campaigns."""
        return Rough(miss=self.miss[rows], money=self.money[rows], hours=self.hours[rows])


def smooth(log_hourly_spend: Floats) -> Rough:
    """Return what is assumed of campaigns that should spend so much in a mean hour, (B,)."""
    hours = np.full(len(log_hourly_spend), FIRST)
    return Rough(miss=np.zeros(len(hours)), money=np.exp(log_hourly_spend) * hours, hours=hours)


def trust(rough: Rough) -> Floats:
    """Return how far the response model is trusted, (B,), from 0 to 1."""
    return np.clip((WILD - rough.miss) / (WILD - CALM), 0.0, 1.0)


def noise(rough: Rough) -> Floats:
    """Return the variance (B,) of an hour's log spend that roughness adds; 0 while calm."""
    return np.asarray(((1.0 - trust(rough)) * _SD * rough.miss) ** 2)


def missed(rough: Rough, surprise: Floats, impressions: Floats, counts: Bools) -> Rough:
    """Return what is known after hours that came out ``surprise`` (B,) off, natural log.

    What counting ``impressions`` makes of it is no roughness. Only hours that ``counts`` does.
    """
    beyond = np.abs(surprise) - np.sqrt(2.0 / np.maximum(impressions, 1.0))
    step = (np.clip(beyond, 0.0, MOST_MISS) - rough.miss) / MISS_MEMORY
    miss = rough.miss + np.where(counts, step, 0.0)
    return Rough(miss=miss, money=rough.money, hours=rough.hours)


def bought(rough: Rough, money: Floats, hour: tuple[Floats, Floats], counts: Bools) -> Rough:
    """Return what is known after an hour that spent ``money`` (B,), minor units.

    ``hour`` is the log of its share against a mean one, and the log of its multiplier against the
    anchor; shapes (B,). One with a lower multiplier weighs less. One with a higher one weighs no
    more: how much that buys is not known, and few such hours would outweigh all others.
    """
    shape, u = hour
    kept = np.where(counts, np.exp(-1.0 / MEMORY), 1.0)
    hours = np.where(counts, np.exp(LEANING * shape + ELASTICITY * np.minimum(u, 0.0)), 0.0)
    return Rough(
        miss=rough.miss,
        money=np.maximum(kept * rough.money + np.where(counts, money, 0.0), _LEAST),
        hours=np.maximum(kept * rough.hours + hours, _LEAST),
    )


def moved(rough: Rough, shift: Floats) -> Rough:
    """Return the same knowledge with the anchor moved by ``shift`` (B,), natural log."""
    return Rough(
        miss=rough.miss,
        money=rough.money,
        hours=np.maximum(rough.hours * np.exp(-ELASTICITY * shift), _LEAST),
    )
