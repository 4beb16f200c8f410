"""Facts of hours, and books that the engine keeps of them, one wave at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from engine import hours, ledger, state
from engine.arrays import Bools, Ints, Rows
from engine.calendar import DAY, HOUR, Calendar
from engine.hours import Placed
from engine.ledger import Advance, Moment
from engine.zones import zone_days

ATTO = 10**18


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What one hour delivered; money in atto, conversions in millionths."""

    start: int
    impressions: int = 1_000
    clicks: int = 50
    conversions: int = 0
    spend: int = 0
    revenue: int = 0
    sequence: int = hours.NO_SEQUENCE
    delta: bool = False
    final: bool = False


def rows_of(facts: Sequence[Fact]) -> Rows:
    """Return facts as the engine's rows."""
    rows = np.zeros(len(facts), dtype=hours.HOUR)
    for row, fact in zip(rows, facts, strict=True):
        moment = divmod(fact.start % DAY, HOUR)
        row["format"], row["hour"], row["quarter"] = hours.FORMAT, moment[0], moment[1] // 900
        row["flags"] = fact.delta * hours.DELTA + fact.final * hours.FINAL
        for name in ("impressions", "clicks", "conversions", "sequence"):
            row[name] = getattr(fact, name)
        row["spend"], row["revenue"] = divmod(fact.spend, ATTO), divmod(fact.revenue, ATTO)
    return rows


def instant(text: str, zone: str = "UTC") -> int:
    """Return the second of a local time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


@dataclass
class Books:
    """Campaigns' rows and days of hours; campaign i keeps its days in ``zones[i]``."""

    zones: Sequence[str]
    flight_first: int = state.NEVER
    kept: int = 35
    days: list[dict[int, bytes]] = field(default_factory=list)
    advances: list[Advance] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.calendar = Calendar.of([zone_days(ZoneInfo(name)) for name in self.zones])
        self.rows = state.new_campaigns(len(self.zones))
        self.rows["flight_first"] = self.flight_first
        self.days = [{} for _ in self.zones]

    def tell(self, *facts: Fact) -> list[int]:
        """Tell the first campaign facts, one after the other; return what became of each."""
        return [int(self.wave({0: fact}).outcome[0]) for fact in facts]

    def wave(self, facts: Mapping[int, Fact]) -> Placed:
        """Tell some campaigns one fact each, all at once."""
        at = np.array(list(facts))
        starts = np.array([fact.start for fact in facts.values()])
        utc_days = (starts // DAY).tolist()
        before = self.rows[at]
        values = [self.days[i].get(day, b"") for i, day in zip(facts, utc_days, strict=True)]
        old = ledger.too_old(before, starts, self.kept)
        placed = hours.place(values, rows_of(list(facts.values())), old)
        for i, day, value in zip(facts, utc_days, hours.splice(values, placed), strict=True):
            if value:
                self.days[i][day] = value
        self._post(at, starts, placed)
        return placed

    def _post(self, at: Ints, starts: Ints, placed: Placed) -> None:
        before, applied = self.rows[at], placed.applied
        newest = np.where(state.has_hours(before), before["newest"], starts)
        was = ledger.moment(self.calendar, at, newest)
        hour = ledger.moment(self.calendar, at, starts)
        moved, step = ledger.advance(before, starts, applied, (was, hour), self.kept)
        current = _current(step.moved, step.current_day, was, hour)
        self.rows[at] = ledger.post(moved, placed, hour, current)
        self.advances.append(step)

    def all_hours(self) -> tuple[Rows, Ints, Moment]:
        """Return every hour known, whose it is, and when it is in local time."""
        known = [(i, day, value) for i, days in enumerate(self.days) for day, value in days.items()]
        rows, at = hours.read([value for _, _, value in known])
        owners = np.array([i for i, _, _ in known])[at]
        starts = hours.starts_of(rows, np.array([day for _, day, _ in known])[at])
        return rows, owners, ledger.moment(self.calendar, owners, starts)


def _current(moved: Bools, day: Ints, was: Moment, hour: Moment) -> Moment:
    return Moment(
        day=day,
        week=np.where(moved, hour.week, was.week),
        month=np.where(moved, hour.month, was.month),
    )
