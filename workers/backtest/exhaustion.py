"""Hours of a log in which a budget stood in the way: their spend is a lower bound."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.arrays import Bools, Floats
from workers.backtest.log import Log, by_day

USED_UP: Final = 0.998
"""Share of a day's budget from which it counts as used up."""

_REST: Final = 0.005
"""Share of a day's spend that may still come after its budget was used up."""

_SILENT_SHARE: Final = 0.1
"""Share of a usual day that hours without spend would have had, for a day to have run dry."""


def cut_off(log: Log, budget: Floats) -> Bools:
    """Return the hours (B, H) in which a budget stood in the way, or the bid was 0.

    They are the hour in which the day's budget was used up and those after it. Where
    no budget is known, a day that falls silent for good, in hours that are busy on other
    days, is taken for one that ran dry.

    Parameters
    ----------
    budget
        Shape (B,): of a day, where the log says none; NaN where nobody knows it.
    """
    limits = np.where(np.isnan(log.day_budget), budget[:, None], log.day_budget)
    spend = by_day(log.spend)
    running = spend.cumsum(axis=2)
    total = running[:, :, -1:]
    over = total - running <= _REST * total
    with np.errstate(invalid="ignore"):
        reached = running >= USED_UP * by_day(limits)
    ran_out = (reached & over & (total > 0.0)).reshape(log.spend.shape)
    known = ~np.isnan(limits)
    return np.asarray(np.where(known, ran_out, _ran_dry(spend, log)) | (log.bid == 0.0))


def _ran_dry(spend: Floats, log: Log) -> Bools:
    """Return the last hour with spend, and those after it, of days that fell silent too early."""
    lived = log.lived[:, :, None]
    usual = (spend * lived).sum(axis=1) / np.maximum(lived.sum(axis=1), 1)
    after = spend[:, :, ::-1].cumsum(axis=2)[:, :, ::-1]
    silent = after == 0.0
    missed = (silent * usual[:, None]).sum(axis=2)
    early = missed > _SILENT_SHARE * usual.sum(axis=1)[:, None]
    last = ~silent & np.concatenate([silent[:, :, 1:], np.ones_like(silent[:, :, :1])], axis=2)
    dry = (silent | last) & (early & (after[:, :, 0] > 0.0))[:, :, None]
    return np.asarray(dry.reshape(log.spend.shape))
