"""Hours out of reports of whole days, for platforms that tell no hours.

What a day has grown by since it was told last is told at the hour of the pull: when it came is not
known. What the platform took back is taken from that hour and, where it held less, from those
before it. So no hour is below zero, and a day's hours always add up to what the platform told last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fractions import Fraction
from typing import Final

from schemas.metrics import MetricsEvent
from schemas.zones import zone
from workers.collector.counts import NOTHING, Counts, total
from workers.collector.hourly import Cell, Pulled
from workers.collector.hours import HOUR, hours_of, starts
from workers.connectors.hours_by_difference import hours_by_difference
from workers.connectors.protocol import Performance

SOURCE: Final = "collector: derived by difference"
"""By this, readers know that an hour was not reported but derived."""

MOST_DAYS: Final = 8
"""Days that are asked for again, and whose hours are kept here."""

Hours = Mapping[datetime, Counts]


@dataclass(slots=True)
class _Day:
    hours: dict[datetime, Counts] = field(default_factory=dict)
    told_at: dict[datetime, datetime] = field(default_factory=dict)


class ToldDays:
    """The hours of one account that were told of each campaign's day, from the events themselves.

    So nothing has to be kept where the topic keeps it: after a restart the events are heard again.
    """

    def __init__(self) -> None:
        self._days: dict[tuple[str, date], _Day] = {}

    def hear(self, event: MetricsEvent) -> None:
        """Take in an event that was told; an older word on the same hour changes nothing."""
        if event.source != SOURCE or event.emitted_at is None or event.account_timezone is None:
            return
        place = zone(event.account_timezone)
        key = event.campaign_id, event.window_start.astimezone(place).date()
        day = self._days.setdefault(key, _Day())
        start = event.window_start
        if start not in day.told_at or day.told_at[start] <= event.emitted_at:
            day.hours[start], day.told_at[start] = Counts.of(event), event.emitted_at

    def forget_before(self, day: date) -> None:
        """Forget days that are not asked for any more."""
        for key in [key for key in self._days if key[1] < day]:
            del self._days[key]

    def cells(self, pulled: Pulled) -> dict[Cell, Counts]:
        """Return the hours that an answer changes, and that of the pull, as they are to be told."""
        days: dict[tuple[str, date], list[Performance]] = {}
        for row in pulled.rows:
            days.setdefault((row.campaign_id, row.day), []).append(row)
        found: dict[Cell, Counts] = {}
        for (campaign, _), rows in days.items():
            for start, counts in self._changed(_whole(rows), pulled.account.timezone).items():
                found[campaign, start] = counts
        return found

    def _changed(self, row: Performance, timezone: str) -> Hours:
        told = self._days.get((row.campaign_id, row.day), _Day())
        hours = hours_of(row.day, timezone)
        if not told.hours and hours[-1] + HOUR <= row.as_of:
            return _spread(Counts.of(row), hours)
        before = []
        if told.hours:
            last = max(told.told_at.values())
            if row.as_of <= last:
                return {}
            known = total(told.hours.values())._asdict()
            before = [replace(row, as_of=last, **known)]
        grown = hours_by_difference([*before, row], timezone)[-1].row
        # Readers decide by hours that are over, and what came of one was told while it ran.
        over = {start for start, at in told.told_at.items() if at < start + HOUR <= row.as_of}
        found = _settled(told.hours, _start(grown, timezone), Counts.of(grown))
        return {**{start: told.hours[start] for start in over}, **found}


def _spread(whole: Counts, hours: Sequence[datetime]) -> Hours:
    """Return a day that was over when it was first asked for: nothing says when it came.

    At one hour it would teach that this hour has the day's demand.
    """
    ends = [whole.share(Fraction(number, len(hours))) for number in range(len(hours) + 1)]
    return {start: ends[at + 1].minus(ends[at]) for at, start in enumerate(hours)}


def _whole(rows: list[Performance]) -> Performance:
    """Return the sum of a campaign's ad sets."""
    return replace(rows[0], ad_set_id="", **total(Counts.of(row) for row in rows)._asdict())


def _start(row: Performance, timezone: str) -> datetime:
    """Return the hour of a pull, which is known even where its label comes twice."""
    if row.hour is None:
        raise ValueError("a derived hour has a label")
    begins = starts(row.day, row.hour, timezone)
    return max((start for start in begins if start <= row.as_of), default=begins[0])


def _settled(told: Hours, at: datetime, grown: Counts) -> Hours:
    """Return the hours that are told anew where a day has grown by so much, or has shrunk."""
    hours = {**told, at: told.get(at, NOTHING).plus(grown)}
    order = [at, *sorted((start for start in told if start != at), reverse=True)]
    owed = NOTHING
    for start in order:
        left = hours[start].plus(owed)
        hours[start] = left.above_zero()
        owed = left.minus(hours[start])
    if any(owed):
        hours[at] = hours[at].plus(owed)  # a day below zero: the event is refused, and says so
    return {start: hours[start] for start in order if start == at or hours[start] != told[start]}
