"""What a campaign's spend is held against: its own week, its bids, and what it was allowed to be.

Demand is what an hour would have spent without a limit. Where its limit left room, spend is demand;
where it was cut off, demand was at least as much. So an hour that was not cut off is held against
what is usual, or what it was allowed if that is less; and an hour that was says of a fall what the
chance of at least so much says. Neither speaks more for a fall than the likelihood ratio of demand
that is cut off does (the second about as much), and so limits do not make falls.

Of rises an hour with a limit says little: what is usual is learned from hours that had room. So
nothing is said of them where more than a few hours had none.

Sources: Tobin, "Estimation of Relationships for Limited Dependent Variables", Econometrica 26
(1958), for demand that is cut off; those of `engine.change_tests`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Rows
from engine.funnel import SPEND, ClosedDays, Held
from engine.funnel_state import LEFT_ALONE, STEERED, UNKNOWN, bids_doubt
from engine.normal import below

ROOM: Final = 1.5
"""How many times the usual spend an hour must be allowed to say what demand is."""

MOST_TIGHT: Final = 1.0 / 3.0
"""Share of hours without room up to which rises of spend are told of."""

_ERRORS: Final = 3.0
"""Standard errors of how spend answers to bids that are taken off what they make of it."""

_LEVELS: Final = ("hours", "count", "exposure", "excess", "square", "of_day", "of_week", "active")
_EVIDENCE: Final = ("evidence", "since", "expected", "counted")
"""What `engine.funnel_state.WATCH` keeps of spend that hangs on who steers it."""

_LEAST, _LEAST_CHANCE = 1e-9, 1e-12


def limits(days: ClosedDays) -> Floats:
    """Return the most that each hour may be held to, (B, H); infinite where nothing limits it."""
    return np.where(days.capped, days.counts[:, :, SPEND], days.allowed)


def within_limits(hours: Held, means: Floats, limit: Floats) -> tuple[Held, Floats]:
    """Return hours and means of counts in units, (B, 2, H, 5), of no more than was allowed.

    ``limit`` (B, H) is in units, too. What an hour is held against shrinks along with its mean.
    """
    after, exposures = means.copy(), hours.exposures.copy()
    after[..., SPEND] = np.minimum(means[..., SPEND], limit[:, None])
    usual = means[:, 0, :, SPEND]
    share = np.divide(after[:, 0, :, SPEND], usual, out=np.ones(usual.shape), where=usual > 0.0)
    exposures[..., SPEND] *= share
    return replace(hours, exposures=exposures), after


def is_steered(rows: Rows) -> Bools:
    """Return whether what is known of a campaign's spend is of hours whose bids were set, (B,)."""
    return np.asarray(rows["steering"] == STEERED)


def begun_anew(rows: Rows, days: ClosedDays) -> Rows:
    """Return campaigns (B,) as a day finds them: knowing nothing of other steering than its.

    How a platform had limited their spend before bids were set is not known, nor what it does when
    they are set no more: neither says what is usual under the other. The last hour tells which it
    is from then on.
    """
    hours = np.where(days.told, np.arange(days.told.shape[1]), -1).max(axis=1)
    last = days.steered[np.arange(len(rows)), hours]
    steering = np.where(last, STEERED, LEFT_ALONE).astype(np.uint8)
    steering = np.where(hours < 0, rows["steering"], steering)
    other = (rows["steering"] != UNKNOWN) & (rows["steering"] != steering)
    after = rows.copy()
    after["steering"] = steering
    after["lived"][other] = 0.0
    for name in _LEVELS:
        after[name][other, ..., SPEND] = 0.0
    for name in _EVIDENCE:
        after[name][other, SPEND] = 0
    return after


def doubted(rows: Rows, days: ClosedDays) -> Floats:
    """Return the factor, 1 or more, by which bids may make more or less of spend, (B, H)."""
    return np.asarray(np.exp(_ERRORS * bids_doubt(rows, days.log_multiplier)))


def cut_off_says(spend: Floats, usual: Floats, inverse_size: Floats, factors: Floats) -> Floats:
    """Return what hours say of changes by ``factors`` if their demand was ``spend`` at least.

    That is the log of the ratio of two chances of that, demand taken for log-normal; shapes are
    (N, 1), (N, C), (N, C) and (C,). Of rises such hours say nothing.
    """
    falls = factors < 1.0
    found = np.zeros(usual.shape)
    mean = np.maximum(usual[:, falls], _LEAST)
    variance = np.log1p(inverse_size[:, falls] + 1.0 / mean)
    room = np.log(mean / np.maximum(spend, _LEAST))
    scores = (np.stack([room, room + np.log(factors[falls])]) - variance / 2.0) / np.sqrt(variance)
    as_usual, fallen = np.maximum(below(scores), _LEAST_CHANCE)
    found[:, falls] = np.where(spend > 0.0, np.log(fallen / as_usual), 0.0)
    return found
