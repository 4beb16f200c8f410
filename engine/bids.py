"""Bids: what a click is worth, held to what may be bid and how fast a bid may change.

A click is worth its conversion rate times what a conversion may cost: the target cost per
conversion, or its value over the target revenue per cost. Under a budget the best bid is that times
one multiplier for all of the campaign, which the pacer finds.

Source: Perlich et al., "Bid Optimizing and Inventory Scoring in Targeted Online Advertising", KDD
2012, for bids proportional to the conversion rate; Aggarwal, Badanidiyuru and Mehta, "Autobidding
with Constraints", WINE 2019, for one multiplier under budgets and targets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints

PERFORMANCE_STRENGTH: Final = 50.0
"""Conversions of the newest hours that it takes to move bids half way to what they tell."""

LEAST_PERFORMANCE, MOST_PERFORMANCE = 0.5, 2.0
"""Factors between which the newest hours move a bid: more is a change to look at, not to follow."""

MOST_WORTH: Final = 1e15
"""More than any record can say that a conversion may cost, minor units."""

_HAIR: Final = 1e-12
"""Share by which a whole step may come out too high or too low."""

REASONS: Final = (
    "free",
    "minimum",
    "maximum",
    "max_change",
    "cooldown",
    "learning_phase",
    "emergency",
    "nothing_known",
)
"""What held a bid, by its number in `Bids.reason`."""

FREE, MINIMUM, MAXIMUM, MAX_CHANGE, COOLDOWN, LEARNING_PHASE, EMERGENCY, NOTHING_KNOWN = range(8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goals:
    """What B ad sets are to reach; arrays of shape (B,), 0 for none."""

    target_cpa: Floats
    """Most that a conversion may cost, minor units."""
    target_roas: Floats
    """Least revenue per cost."""
    margin: Floats
    """Share of the revenue that is not the cost of goods, in [0, 1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What B bids are held to; arrays of shape (B,), money in minor units."""

    low: Floats
    high: Floats
    """``0 <= low <= high``; a whole step lies between them."""
    change: Floats
    """Most that one change moves a bid by, as a share of it, > 0."""
    cooldown: Floats
    """Hours from one change to the next."""
    step: Floats
    """Bids are whole multiples of it, > 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """B bids as they are; arrays of shape (B,)."""

    bid: Floats
    """Minor units, as it would be without an emergency (`Bids.usual`); 0 where there is none."""
    since: Floats
    """Hours since it was last changed, but for emergencies."""
    learning: Bools
    """Whether the platform is learning, which a change would begin anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bids:
    """B bids, and what held each of them; arrays of shape (B,)."""

    bid: Floats
    """Minor units, a multiple of the step; 0 where nothing is known and none is in force."""
    usual: Floats
    """The same without an emergency: what the next bid is held to, so that cuts do not add up."""
    reason: Ints
    """Which of `REASONS`."""


def worth(value: Floats, goals: Goals) -> Floats:
    """Return what a conversion may cost, (B,), minor units; 0 where nothing says.

    The target cost per conversion; or the value (B,) over the target revenue per cost; without
    either the value. A margin caps it: beyond value times margin a conversion loses money.
    """
    # By a target of next to nothing a conversion may cost whatever it likes, but not infinity.
    least = np.maximum(goals.target_roas, value / MOST_WORTH)
    over = np.divide(value, least, out=value.copy(), where=goals.target_roas > 0.0)
    aimed = np.where(goals.target_cpa > 0.0, goals.target_cpa, over)
    capped = (goals.margin > 0.0) & (value > 0.0)
    return np.where(capped, np.minimum(aimed, value * goals.margin), aimed)


def performance(counted: Floats, expected: Floats) -> Floats:
    """Return by what bids move for conversions that came against those that rates foretold, (B,).

    Both are of the newest hours, those expected by maturity as well. It is 1 without evidence, and
    corrects what rates by cell cannot know: that all of a campaign converts better or worse by now.
    """
    ratio = (counted + PERFORMANCE_STRENGTH) / (expected + PERFORMANCE_STRENGTH)
    return np.clip(ratio, LEAST_PERFORMANCE, MOST_PERFORMANCE)


def bids(wanted: Floats, limits: Limits, now: InForce, emergency: Floats) -> Bids:
    """Return bids as near to those wanted as their limits allow.

    An emergency goes before cooldown, learning phase and largest change, when it comes and when it
    ends. The lowest and highest bid go before everything.

    Parameters
    ----------
    wanted
        Shape (B,), minor units, >= 0: worth times conversion rate times multipliers; 0 for unknown.
    emergency
        Shape (B,), in (0, 1]: what is left of the bid in an emergency, 1 for none.
    """
    held = now.bid > 0.0
    # Bids are rounded down in the end: to a whole step within the change, not to one beyond it.
    lowest = np.ceil(now.bid * (1.0 - limits.change) / limits.step * (1.0 - _HAIR)) * limits.step
    lowest = np.minimum(lowest, now.bid)
    near = np.clip(wanted, lowest, now.bid * (1.0 + limits.change))
    usual, reason = wanted, np.full(len(wanted), FREE)
    for number, where, value in (
        (MAX_CHANGE, held & (near != wanted), near),
        (COOLDOWN, held & (now.since < limits.cooldown), now.bid),
        (LEARNING_PHASE, held & now.learning, now.bid),
        (NOTHING_KNOWN, wanted <= 0.0, now.bid),
    ):
        usual, reason = np.where(where, value, usual), np.where(where, number, reason)
    reason = np.where(emergency < 1.0, EMERGENCY, reason)
    unknown = (wanted <= 0.0) & ~held
    bid, why = _within(usual * emergency, reason, limits)
    return Bids(
        bid=np.where(unknown, 0.0, bid),
        usual=np.where(unknown, 0.0, _within(usual, reason, limits)[0]),
        reason=np.where(unknown, NOTHING_KNOWN, why),
    )


def _within(bid: Floats, reason: Ints, limits: Limits) -> tuple[Floats, Ints]:
    """Return bids in whole steps, rounded down but never below the lowest, and what held them."""
    least = np.ceil(limits.low / limits.step)
    # A bid that is a whole step must stay one, though it may come out a hair below.
    steps = np.floor(bid / limits.step * (1.0 + _HAIR))
    most = np.floor(limits.high / limits.step)
    why = np.where(steps < least, MINIMUM, np.where(steps > most, MAXIMUM, reason))
    return np.clip(steps, least, most) * limits.step, why
