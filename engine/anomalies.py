"""Hours that are not as they should be: outages, drops, spikes and drifts of a campaign's counts.

What is expected of an hour is a level times an exposure. The exposure is the hour of the learned
week; of conversions per click it is the clicks there were, of order values the conversions. The
level is a mean that fades, of counts that are cut where they are too odd to be believed, so that
what is looked for does not teach what is normal. The state of a campaign does not grow.

Sources: those of `engine.change_tests`; Hastings et al., "Low Moments for Small Samples", Ann.
Math. Statist. 18 (1947), for winsorised means; Clark, Perry, "Estimation of the Negative Binomial
Parameter", Biometrics 45 (1989), for the moments of the size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Rows
from engine.change_tests import accumulate, log_ratio
from engine.discoveries import FALSE_SHARE, discoveries
from engine.formats import Formats
from engine.thresholds import Thresholds

SIGNALS: Final = ("impressions", "clicks", "spend", "conversions", "revenue", "tracking")
"""What is watched. Revenue is watched by its conversions, ``tracking`` is conversions by clicks."""

CHANGES: Final = ("outage", "drop", "spike", "sinking", "rising")
"""What is looked for in each signal."""

FACTORS: Final = np.array([0.1, 0.6, 3.0, 0.5, 2.0])
"""The rate that each change is told from what is usual by."""

_DRIFTS: Final = np.array([False, False, False, True, True])
"""Slow changes are told from a level that forgets slowly, for the other one goes along with them.
They are told by a factor that usual ups and downs from week to week do not come near."""

HALF_LIVES: Final = np.array([3.0 * 24.0, 10.0 * 24.0])
"""Hours in which half of what a level has seen is forgotten: the level, and the slow one."""

BELIEVED: Final = 3.0
"""Standard deviations from what was expected at which a count is cut before it teaches."""

DOUBT: Final = 8.0
"""Evidence of any change of a signal from which on its hours teach half."""

_DOUBTED_SHARE: Final = 0.5

FIRST_HOURS: Final = 168.0
"""Hours of exposure that are learned before anything is tested."""

_SPREAD, _SPREAD_WEIGHT = 0.1, 25.0
_SIGNALS, _CHANGES = len(SIGNALS), len(CHANGES)

WATCH: Final = np.dtype(
    [
        ("format", "u1"),
        ("hours", "<f8", (_SIGNALS,)),
        ("count", "<f8", (2, _SIGNALS)),
        ("exposure", "<f8", (2, _SIGNALS)),
        ("excess", "<f8", (_SIGNALS,)),
        ("square", "<f8", (_SIGNALS,)),
        ("evidence", "<f8", (_SIGNALS, _CHANGES)),
    ]
)
"""Format 1: one campaign. Hours learned; sums that fade of counts and exposures, fast and slow; of
what squared deviations exceed Poisson's by, and of squared means; the evidence of each change."""

