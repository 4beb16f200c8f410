"""What is odd about a log, and what it cannot tell, said of this very log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from engine.arrays import Bools
from workers.backtest.events import Heap
from workers.backtest.log import Log, by_day
from workers.backtest.study import Study

Level = Literal["hold", "warning", "note"]

FEW_DAYS: Final = 14
"""Whole days below which weekdays cannot be told from chance."""

_SEEN_SHARE: Final = 0.99
"""Share of the hours of its days that a log should have."""

_ODD: Final = 10.0
"""Times the mean of its hour of the day from which an hour's spend is suspect."""

_ODD_SHARE: Final = 0.5
"""Share of a mean day that such an hour must have spent."""

_NAMED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to know before the numbers are believed."""

    level: Level
    """A hold left campaigns out, a warning weakens the numbers, a note explains them."""
    kind: str
    """Short and stable, for programs."""
    text: str
    campaigns: tuple[str, ...] = ()


def findings(heap: Heap, study: Study) -> list[Finding]:
    """Return what is odd, the gravest first."""
    found = [*_holds(study), *_rows(heap), *_days(study), *_hours(study), *_money(study)]
    order = ("hold", "warning", "note")
    return sorted(found, key=lambda each: order.index(each.level))


def many(number: int, one: str) -> str:
    """Return how many there are of something: ``1 hour``, ``2,000 hours``."""
    return f"{number:,} {one if number == 1 else one + 's'}"


def named(campaigns: Sequence[str]) -> str:
    """Return the first names of some campaigns, without platform and account."""
    names = [name.rpartition(":")[2] for name in campaigns[:_NAMED]]
    more = len(campaigns) - len(names)
    return ", ".join(names) + (f" and {more:,} more" if more else "")


def _holds(study: Study) -> Iterator[Finding]:
    for reason, names in study.held.items():
        text = f"{many(len(names), 'campaign')} left out ({named(names)}): {reason}"
        yield Finding(level="hold", kind=_kind(reason), text=text, campaigns=names)


def _kind(reason: str) -> str:
    return "_".join(word for word in reason.replace(",", "").split()[:4])


def _rows(heap: Heap) -> Iterator[Finding]:
    if heap.refused:
        told = ", ".join(f"{count:,} {why}" for why, count in heap.refused.most_common(_NAMED))
        text = f"{many(heap.refused.total(), 'row')} could not be taken ({told}): {heap.example}"
        yield Finding(level="warning", kind="refused_rows", text=text)


def _days(study: Study) -> Iterator[Finding]:
    log = study.log
    if log.days < FEW_DAYS:
        text = (
            f"only {log.days} whole days: weekdays cannot be told from chance, and numbers of "
            f"{int(study.scored.sum(axis=1).max())} scored days move with each of them"
        )
        yield Finding(level="warning", kind="few_days", text=text)
    gaps = _span(log.lived) & ~log.lived
    if gaps.any():
        names = _those(log, gaps.any(axis=1))
        text = f"{many(int(gaps.sum()), 'day')} without any report ({named(names)}); not scored"
        yield Finding(level="warning", kind="gaps", text=text, campaigns=names)


def _span(lived: Bools) -> Bools:
    """Return the days from the first to the last that each campaign lived."""
    return np.asarray(
        np.logical_or.accumulate(lived, axis=1)
        & np.logical_or.accumulate(lived[:, ::-1], axis=1)[:, ::-1]
    )


def _hours(study: Study) -> Iterator[Finding]:
    log, living = study.log, np.repeat(study.log.lived, 24, axis=1)
    missing = living & ~log.reported
    if missing.sum() > (1.0 - _SEEN_SHARE) * living.sum():
        text = f"{many(int(missing.sum()), 'hour')} not reported: taken as hours without spend"
        yield Finding(level="warning", kind="missing_hours", text=text)
    odd = _odd(log)
    if odd.any():
        names = _those(log, odd.any(axis=1))
        text = (
            f"{many(int(odd.sum()), 'suspect hour')} ({named(names)}): spend without impressions, "
            f"or {_ODD:.0f} times what is usual for the hour; look whether they are real"
        )
        yield Finding(level="warning", kind="suspect_hours", text=text, campaigns=names)


def _odd(log: Log) -> Bools:
    usual = by_day(log.spend).sum(axis=1)
    lived = np.maximum(log.lived.sum(axis=1), 1)
    # What is usual for an hour is that of the other days.
    others = (np.tile(usual, log.days) - log.spend) / np.maximum(lived - 1, 1)[:, None]
    large = log.spend > _ODD_SHARE * (log.spend.sum(axis=1) / lived)[:, None]
    unseen = (log.impressions <= 0.0) & (log.impressions.sum(axis=1) > 0.0)[:, None]
    return np.asarray((large & (log.spend > _ODD * others)) | (unseen & (log.spend > 0.0)))


def _those(log: Log, chosen: Bools | np.bool_) -> tuple[str, ...]:
    flags = np.atleast_1d(chosen).tolist()
    return tuple(name for name, here in zip(log.campaigns, flags, strict=True) if here)


def _money(study: Study) -> Iterator[Finding]:
    log = study.log
    living = np.repeat(log.lived, 24, axis=1)
    ended: Bools = np.asarray(by_day(study.cut & living).any(axis=2))
    never = ~ended.any(axis=1)
    if never.any():
        names = _those(log, never)
        text = (
            f"no budget ever stood in the way of {many(len(names), 'campaign')} ({named(names)}): "
            "what they would buy with less is inferred, not seen"
        )
        yield Finding(level="note", kind="budget_never_bound", text=text, campaigns=names)
    cut = study.cut & living
    if cut.any():
        text = (
            f"{int(ended.sum()):,} of {int(log.lived.sum()):,} campaign-days ran out of budget or "
            f"paused: {cut.sum() / living.sum():.0%} of all hours are lower bounds"
        )
        yield Finding(level="note", kind="exhausted_hours", text=text)
    money = sorted(set(log.currencies))
    if len(money) > 1:
        told = ", ".join(each or "none named" for each in money)
        text = f"several currencies ({told}): every campaign is measured against its own best"
        yield Finding(level="note", kind="several_currencies", text=text)
    if not log.conversions.any():
        text = "no conversions in the log: value is what the bids say an impression is worth"
        yield Finding(level="note", kind="no_conversions", text=text)
