"""How many outages of conversions anybody could find by what closed days tell of them.

Whoever knows all that the world knows (each hour's mean given its clicks, how it varies, which
hours are broken and how) can do no better than the likelihood ratio of these hours (Neyman and
Pearson, "On the Problem of the Most Efficient Tests of Statistical Hypotheses", Phil. Trans. R.
Soc. A 231, 1933). Nothing else is told of conversions by then: most come after their day closes.
"""

from __future__ import annotations

from math import log
from typing import Final

import numpy as np

from benchmarks.closed_days.watching import KINDS, first_hours
from benchmarks.closed_days.world import DAY, LEARNED, Fault, Floats, World
from engine.change_tests import log_ratio

FALSE_ALARMS: Final = 0.05
"""A campaign and week, of all tests together."""

_VARIES: Final = 0.1
"""1 / size of the negative binomial that conversions of clicks are."""


def known_evidence(market: World) -> Floats:
    """Return the log likelihood ratio of the outage of each campaign that has one, (B,)."""
    kind = KINDS["outage"]
    hit, onset = first_hours(len(market.rates))
    fault = Fault(signal="conversions", bent=kind.bent, hours=kind.days * DAY)
    found = np.zeros(len(market.rates))
    for number in range(LEARNED, LEARNED + kind.days + 1):
        counts = market.day(number, fault, onset).counts[:, :DAY]
        means = market.expected_sales(number, counts[..., 1])
        age = number * DAY + np.arange(DAY) - onset[:, None]
        lost = log_ratio(counts[..., 3], means, np.array(_VARIES), np.array(0.05))
        # Few conversions leave none: what is left of them is rounded.
        none = log_ratio(np.zeros(1), means, np.array(_VARIES), np.array(1e-12))
        ratio = np.where(counts[..., 3] > 0.0, lost, none)
        found += np.where((age >= 0) & (age < fault.hours), ratio, 0.0).sum(axis=1)
    return found[hit]


def ceiling(market: World, tests: int) -> float:
    """Return the share of outages, in percent, that can be told of by one of so many tests.

    Each may err as often as the others, and an outage may begin once a day.
    """
    asked = log(7.0 * tests / FALSE_ALARMS)
    return 100.0 * float((known_evidence(market) >= asked).mean())