_FORMATS: Final = Formats(what="watch", layouts=(WATCH,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """What an hour of B campaigns came to, and what it is held against; shapes (B, 6)."""

    counts: Floats
    """In the order of `SIGNALS`, >= 0; money in any unit."""
    exposures: Floats
    """>= 0, in proportion to what is expected; with no exposure nothing is tested or learned."""
    usable: Bools
    """Whether the hour was told of at all, and is not known to be wrong."""


def hour(counts: Floats, clicks_shape: Floats, conversions_shape: Floats, usable: Bools) -> Hour:
    """Return what is watched of an hour.

    Parameters
    ----------
    counts
        Shape (B, 5): impressions, clicks, spend, conversions, revenue.
    clicks_shape, conversions_shape
        Shape (B,), > 0: relative rates of the hour by the learned week, such as those of
        `engine.patterns.estimate`; of conversions times the share of them that is there by now.
    usable
        Shape (B,).
    """
    clicks, conversions = counts[:, 1], counts[:, 3]
    by_click = clicks * conversions_shape / clicks_shape
    exposures = [clicks_shape, clicks_shape, clicks_shape, conversions_shape, conversions, by_click]
    return Hour(
        counts=np.column_stack([counts, conversions]),
        exposures=np.stack(exposures, axis=1),
        usable=np.repeat(usable[:, None], _SIGNALS, axis=1),
    )


def unpack(values: Sequence[bytes]) -> Rows:
    """Return B stored campaigns as rows of `WATCH`; empty bytes are one never seen.

    Raises
    ------
    UnknownFormat
        When a value was written by another version.
    """
    return _FORMATS.read_or_begin(values)


def watch(rows: Rows, seen: Hour) -> Rows:
    """Return campaigns (B,) after one hour more: first it is judged, then it is learned.

    Hours are watched in their order, each once.
    """
    after = rows.copy()
    units = _units(rows)
    counts, spread = seen.counts / units, _inverse_size(rows)
    there = seen.usable & (seen.exposures > 0.0)
    means = _levels(rows) * seen.exposures[:, None, :] / units[:, None, :]
    tested = there & (rows["hours"] >= FIRST_HOURS)
    ratio = _ratios(counts, means, spread, rows["count"] / units[:, None, :])
    evidence = accumulate(rows["evidence"], ratio)
    after["evidence"] = np.where(tested[:, :, None], evidence, rows["evidence"])
    doubted = (after["evidence"] >= DOUBT).any(axis=2)
    weight = np.where(there, np.where(doubted, _DOUBTED_SHARE, 1.0), 0.0)
    believed = _believed(counts, means[:, 0], spread, rows["hours"] >= FIRST_HOURS)
    _learn(after, (believed, units, means[:, 0]), seen.exposures, weight)
    return after


def alarms(rows: Rows, thresholds: Thresholds, false_share: float = FALSE_SHARE) -> Bools:
    """Return which changes are to be told of, (B, 6, 5): signals by changes.

    An alarm has reached its own threshold, of (6, 5), and is a discovery among all
    that was tested of all campaigns in this hour: what makes alarms rare for one campaign does
    not keep them rare among a million.
    """
    evidence = rows["evidence"]
    found = discoveries(thresholds.chance(evidence), false_share)
    return np.asarray((evidence >= thresholds.evidence) & found)


def _units(rows: Rows) -> Floats:
    """Return what one event of each signal comes to: of counts 1, of money its mean amount."""
    units = np.ones((len(rows), _SIGNALS))
    sums = rows["count"][:, 0]
    for money, of in ((2, 1), (4, 3)):
        known = (sums[:, money] > 0.0) & (sums[:, of] > 0.0)
        np.divide(sums[:, money], sums[:, of], out=units[:, money], where=known)
    return units


def _levels(rows: Rows) -> Floats:
    """Return counts for each exposure, (B, 2, 6): by the level, and by the slow one."""
    level = np.zeros(rows["count"].shape)
    np.divide(rows["count"], rows["exposure"], out=level, where=rows["exposure"] > 0.0)
    return level


def _inverse_size(rows: Rows) -> Floats:
    """Return by how much rates vary beyond counting, (B, 6)."""
    spread = (rows["excess"] + _SPREAD * _SPREAD_WEIGHT) / (rows["square"] + _SPREAD_WEIGHT)
    return np.asarray(np.maximum(spread, 1e-4))


def _ratios(counts: Floats, means: Floats, spread: Floats, behind: Floats) -> Floats:
    """Return what an hour says of each change, (B, 6, 5).

    A level that few events are behind is itself uncertain: by 1 / events, as a gamma posterior.
    """
    unsure = spread[:, None, :] + 1.0 / np.maximum(behind, 1.0)
    chosen = _DRIFTS.astype(np.int64)
    expected, inverse = (each[:, chosen, :].transpose(0, 2, 1) for each in (means, unsure))
    return log_ratio(counts[:, :, None], expected, inverse, FACTORS)


def _believed(counts: Floats, means: Floats, spread: Floats, known: Bools) -> Floats:
    """Return counts, cut where they are further from their means than chance explains."""
    most = BELIEVED * np.sqrt(means + spread * means**2) + 1.0
    return np.where(known, np.clip(counts, np.maximum(means - most, 0.0), means + most), counts)


def _learn(
    after: Rows, told: tuple[Floats, Floats, Floats], exposures: Floats, weight: Floats
) -> None:
    believed, units, means = told
    for pace, half_life in enumerate(HALF_LIVES.tolist()):
        # What teaches less also makes less be forgotten.
        kept = 0.5 ** (weight / half_life)
        for name, value in (("count", believed * units), ("exposure", exposures)):
            after[name][:, pace] = kept * after[name][:, pace] + weight * value
    kept = 0.5 ** (weight / HALF_LIVES[0])
    # Squares are those of hours that were expected with some right.
    known = weight * (after["hours"] >= FIRST_HOURS / 2)
    after["excess"] = kept * after["excess"] + known * ((believed - means) ** 2 - means)
    after["square"] = kept * after["square"] + known * means**2
    after["hours"] += weight
