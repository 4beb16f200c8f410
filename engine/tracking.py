"""Whether conversions are still counted: clicks go on, and conversions vanish.

Conversions are expected at the campaign's own rate by click, times the share of them that is told
at the age at which an hour was told last. Rate and hours are weighed by the same shares, so that
where hours are told once and never again it does not matter what is assumed of delays. People click
at night and buy by day: the rate has a factor for the hour of the day, a gamma-Poisson posterior
mean around 1.

The evidence is that of `engine.change_tests`, of a loss of nine in ten. All of it is a function of
the hours as they are known now: one that is told again, or late, is judged as if it had always
been told so.

Source: Page, "Continuous Inspection Schemes", Biometrika 41 (1954).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.change_tests import log_ratio
from engine.thresholds import threshold

SUSPECTED: Final = threshold(0.001)
"""Evidence from which on an outage is suspected: one false alarm in a thousand campaign-weeks."""

DOUBTED: Final = 2.0
"""Evidence of an outage that goes on from which on its hours are not yet held against anybody."""

RETURNED: Final = 5.0
"""Evidence for the usual rate from which on an outage is over."""

LEAST_CONVERSIONS: Final = 20.0
"""Conversions that a rate must rest on."""

HOUR_STRENGTH: Final = 20.0
"""Conversions of an hour of the day that its being like the others counts for: rates vary by about
a fifth (1 / 0.22 ** 2)."""

_LOST: Final = 0.1
_INVERSE_SIZE: Final = 0.1
_DAY: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Clicked:
    """Hours of B campaigns in their order; shapes (B, H)."""

    clicks: Floats
    conversions: Floats
    shares: Floats
    """Of an hour's conversions, those that are told at the age at which it was told, >= 0."""
    of_day: Ints
    """Which hour of the day it is, 0 to 23."""
    usable: Bools
    """Whether the hour can be judged."""
    usual: Bools
    """Whether it says what is usual, too: not one that is known to be wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outages:
    """The likeliest outage of each campaign; shapes (B,)."""

    evidence: Floats
    """For it, >= 0; 0 where there is nothing to go by."""
    first: Ints
    """Position of its first hour."""
    end: Ints
    """Position after its last hour so far."""
    returned: Floats
    """Evidence for the usual rate since ``end``, >= 0."""
    now: Floats
    """Evidence for one that goes on in the last hour, >= 0: ``exp(-now)`` bounds its chance. It is
    that of the hours since ``end`` where conversions are back, however long they were lost."""
    began: Ints
    """Position of the first hour of that one."""
    expected: Floats
    """Conversions, at the usual rate, of its hours up to ``end``."""
    counted: Floats
    """Conversions that were told of them."""

    @property
    def over(self) -> Bools:
        """Return whether conversions are back."""
        return np.asarray(self.returned >= RETURNED)

    def hours(self, count: int) -> Bools:
        """Return which of ``count`` hours are not to be held against anybody, (B, H).

        Those of an outage that is suspected, and those of one that may just have begun. That there
        were few conversions once, and more again since, is chance and counts.
        """
        at = np.arange(count)
        end = np.where(self.over, self.end, count)[:, None]
        suspected = (self.evidence >= SUSPECTED)[:, None]
        begun = (self.now >= DOUBTED)[:, None] & (at >= self.began[:, None])
        return np.asarray((suspected & (at >= self.first[:, None]) & (at < end)) | begun)

    def judged_at(self, starts: Ints, now: Ints) -> Ints:
        """Return when hours (B, H) are to be judged, (B,): ``now``, or as an outage may have begun.

        What was told of earlier hours stops with it, too: they do not become dear by growing old.
        """
        at = np.minimum(self.began, starts.shape[1] - 1)
        begun = starts[np.arange(len(starts)), at]
        return np.asarray(np.where(self.now >= DOUBTED, begun, now))


def outages(hours: Clicked) -> Outages:
    """Return where conversions are likeliest to have been lost, and whether they are back."""
    exposure = hours.clicks * hours.shares
    learned = hours.usual & hours.usable
    behind = np.where(learned, hours.conversions, 0.0).sum(axis=1)
    clicked = np.where(learned, exposure, 0.0).sum(axis=1)
    known = (behind >= LEAST_CONVERSIONS) & (clicked > 0.0)
    rate = np.divide(behind, clicked, out=np.zeros(len(behind)), where=known)
    # The rate is shared by all hours: if it is too high, each of them is held against too much.
    cautious = rate * (1.0 - 1.0 / np.sqrt(np.maximum(behind, 1.0)))
    usual = np.where(learned, rate[:, None] * exposure, 0.0)
    factor = _by_hour_of_day(hours, np.where(learned, hours.conversions, 0.0), usual)
    means = cautious[:, None] * exposure * factor
    ratio = log_ratio(hours.conversions, means, np.array(_INVERSE_SIZE), np.array(_LOST))
    judged = hours.usable & known[:, None]
    return _placed(np.where(judged, ratio, 0.0), np.where(judged, means, 0.0), hours)


def _by_hour_of_day(hours: Clicked, counted: Floats, usual: Floats) -> Floats:
    """Return by how much conversions by click differ from their mean in hours of the day (B, H)."""
    count = len(counted)
    cells = (np.arange(count)[:, None] * _DAY + hours.of_day).ravel()
    seen, expected = (
        np.bincount(cells, each.ravel(), count * _DAY).reshape(count, _DAY)
        for each in (counted, usual)
    )
    factor = (seen + HOUR_STRENGTH) / (expected + HOUR_STRENGTH)
    return np.take_along_axis(factor, hours.of_day, axis=1)


def _placed(ratio: Floats, means: Floats, hours: Clicked) -> Outages:
    """Return the stretch of hours whose ratios have the largest sum, (B,) of (B, H)."""
    sums = np.concatenate([np.zeros((len(ratio), 1)), np.cumsum(ratio, axis=1)], axis=1)
    rises = sums - np.minimum.accumulate(sums, axis=1)
    end = np.argmax(rises, axis=1)
    first = _since(rises, end)
    rows, at = np.arange(len(ratio)), np.arange(ratio.shape[1])
    after = np.where(np.arange(sums.shape[1]) >= end[:, None], sums, np.inf)
    returned = sums[rows, end] - after.min(axis=1)
    # What is over does not go on, however long it was: what may have begun since is looked at anew.
    anew = np.maximum(sums - np.minimum.accumulate(after, axis=1), 0.0)
    newest = np.where((returned >= RETURNED)[:, None], anew, rises)
    within = hours.usable & (at >= first[:, None]) & (at < end[:, None])
    expected, counted = (
        np.where(within, each, 0.0).sum(axis=1) for each in (means, hours.conversions)
    )
    return Outages(
        evidence=rises[rows, end],
        first=first,
        end=end,
        returned=returned,
        now=newest[:, -1],
        began=_since(newest, np.full(len(ratio), ratio.shape[1])),
        expected=expected,
        counted=counted,
    )


def _since(rises: Floats, end: Ints) -> Ints:
    """Return where the rise that reaches to ``end`` (B,) began."""
    at = np.arange(rises.shape[1])
    return np.asarray(np.where((at <= end[:, None]) & (rises <= 0.0), at, 0).max(axis=1))
