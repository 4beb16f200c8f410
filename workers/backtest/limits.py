"""What a log cannot tell, said of this very log."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from workers.backtest.curve import BOUGHT
from workers.backtest.findings import many
from workers.backtest.model import ASSUMED, HIDDEN
from workers.backtest.study import Study


def limits(study: Study) -> list[str]:
    """Return what no log, and what this log cannot tell; one sentence or two each."""
    return [*_elasticity(study), *_hours(study), *_always(study)]


def simulator_limits() -> list[str]:
    """Return what a simulated market cannot tell."""
    return [
        "What your campaigns would come to: a simulated market is not theirs.",
        "Rivals bid by a law and answer to nobody; outages, price jumps and seasons are left out.",
    ]


def _elasticity(study: Study) -> Iterator[str]:
    fitted = study.fitted
    learned = ~np.isnan(fitted.elasticity)
    still, vague = int((~fitted.varied).sum()), int((fitted.varied & ~learned).sum())
    low, high = ASSUMED
    if still:
        yield (
            f"What other bids would have spent, of {many(still, 'campaign')}: their bids never "
            f"varied, or are not in the log. An elasticity of {low:g} to {high:g} is assumed."
        )
    if vague:
        yield (
            f"What other bids would have spent, of {many(vague, 'campaign')}: their bids varied, "
            f"but too little for their noise. An elasticity of {low:g} to {high:g} is assumed."
        )
    if learned.any():
        middle = float(np.median(fitted.elasticity[learned]))
        yield (
            f"Bids far from those seen, of {many(int(learned.sum()), 'campaign')} whose bids "
            f"varied: elasticity is learned from that (median {middle:.1f}), and taken on beyond."
        )
    if (fitted.answered & learned).any():
        yield (
            f"All of the elasticity of {many(int((fitted.answered & learned).sum()), 'campaign')}: "
            "their bids followed their spend, which hides some of it. Up to "
            f"{HIDDEN:g} times what was learned is tried."
        )


def _hours(study: Study) -> Iterator[str]:
    log = study.log
    living = np.repeat(log.lived, 24, axis=1)
    cut, empty = study.cut & living, living & (log.spend == 0.0) & ~study.cut
    if cut.any():
        yield (
            f"What {many(int(cut.sum()), 'hour')} after a budget ran out or in a pause would have "
            "brought: drawn from the campaign's other hours, never below what was spent."
        )
    if empty.any():
        yield (
            f"What {many(int(empty.sum()), 'hour')} without spend had for sale at higher bids: at "
            "their own, it is taken, just too little to buy any of it."
        )


def _always(study: Study) -> Iterator[str]:
    low, high = BOUGHT
    yield (
        f"How soon the market sells out: the usual bid is taken to buy between {low:.1%} and "
        f"{high:.0%} of it, and what auctions ask for to be log-normal."
    )
    yield (
        "How rivals and the platform would have answered: prices are taken to stay as they were, "
        "whatever is bid."
    )
    if study.log.conversions.any():
        yield (
            "When conversions came and which hour they belong to: each campaign's own rate for a "
            "unit of value is taken for all hours."
        )
    yield (
        "What an impression was really worth: an auction is taken to be worth what the bid said, "
        "so that the best purchase of a day is one constant bid."
    )
