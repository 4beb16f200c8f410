"""Closed days that are not as they should be: each hour of a day against what is usual by now.

The mean of an hour is a level times its exposure (`engine.funnel`) times factors for the hour of
the day and the day of the week, gamma-Poisson posterior means around 1, times a power of the
multiplier that was in force. That power is a regression, within each day, of what was counted on
the bids, and begins with what is assumed. The level fades, and is of counts that are cut where they
are too odd to be believed, so that what is looked for does not teach what is normal. A day is
judged by what was known when it began, hour after hour, and then learned.

Sources: those of `engine.anomalies` and `engine.change_tests`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.anomalies import BELIEVED, CHANGES, DOUBT, FACTORS, FIRST_HOURS, HALF_LIVES
from engine.arrays import Floats, Ints, Rows
from engine.calendar import HOUR
from engine.change_tests import accumulate, log_ratio
from engine.formats import Formats
from engine.funnel import ANSWERS, SIGNALS, SURE, WATCHED, ClosedDays, Held, held

STRENGTH: Final = np.array([10.0, 10.0, 3.0, 20.0, 20.0])
"""Events of a cell of the week that its being like the others counts for, by signal."""

WEEKDAY_STRENGTH: Final = 10.0 * STRENGTH
"""The same of a day of the week: the hours of one day are odd together."""

_WEEK_HALF_LIFE: Final = 28.0 * 24.0
_SPREAD, _SPREAD_WEIGHT, _LEAST_SPREAD = 0.1, 25.0, 1e-3
_DOUBTED_SHARE: Final = 0.5
_SCATTER_WEIGHT: Final = 20.0
_SCATTERS: Final = 0.1, 10.0
_SIGNALS, _CHANGES, _SPEND, _REVENUE = len(SIGNALS), len(CHANGES), 2, 4
SLOW: Final = np.array([False, False, False, True, True])
"""Which changes are told from the slow level, for the other one goes along with them."""

_TESTS: Final = (_SIGNALS, _CHANGES)

WATCH: Final = np.dtype(
    [
        ("format", "u1"),
        ("hours", "<f8", (_SIGNALS,)),
        ("count", "<f8", (2, _SIGNALS)),
        ("exposure", "<f8", (2, _SIGNALS)),
        ("paid", "<f8", (2,)),
        ("scatter", "<f8", (2,)),
        ("excess", "<f8", (_SIGNALS,)),
        ("square", "<f8", (_SIGNALS,)),
        ("of_day", "<f4", (2, 24, _SIGNALS)),
        ("answer", "<f8", (2, _SIGNALS)),
        ("of_week", "<f4", (2, 7, _SIGNALS)),
        ("evidence", "<f8", _TESTS),
        ("since", "<i8", _TESTS),
        ("expected", "<f4", _TESTS),
        ("counted", "<f4", _TESTS),
    ]
)
"""Format 1: one campaign, 2,233 bytes. Hours learned; sums that fade: of counts and exposures, fast
and slow; of spend and clicks; of the scatter of orders; of what squared deviations exceed Poisson's
by, and of squared means; of what was counted and expected in cells of the week; of the regression
on bids. Then the evidence of each change, the first second of what it rests on, and what was
expected and counted since."""

_FORMATS: Final = Formats(what="watch of closed days", layouts=(WATCH,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a day says of each change; shapes (B, 5, 5), signals by changes."""

    peak: Floats
    """The most evidence of its hours that speak for the change."""
    now: Floats
    """Evidence when the day ended."""
    since: Ints
    """First second of what the peak rests on; 0 where there is none."""
    until: Ints
    """End of the hour of the peak; 0 where there is none."""
    expected: Floats
    counted: Floats
    """From ``since`` to ``until``; money in its own unit."""
    began: Ints
    """First second of what the evidence when the day ended rests on, where there is any."""


def unpack(values: Sequence[bytes]) -> Rows:
    """Return B stored campaigns as rows of `WATCH`; empty bytes are one never seen.

    Raises
    ------
    UnknownFormat
        When a value was written by another version.
    """
    blank = np.zeros(1, dtype=WATCH)
    blank["format"] = _FORMATS.newest
    return _FORMATS.read([value or blank.tobytes() for value in values])


