"""What another bid brings: more clicks at dearer prices, or fewer at cheaper ones.

Clicks answer the bid by a power, and each click costs what the highest bid of the others is: the
clicks that a raise adds cost between the old bid and the new one. Their mean price is

    answer / (1 + answer) * (new ** (1 + answer) - old ** (1 + answer))
        / (new ** answer - old ** answer)

so a raise gains where a click is worth more than that, and a cut where it is worth less. The price
lies between the two bids whatever the answer is; what is gained is that times the clicks moved. The
answer itself is assumed: here nobody has tried other bids.

Source: Vickrey, "Counterspeculation, Auctions, and Competitive Sealed Tenders", Journal of Finance
16 (1961), for prices at the second bid; Varian, "Position auctions", International Journal of
Industrial Organization 25 (2007), for the cost of the clicks that a higher bid adds.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats
from engine.intervals import LIKELY, Interval
from engine.response import FIRST_ELASTICITY

ANSWER: Final = FIRST_ELASTICITY - 1.0
"""Elasticity of clicks to the bid that is assumed; spend's is by 1 more."""

ANSWERS_VARY: Final = 0.7
"""Standard deviation of its log: between a fifth and 1.2, four times of five."""

LEAST_MOVE: Final = 0.03
"""Share of the bid below which a change is not worth a change."""

_TIES: Final = 1e-9
"""Log distance of two bids that are taken for one: their difference would be all rounding."""

_FIFTHS: Final = np.array([NormalDist().inv_cdf((each + 0.5) / 5.0) for each in range(5)])
_FIFTIETHS: Final = np.array([NormalDist().inv_cdf((each + 0.5) / 50.0) for each in range(50)])
_ANSWERS: Final = ANSWER * np.exp(ANSWERS_VARY * _FIFTHS)
"""Five answers that are as likely as each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """B changes of a bid; arrays of shape (B,), money in any one unit."""

    old: Floats
    """> 0."""
    new: Floats
    """> 0."""
    allowed: Floats
    """What a conversion may cost, > 0."""
    rate: Floats
    """Conversions per click, > 0."""
    deviation: Floats
    """Standard deviation of the log of what a click is worth, > 0."""
    clicks: Floats
    """At the old bid, in the time that is looked at, >= 0."""
    spend: Floats
    """The same, >= 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gains:
    """What B changes bring in that time."""

    confidence: Floats
    """Shape (B,), in [0, 1]: probability that the change gains."""
    gain: Interval
    """What conversions may cost less what is spent, against the old bid."""
    conversions: Interval
    """At the new bid."""
    spend: Interval
    """At the new bid."""
    cost: Interval
    """Of a conversion, at the new bid."""


def worthwhile(old: Floats, wanted: Floats, deviation: Floats) -> Bools:
    """Return which bids (B,) are off by more than noise: 0.03 of them, and the limits of `LIKELY`.

    Parameters
    ----------
    old
        In force, > 0.
    wanted, deviation
        What a click is worth, > 0, and the standard deviation of its log.
    """
    distance = np.abs(np.log(wanted / old))
    return np.asarray(distance > np.maximum(LIKELY * deviation, np.log1p(LEAST_MOVE)))


def price_between(old: Floats, new: Floats, answer: Floats | float) -> Floats:
    """Return the mean price of the clicks between two bids, in the unit of the bids; all > 0."""
    log = np.log(new / old)
    same = np.abs(log) < _TIES
    moved = np.where(same, 1.0, np.expm1(answer * log))
    paid = np.expm1((1.0 + answer) * log) * answer / (1.0 + answer)
    return np.asarray(np.where(same, old, old * paid / moved))


def gains(move: Move) -> Gains:
    """Return what B changes bring; each is a mean over 250 cases of worth and answer."""
    old, new = move.old[:, None, None], move.new[:, None, None]
    answer = _ANSWERS[:, None]
    log = np.log(new / old)
    price = price_between(old, new, answer)
    moved = move.clicks[:, None, None] * np.expm1(answer * log)
    likely = np.exp(move.deviation[:, None, None] * _FIFTIETHS)
    rate = move.rate[:, None, None] * likely
    gain = moved * (move.allowed[:, None, None] * rate - price)
    made = (move.clicks[:, None, None] + moved) * rate
    spend = np.maximum(move.spend[:, None, None] + moved * price, 0.0) + np.zeros_like(rate)
    cost = np.divide(spend, made, out=np.zeros_like(made), where=made > 0.0)
    return Gains(
        confidence=_confidence(move),
        gain=_interval(gain),
        conversions=_interval(made),
        spend=_interval(spend),
        cost=_interval(cost),
    )


def _confidence(move: Move) -> Floats:
    """Return the probability that a click is worth more, for a cut less, than the price, (B,)."""
    price = price_between(move.old[:, None], move.new[:, None], _ANSWERS)
    side = np.sign(move.new - move.old)[:, None]
    worth = (move.allowed * move.rate)[:, None]
    score = side * np.log(worth / price) / move.deviation[:, None]
    normal = NormalDist()
    chance = [[normal.cdf(each) for each in row] for row in score.tolist()]
    return np.asarray(np.array(chance).reshape(score.shape).mean(axis=1))


def _interval(cases: Floats) -> Interval:
    low, middle, high = np.quantile(cases.reshape(len(cases), -1), (0.1, 0.5, 0.9), axis=1)
    return Interval(low=low, middle=middle, high=high)
