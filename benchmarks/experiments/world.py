"""Campaigns whose days differ by weekday, by chance and by what nobody knows, under experiments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.experiments import Side, log_ratios, together, treated

Floats = NDArray[np.float64]

DAYS: Final = 60
EXPERIMENTS: Final = 2_000

_WEEKDAYS: Final = np.log([1.1, 1.05, 1.0, 1.0, 1.05, 0.85, 0.8])
_SHOCK: Final = 0.15
"""Standard deviation, in the log, of what a campaign's day is off what was to be expected."""
_MEMORY: Final = 0.5
"""Share of it that is left a day later."""
_HALF_SHOCK: Final = 0.02
"""The same of what halves of one day differ by, apart from counting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Campaigns that take part in one experiment."""

    campaigns: int
    rate: float
    """Median conversions a day; campaigns differ by a factor of three either way."""


ACCOUNTS: Final = (
    Account(campaigns=1, rate=6.0),
    Account(campaigns=1, rate=300.0),
    Account(campaigns=12, rate=20.0),
    Account(campaigns=60, rate=60.0),
)


def halves(account: Account, lift: float, seed: int, count: int = EXPERIMENTS) -> Floats:
    """Return the observations of experiments on halves, shape (``count``, `DAYS`)."""
    return _drawn(account, (seed, count), lambda rng, level, _: _of_halves(rng, level, lift))


def switchback(account: Account, lift: float, seed: int, count: int = EXPERIMENTS) -> Floats:
    """Return those of switchbacks by blocks of one day, shape (``count``, `DAYS` / 2)."""
    return _drawn(
        account, (seed, count), lambda rng, level, name: _of_turns(rng, level, name, lift)
    )


Design = Callable[..., Floats]
DESIGNS: Final[dict[str, Design]] = {"halves": halves, "switchback": switchback}


def _drawn(
    account: Account,
    chance: tuple[int, int],
    observed: Callable[[np.random.Generator, Floats, str], Floats],
) -> Floats:
    seed, count = chance
    rng = np.random.default_rng(seed)
    return np.array([observed(rng, _levels(account, rng), f"{seed}-{n}") for n in range(count)])


def _levels(account: Account, rng: np.random.Generator) -> Floats:
    """Return the conversions that each campaign's days are expected to bring (C, `DAYS`)."""
    size = np.log(account.rate) + rng.normal(0.0, np.log(3.0) / 2.0, account.campaigns)
    shocks = rng.normal(0.0, _SHOCK, (account.campaigns, DAYS))
    for day in range(1, DAYS):
        kept = np.sqrt(1.0 - _MEMORY**2)
        shocks[:, day] = _MEMORY * shocks[:, day - 1] + kept * shocks[:, day]
    trend = rng.normal(0.0, 0.2, (account.campaigns, 1)) * np.linspace(0.0, 1.0, DAYS)
    level = size[:, None] + _WEEKDAYS[np.arange(DAYS) % 7] + shocks + trend
    return np.asarray(np.exp(level))


def _of_halves(rng: np.random.Generator, level: Floats, lift: float) -> Floats:
    each = [
        rng.poisson(0.5 * level * factor * np.exp(rng.normal(0.0, _HALF_SHOCK, level.shape)))
        for factor in (lift, 1.0)
    ]
    return _compared(*(counts.astype(np.float64) for counts in each))


def _of_turns(rng: np.random.Generator, level: Floats, name: str, lift: float) -> Floats:
    turns = np.array(
        [
            treated(name, [str(campaign).encode()] * DAYS, np.arange(DAYS), 1)
            for campaign in range(len(level))
        ]
    )
    counts = rng.poisson(level * np.where(turns, lift, 1.0)).astype(np.float64)
    shape = len(level), DAYS // 2
    return _compared(counts[turns].reshape(shape), counts[~turns].reshape(shape))


def _compared(mine: Floats, theirs: Floats) -> Floats:
    sides = (Side(amount=counts, conversions=counts) for counts in (mine, theirs))
    return together(log_ratios(*sides), mine + theirs)