def watch(rows: Rows, days: ClosedDays) -> tuple[Rows, Judged]:
    """Return campaigns (B,) after one day more, and what it says: it is judged, then learned.

    Days are watched in their order, each once.
    """
    hours, after, factors = held(days), rows.copy(), _factors(rows, days)
    level = _levels(rows, hours, factors[2])
    units = _units(rows, level[:, 0])
    counts = np.divide(hours.counts, units[:, None], out=np.zeros_like(hours.counts))
    level /= units[:, None]
    spread = _inverse_size(rows)
    usual = factors[0] * factors[1] * factors[2] * hours.exposures
    means = level[:, :, None] * usual[:, None]
    usable = hours.usable & (hours.exposures > 0.0)
    tested = usable & (rows["hours"] >= FIRST_HOURS)[:, None]
    unsure = (
        spread[:, None, None] + 1.0 / np.maximum(rows["count"] / units[:, None], 1.0)[:, :, None]
    )
    ratio = _ratios(counts, means, unsure + hours.doubt[:, None])
    amounts = means * units[:, None, None], hours.counts
    judged = _judge(after, np.where(tested[..., None], ratio, 0.0), amounts, days.starts)
    teaches = np.where(judged.peak.max(axis=2) >= DOUBT, _DOUBTED_SHARE, 1.0)[:, None]
    weight = np.where(usable, teaches, 0.0)
    sure = (rows["hours"] >= FIRST_HOURS)[:, None]
    believed = np.where(sure, _believed(counts, means[:, 0], spread[:, None] + hours.doubt), counts)
    _learn_level(after, believed * units[:, None], usual, weight)
    _learn_spread(after, (believed, means[:, 0]), hours.doubt, weight)
    _learn_answer(after, days, (believed, means[:, 0], spread[:, None] + hours.doubt), weight)
    base = level[:, 0, None] * hours.exposures * factors[2]
    _learn_week(after, days, (believed, base, spread[:, None] + hours.doubt), (factors[:2], weight))
    _learn_price(after, hours)
    _learn_scatter(after, (believed, means[:, 0]), units, weight)
    return after, judged


def _units(rows: Rows, level: Floats) -> Floats:
    """Return what one event of each signal comes to, (B, 5): of spend what a click costs.

    Of revenue it is what its variance comes to for each unit of its mean: orders of one price tell
    a wrong currency sooner than orders of all prices.
    """
    units = np.ones((len(rows), _SIGNALS))
    spend, clicks = rows["paid"].T
    known = (spend > 0.0) & (clicks > 0.0)
    np.divide(spend, clicks, out=units[:, _SPEND], where=known)
    order = level[:, _REVENUE]
    square, mean = rows["scatter"].T
    scatter = (square + _SCATTER_WEIGHT) / (mean + _SCATTER_WEIGHT)
    units[:, _REVENUE] = np.where(order > 0.0, order * np.clip(scatter, *_SCATTERS), 1.0)
    return units


def _levels(rows: Rows, hours: Held, bids: Floats) -> Floats:
    """Return counts for each exposure, (B, 2, 5); before the first day those of the day itself."""
    own = np.where(hours.usable, hours.counts, 0.0).sum(axis=1)
    behind = np.where(hours.usable, hours.exposures * bids, 0.0).sum(axis=1)
    fresh = rows["exposure"].max(axis=1, keepdims=True) <= 0.0
    count = np.where(fresh, own[:, None], rows["count"])
    exposure = np.where(fresh, behind[:, None], rows["exposure"])
    level = np.zeros(count.shape)
    np.divide(count, exposure, out=level, where=exposure > 0.0)
    return level


