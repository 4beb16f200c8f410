"""A world of conversion rates by campaign, device, placement and hour, drawn once and known.

Rates differ by campaign (log-normal), by device, placement, both together and hour (shared by all),
and each campaign departs from what all share. Two samples are drawn of the same rates: one to learn
from, one to be judged by.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SEED: Final = 11
CAMPAIGNS: Final = 5_000
DEVICES: Final = 3
PLACEMENTS: Final = 4
HOURS: Final = 24
CLICKS: Final = 200.0
"""Of the median campaign."""

BUSY: Final = 1.33
"""Standard deviation of log clicks: 2.4 million in all."""

RATE: Final = 0.02
"""Conversions per click of the median campaign."""

LEVEL_SD: Final = 0.6
OF_DEVICE: Final = np.array([-0.25, 0.45, 0.1])
"""Log factors of phone, desktop and tablet."""

OF_PLACEMENT: Final = np.array([-0.4, -0.1, 0.1, 0.4])
TOGETHER_SD: Final = 0.1
DAILY: Final = 0.35
"""Amplitude of the shared day, natural log."""
OWN_SD: Final = 0.1
"""Of a campaign's own log factor of each device, placement and hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Cells of all campaigns that had clicks in either sample; shapes (N,)."""

    campaign: Ints
    device: Ints
    placement: Ints
    hour: Ints
    rate: Floats
    """True conversions per click."""
    clicks: Ints
    conversions: Ints
    unseen_clicks: Ints
    """Of the second sample."""
    unseen_conversions: Ints


@cache
def world(own: float) -> World:
    """Return the world in which campaigns depart from what they share by ``own``."""
    chance = np.random.default_rng(SEED)
    shape = (CAMPAIGNS, DEVICES, PLACEMENTS, HOURS)
    rate = _rates(chance, own)
    share = _shares(chance)
    volume = CLICKS * np.exp(BUSY * chance.standard_normal(CAMPAIGNS))
    mean = volume.reshape(-1, 1, 1, 1) * share
    clicks, unseen = chance.poisson(mean), chance.poisson(mean)
    keys = np.indices(shape).reshape(4, -1)
    some = np.flatnonzero((clicks + unseen).ravel())
    campaign, device, placement, hour = (each[some] for each in keys)
    rates = rate.ravel()[some]
    counts = [each.ravel()[some] for each in (clicks, unseen)]
    sold = [chance.binomial(each, rates) for each in counts]
    return World(
        campaign=campaign,
        device=device,
        placement=placement,
        hour=hour,
        rate=rates,
        clicks=counts[0],
        conversions=sold[0],
        unseen_clicks=counts[1],
        unseen_conversions=sold[1],
    )


def _rates(chance: np.random.Generator, own: float) -> Floats:
    def drawn(spread: float, *shape: int) -> Floats:
        return np.asarray(spread * chance.standard_normal(shape))

    log = np.log(RATE) + drawn(LEVEL_SD, CAMPAIGNS, 1, 1, 1)
    log = log + OF_DEVICE.reshape(-1, 1, 1) + OF_PLACEMENT.reshape(-1, 1)
    log = log + drawn(TOGETHER_SD, 1, DEVICES, PLACEMENTS, 1)
    log = log + DAILY * np.cos(2.0 * np.pi * (np.arange(HOURS) - 20) / HOURS)
    log = log + drawn(own, CAMPAIGNS, DEVICES, 1, 1) + drawn(own, CAMPAIGNS, 1, PLACEMENTS, 1)
    log = log + drawn(own, CAMPAIGNS, 1, 1, HOURS)
    return np.asarray(np.minimum(np.exp(log), 0.9))


def _shares(chance: np.random.Generator) -> Floats:
    """Return how clicks spread over device, placement and hour; sums to 1 for each campaign."""
    device = chance.dirichlet(np.array([6.0, 3.0, 1.0]), CAMPAIGNS).reshape(-1, DEVICES, 1, 1)
    placement = chance.dirichlet(np.full(PLACEMENTS, 2.0), CAMPAIGNS)
    day = np.exp(0.6 * np.cos(2.0 * np.pi * (np.arange(HOURS) - 19) / HOURS))
    return np.asarray(device * placement.reshape(-1, 1, PLACEMENTS, 1) * (day / day.sum()))
