"""What is told about an hour, and when: again as conversions arrive, late, twice, out of order.

A platform tells an hour soon after its end and restates it at each of `AGES` when its conversions
have changed; the last restatement is final and is the truth. All times here are whole hours since
1970.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np

from workers.simulator.clearing import AGES, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A stretch of hours, the end excluded."""

    start: int
    end: int
    rows: frozenset[int] | None = None
    """The campaigns that it strikes; None is all of them."""

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"an outage ends after it starts, was {self.start} to {self.end}")

    def covers(self, hour: int) -> bool:
        """Return whether ``hour`` lies in the outage."""
        return self.start <= hour < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What goes wrong between the platform and the topic."""

    late_share: float = 0.0
    """Share of reports that come later than they should, in [0, 1]."""
    late_hours: int = 3
    """Most hours by which a report is late, >= 1."""
    duplicate_share: float = 0.0
    """Share of reports that are published twice, in [0, 1]."""
    reorder: bool = False
    """Whether the reports of one round come in any order."""
    reporting_outages: tuple[Outage, ...] = ()
    """Nothing is published; all of it comes at the end."""
    tracking_outages: tuple[Outage, ...] = ()
    """Conversions are not counted; they are at the first restatement after the end."""

    def __post_init__(self) -> None:
        for name in ("late_share", "duplicate_share"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} must lie in [0, 1], was {getattr(self, name)}")
        if self.late_hours < 1:
            raise ValueError(f"late_hours must be at least 1, was {self.late_hours}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One campaign's hour as it is told once; money in ten-thousandths of the currency."""

    row: int
    hour: int
    due: int
    """The hour at whose beginning it is published."""
    revision: int
    """How often the hour was told before: 0 at first; ``len(AGES) - 1`` is final."""
    impressions: int
    clicks: int
    spend: int
    conversions: int
    revenue: int

    @property
    def is_final(self) -> bool:
        """Whether nothing is restated after this."""
        return self.revision == len(AGES) - 1


def reports_of(
    outcome: Outcome, hour: int, faults: Faults, chance: np.random.Generator
) -> Iterator[Report]:
    """Yield all that will ever be told about ``hour``: first, changed and final counts."""
    shape = outcome.conversions.shape
    late = chance.random(shape) < faults.late_share
    delay = np.where(late, chance.integers(1, faults.late_hours + 1, shape), 0)
    for row in range(shape[0]):
        told: tuple[int, int] | None = None
        lost = tuple(o for o in faults.tracking_outages if o.rows is None or row in o.rows)
        for revision, column in enumerate(_counted_as(hour, age, lost) for age in range(len(AGES))):
            counts = _conversions(outcome, row, column)
            if counts != told or revision == len(AGES) - 1:
                due = hour + 1 + AGES[revision] + int(delay[row, revision])
                yield Report(
                    row=row,
                    hour=hour,
                    due=_after(due, faults.reporting_outages),
                    revision=revision,
                    impressions=int(outcome.impressions[row]),
                    clicks=int(outcome.clicks[row]),
                    spend=int(outcome.spend[row]),
                    conversions=counts[0],
                    revenue=counts[1],
                )
            told = counts


def _counted_as(hour: int, revision: int, outages: tuple[Outage, ...]) -> int | None:
    """Return the revision whose conversions are known at ``revision``; None if none are yet."""
    now = hour + 1 + AGES[revision]
    for outage in outages:
        if outage.start < now < outage.end and revision < len(AGES) - 1:
            known = [k for k in range(revision) if hour + 1 + AGES[k] <= outage.start]
            return known[-1] if known else None
    return revision


def _conversions(outcome: Outcome, row: int, column: int | None) -> tuple[int, int]:
    if column is None:
        return 0, 0
    return int(outcome.conversions[row, column]), int(outcome.revenue[row, column])


def _after(due: int, outages: tuple[Outage, ...]) -> int:
    for outage in outages:
        if outage.covers(due):
            return outage.end
    return due


class Calendar:
    """Keeps reports until they are due."""

    def __init__(self) -> None:
        self._by_hour: dict[int, list[Report]] = {}

    def add(self, reports: Iterable[Report]) -> None:
        """Keep ``reports``, each until the hour in which it is due."""
        for report in reports:
            self._by_hour.setdefault(report.due, []).append(report)

    def take(self, now: int, faults: Faults, chance: np.random.Generator) -> list[Report]:
        """Remove and return what is due up to ``now``: oldest hours first, unless reordered."""
        ready = [hour for hour in self._by_hour if hour <= now]
        due = sorted(
            chain.from_iterable(self._by_hour.pop(hour) for hour in ready),
            key=lambda report: (report.due, report.hour, report.row, report.revision),
        )
        twice = chance.random(len(due)) < faults.duplicate_share
        due += [report for report, again in zip(due, twice, strict=True) if again]
        return [due[i] for i in chance.permutation(len(due))] if faults.reorder else due