def _factors(rows: Rows, days: ClosedDays) -> tuple[Floats, Floats, Floats]:
    """Return the factors of the hours of the day, of the day of the week, and of bids.

    Shapes (B, H, 5), (B, 1, 5), (B, H, 5).
    """
    seen, expected = np.moveaxis(rows["of_day"].astype(np.float64), 1, 0)
    of_day = (seen + STRENGTH) / (expected + STRENGTH)
    seen, expected = np.moveaxis(rows["of_week"].astype(np.float64), 1, 0)
    of_week = (seen + WEEKDAY_STRENGTH) / (expected + WEEKDAY_STRENGTH)
    at = np.arange(len(rows))
    bids = np.exp(answers(rows)[:, None] * days.log_multiplier[..., None])
    return of_day[at[:, None], days.of_day], of_week[at, days.weekday][:, None], bids


def answers(rows: Rows) -> Floats:
    """Return the log of each signal to the log of the multiplier, (B, 5)."""
    square, product = rows["answer"][:, 0], rows["answer"][:, 1]
    return np.asarray((product + SURE * ANSWERS) / (square + SURE))


def _inverse_size(rows: Rows) -> Floats:
    """Return by how much rates vary beyond counting, (B, 5)."""
    spread = (rows["excess"] + _SPREAD * _SPREAD_WEIGHT) / (rows["square"] + _SPREAD_WEIGHT)
    return np.asarray(np.maximum(spread, _LEAST_SPREAD))


def _ratios(counts: Floats, means: Floats, unsure: Floats) -> Floats:
    """Return what hours say of each change, (B, H, 5, 5); slow ones by the slow level."""
    chosen = SLOW.astype(np.int64)
    expected, inverse = (np.moveaxis(each[:, chosen], 1, 3) for each in (means, unsure))
    return np.where(WATCHED, log_ratio(counts[..., None], expected, inverse, FACTORS), 0.0)


def _judge(after: Rows, ratio: Floats, told: tuple[Floats, Floats], starts: Ints) -> Judged:
    """Add the hours of a day up, one after the other; ``after`` has what is known at its end."""
    shape = (len(after), *_TESTS)
    means, counts = told
    slow = np.moveaxis(means[:, SLOW.astype(np.int64)], 1, 3)
    peak, expected, counted = np.zeros((3, *shape))
    since, until = np.zeros((2, *shape), dtype=np.int64)
    for at in range(ratio.shape[1]):
        hour, begins = ratio[:, at], starts[:, at, None, None]
        before = after["evidence"]
        some = hour != 0.0
        after["since"] = np.where(some & (before <= 0.0), begins, after["since"])
        for name, more in (("expected", slow[:, at]), ("counted", counts[:, at, :, None])):
            kept = np.where(before > 0.0, after[name], 0.0)
            after[name] = np.where(some, kept + more, after[name])
        after["evidence"] = accumulate(before, hour)
        higher = (hour > 0.0) & (after["evidence"] >= peak)
        peak = np.where(higher, after["evidence"], peak)
        since, until = (
            np.where(higher, new, old)
            for new, old in ((after["since"], since), (begins + HOUR, until))
        )
        expected, counted = (
            np.where(higher, after[name], old)
            for name, old in (("expected", expected), ("counted", counted))
        )
    return Judged(
        peak=peak,
        now=after["evidence"].copy(),
        since=since,
        until=until,
        expected=expected,
        counted=counted,
        began=after["since"].copy(),
    )


def _believed(counts: Floats, means: Floats, spread: Floats) -> Floats:
    """Return counts, cut where they are further from their means than chance explains."""
    most = BELIEVED * np.sqrt(means + spread * means**2) + 1.0
    return np.clip(counts, np.maximum(means - most, 0.0), means + most)


def _learn_level(after: Rows, amounts: Floats, usual: Floats, weight: Floats) -> None:
    hours = weight.sum(axis=1)
    for pace, half_life in enumerate(HALF_LIVES.tolist()):
        # What teaches less also makes less be forgotten.
        kept = 0.5 ** (hours / half_life)
        for name, value in (("count", amounts), ("exposure", usual)):
            after[name][:, pace] = kept * after[name][:, pace] + (weight * value).sum(axis=1)
    after["hours"] += hours


