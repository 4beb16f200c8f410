"""Whether periods ended where they were foreseen to end: forecasts against what came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np

from schemas import CampaignKey
from schemas.currencies import EXPONENTS
from workers.report.decisions import Foresight, within
from workers.report.delivered import Floats
from workers.report.periods import Period, Terms
from workers.report.totals import Campaigns, Stretch, is_known, spent_in

SLOTS: Final = 24
"""Parts of a period by which forecasts are told apart: the hours of a day."""

ENOUGH: Final = 20
"""Fewest forecasts behind a share that is worth looking at."""

NOMINAL: Final = 0.8
"""Share of periods that ought to end between the 10th and the 90th percentile."""

_Z = 1.959964


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Forecasts of periods that have ended, by the part of the period when they were made."""

    counts: Floats
    """Forecasts, shape (24,)."""
    within: Floats
    """How many of them held the end spend between p10 and p90, shape (24,)."""
    below: Floats
    """How many had the end spend at or below p10, p50, p90; shape (3, 24)."""
    periods: int
    """Campaign-periods behind them."""

    @property
    def total(self) -> int:
        """All forecasts."""
        return int(self.counts.sum())

    @property
    def share(self) -> float | None:
        """Share of all forecasts whose band held; None without forecasts."""
        return float(self.within.sum()) / self.total if self.total else None


def calibration_of(
    campaigns: Campaigns,
    foreseen: Callable[[CampaignKey], Sequence[Foresight]],
    stretch: Stretch,
) -> Calibration:
    """Compare what was ``foreseen`` of the periods that ended in ``stretch`` with their spend.

    ``foreseen`` gives what was foreseen of a campaign, in order, once for each hour.
    """
    counts, held, below = np.zeros(SLOTS), np.zeros(SLOTS), np.zeros((3, SLOTS))
    periods = 0
    for key, (terms, hours) in campaigns.items():
        known = [one for one in foreseen(key) if one.p50 is not None]
        for period in terms.periods(stretch.start, stretch.end) if known else ():
            if period.end > stretch.end or not is_known(hours, period):
                continue
            inside = within(known, period.start, period.end)
            end, step = spent_in(hours, period), _minor_unit(terms)
            periods += bool(inside)
            for one in inside:
                slot = _slot(one.at, period)
                counts[slot] += 1.0
                held[slot] += (one.p10 or 0.0) - step <= end <= (one.p90 or 0.0) + step
                below[:, slot] += [end <= (p or 0.0) + step for p in one[-3:]]
    return Calibration(counts=counts, within=held, below=below, periods=periods)


def wilson(hits: float, count: float) -> tuple[float, float]:
    """Return the 95 per cent interval of a share (Wilson, 1927); (0, 1) where nothing is known."""
    if count <= 0.0:
        return 0.0, 1.0
    share, spread = hits / count, _Z * _Z / count
    middle = share + spread / 2.0
    half = _Z * sqrt(share * (1.0 - share) / count + spread / (4.0 * count))
    low, high = (middle - half) / (1.0 + spread), (middle + half) / (1.0 + spread)
    return max(low, 0.0), min(high, 1.0)


def _slot(at: int, period: Period) -> int:
    return SLOTS * (at - period.start) // (period.end - period.start)


def _minor_unit(terms: Terms) -> float:
    """Return the distance at which an amount is met: forecasts are rounded to minor units."""
    return float(10.0 ** -EXPONENTS.get(terms.currency, 2))
