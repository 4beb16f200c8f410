"""What closed days of campaigns are held against: each step of the funnel against the one before.

Our own bids and budgets move what a campaign gets, so that how much that is says little of whether
it was counted rightly. Ratios down the funnel hardly move with them: impressions for the money,
clicks for the impressions, conversions for the clicks, revenue for the conversions. Spend has
nothing before it: it is held against the campaign's own week, and what it was allowed to be
(`engine.funnel_spend`). How each answers to a multiplier is learned (`engine.funnel_watch`).

Conversions are those that are told when the day closes. How many of them are told by then depends
on how old the hour is, and so on the hour of the day; its factor (`engine.funnel_watch`) has that
in it. A day that was closed long after its end has more of them: it says nothing of conversions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints

SIGNALS: Final = ("impressions", "clicks", "spend", "conversions", "revenue")
"""What is watched, in the order of their counts."""

HOURS: Final = 25
"""Hours of the longest day."""

ANSWERS: Final = np.array([-0.5, 0.0, 1.0, 0.0, 0.0])
"""Log of what each signal is to log of the multiplier, before a campaign has taught its own.

Prices of impressions lie between second prices that stay and first prices that go along."""

SURE: Final = np.array([16.0, 100.0, 16.0, 400.0, 400.0])
"""How sure that is: 1 / variance, of standard deviations of .25, .1, .25, .05 and .05."""

SPEND, REVENUE = SIGNALS.index("spend"), SIGNALS.index("revenue")

DAYS_DIFFER: Final = np.array([0.05, 0.05, 0.1, 0.03, 0.03])
"""By how much the hours of one day may differ together from what is usual, as markets do, before
that begins to speak for a drop or a drift; by signal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedDays:
    """One closed local day of each of B campaigns; shapes (B, `HOURS`) unless said otherwise."""

    counts: Floats
    """Shape (B, `HOURS`, 5), >= 0, in the order of `SIGNALS`; money in any unit."""
    log_multiplier: Floats
    of_day: Ints
    """Hour of the local day, 0 to 23."""
    weekday: Ints
    """Shape (B,), 0 to 6."""
    starts: Ints
    """First second of each hour."""
    told: Bools
    """Whether the hour was told of, and is not known to be wrong."""
    steered: Bools
    """Whether somebody had set bids, and not the platform alone, by budgets that nobody told of."""
    capped: Bools
    """Whether a budget has cut its spend off."""
    allowed: Floats
    """The most that it might spend, >= 0, in the money of the counts; infinite where nothing is
    known to limit it."""
    prompt: Bools
    """Shape (B,): whether the day was closed as soon as it was over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Hours and what they are held against; shapes (B, `HOURS`, 5)."""

    counts: Floats
    exposures: Floats
    """>= 0, in proportion to what is expected but for the week and our bids."""
    usable: Bools
    doubt: Floats
    """By how much the exposure itself is uncertain: 1 / the events behind it."""


def held(days: ClosedDays, ruled: Bools) -> Held:
    """Return what each signal of each hour is held against.

    ``ruled`` (B, `HOURS`) are the hours that are comparable by how spend is steered.
    """
    impressions, clicks, spend, conversions, _ = np.moveaxis(days.counts, 2, 0)
    exposures = spend, impressions, np.ones(spend.shape), clicks, conversions
    told, prompt = days.told, days.told & days.prompt[:, None]
    doubt = np.zeros(days.counts.shape)
    # What was paid for few clicks was chance.
    doubt[:, :, 0] = 1.0 / (1.0 + clicks)
    return Held(
        counts=days.counts,
        exposures=np.stack(exposures, axis=2),
        usable=np.stack([told, told, ruled & ~days.capped, prompt, told], axis=2),
        doubt=doubt,
    )