def _learn_spread(after: Rows, told: tuple[Floats, Floats], doubt: Floats, weight: Floats) -> None:
    """Learn by what squares of hours that were expected with some right exceed those of chance."""
    believed, means = told
    known = weight * (after["hours"] >= FIRST_HOURS / 2.0)[:, None]
    beyond = (believed - means) ** 2 - means - doubt * means**2
    kept = 0.5 ** (weight.sum(axis=1) / HALF_LIVES[1])
    # Hours of many events tell their rate alike well, and those of few hardly.
    says = known / (1.0 + means) ** 2
    for name, value in (("excess", beyond), ("square", means**2)):
        after[name] = kept * after[name] + (says * value).sum(axis=1)


def _learn_week(
    after: Rows,
    days: ClosedDays,
    told: tuple[Floats, Floats, Floats],
    by: tuple[tuple[Floats, Floats], Floats],
) -> None:
    """Learn the cells of the week; an hour counts for no more events than it tells of its rate."""
    believed, base, spread = told
    (of_day, of_week), weight = by
    says = weight / (1.0 + spread * base)
    at = np.arange(len(after))
    kept = 0.5 ** (weight.sum(axis=1) / _WEEK_HALF_LIFE)[:, None]
    for side, other in enumerate((believed, base)):
        day = other * (of_week if side else 1.0)
        cells = np.zeros((len(after), 24, _SIGNALS))
        np.add.at(cells, (at[:, None], days.of_day), says * day)
        after["of_day"][:, side] = kept * after["of_day"][:, side] + cells
        week = (says * other * (of_day if side else 1.0)).sum(axis=1)
        after["of_week"][:, side] *= kept
        after["of_week"][at, side, days.weekday] += week


def _learn_answer(
    after: Rows, days: ClosedDays, told: tuple[Floats, Floats, Floats], weight: Floats
) -> None:
    """Learn how signals answer to bids from the hours of the day alone: levels of days differ."""
    believed, means, spread = told
    sure = weight * (means >= 1.0) * (after["hours"] >= FIRST_HOURS / 2.0)[:, None]
    # By how sure the log of a count is.
    sure = sure / (1.0 / np.maximum(means, 1.0) + spread)
    total = np.maximum(sure.sum(axis=1), 1e-9)[:, None]
    bids = np.broadcast_to(days.log_multiplier[..., None], means.shape)
    bids = bids - (sure * bids).sum(axis=1)[:, None] / total
    odd = np.log((believed + 0.5) / (means + 0.5))
    odd = odd - (sure * odd).sum(axis=1)[:, None] / total + answers(after)[:, None] * bids
    kept = 0.5 ** (weight.sum(axis=1) / _WEEK_HALF_LIFE)
    for side, other in enumerate((bids, odd)):
        after["answer"][:, side] = kept * after["answer"][:, side] + (sure * bids * other).sum(
            axis=1
        )


def _learn_price(after: Rows, hours: Held) -> None:
    both = np.where(hours.usable[:, :, 1], hours.counts[:, :, _SPEND], 0.0).sum(axis=1)
    clicks = np.where(hours.usable[:, :, 1], hours.counts[:, :, 1], 0.0).sum(axis=1)
    kept = 0.5 ** (24.0 / HALF_LIVES[1])
    after["paid"] = kept * after["paid"] + np.stack([both, clicks], axis=1)


def _learn_scatter(after: Rows, told: tuple[Floats, Floats], units: Floats, weight: Floats) -> None:
    """Learn by what revenue varies for each order, in orders of the mean amount."""
    level = _ratio(after["count"][:, 0, _REVENUE], after["exposure"][:, 0, _REVENUE])
    size = _ratio(units[:, _REVENUE], level)[:, None]
    believed, means = (each[:, :, _REVENUE] * size for each in told)
    says = weight[:, :, _REVENUE] * (after["hours"] >= FIRST_HOURS / 2.0)[:, None, _REVENUE]
    # Hours of many orders tell as much as those of ten.
    says = says / np.maximum(means / 10.0, 1.0)
    kept = 0.5 ** (weight[:, :, _REVENUE].sum(axis=1) / _WEEK_HALF_LIFE)
    for side, other in enumerate(((believed - means) ** 2, means)):
        after["scatter"][:, side] = kept * after["scatter"][:, side] + (says * other).sum(axis=1)


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.ones(len(above)), where=below > 0.0)
