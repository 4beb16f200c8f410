"""Campaigns' lives, drawn at random, and their horizons reckoned in plain Python.

The reckoning walks through days and hours with zoneinfo, and through money in fractions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from math import ceil, floor
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from engine import plans, state
from engine.situation import Situation
from tests.engine.books import Books, Fact
from tests.engine.situations import MONDAY, NAMES, One

HOUR = 3_600
EPOCH = date(1970, 1, 1)
PERIODS, ROLLOVERS = plans.PERIODS, plans.ROLLOVERS
_money = st.integers(0, 10**7)
_limits = st.just(plans.UNLIMITED) | _money


@dataclass(frozen=True, kw_only=True)
class Life:
    """What a campaign has spent, by the number of its hour and in thousandths, and its plan."""

    zone: str
    spends: dict[int, int]
    plan: dict[str, Any]
    weights: list[int]
    gaps: list[tuple[int, int]]
    late: int
    """Seconds from the end of the newest hour to now."""
    rate: int | None
    """The hourly budget in force, minor units."""

    def starts(self) -> dict[int, int]:
        """Return spend by the first second of its hour."""
        return {MONDAY + HOUR * number: spend for number, spend in self.spends.items()}

    def situation(self) -> Situation:
        books = Books([self.zone], flight_first=self.plan["flight_first"], kept=62)
        books.tell(*(Fact(start=s, spend=m * 10**15) for s, m in self.starts().items()))
        known = self.rate is not None
        units, cents = divmod(self.rate or 0, 100)
        return One(
            rows=books.rows,
            plan=self.plan,
            force={"known": known, "value": (units, cents * 10**16)},
            weights=self.weights,
            gaps=self.gaps,
            zone=self.zone,
            now=max(self.starts()) + HOUR + self.late,
        ).situation()


@st.composite
def lives(draw: st.DrawFn) -> Life:
    zone = draw(st.sampled_from(NAMES))
    # Two months, with a change of clocks in each of the zones that have one.
    newest = draw(st.integers(24 * 5, 24 * 60))
    numbers = {newest - draw(st.integers(0, 24 * 40) | st.integers(0, 24)) for _ in range(6)}
    spends = {number: draw(st.integers(0, 10**6)) for number in numbers | {newest}}
    today = ordinal(MONDAY + HOUR * newest, zone)
    period = draw(st.sampled_from(PERIODS))
    ahead = draw(st.integers(1, 50))
    open_ = period != "flight" and draw(st.booleans())
    gap = st.tuples(st.integers(-40, 30), st.integers(0, 9))
    return Life(
        zone=zone,
        spends=spends,
        plan={
            "period": PERIODS.index(period),
            "amount": draw(_money) + 1,
            "rollover": draw(st.integers(0, 2)),
            "rollover_cap": draw(_limits),
            "daily_cap": draw(_limits),
            "daily_floor": draw(st.integers(0, 10**5)),
            "flight_first": state.NEVER if open_ else today - draw(st.integers(0, 45)),
            "flight_last": plans.UNLIMITED if open_ else today + ahead,
        },
        weights=[
            Random(seed).randrange(6) for seed in range(draw(st.integers(0, 99)), 168_000, 1_000)
        ],
        gaps=[(today + a, today + a + b) for a, b in draw(st.lists(gap, max_size=3))],
        late=draw(st.integers(-1_800, 4 * HOUR)),
        rate=draw(st.none() | st.integers(0, 10**5)),
    )


def here(second: int, zone: str) -> datetime:
    return datetime.fromtimestamp(second, UTC).astimezone(ZoneInfo(zone))


def ordinal(second: int, zone: str) -> int:
    return (here(second, zone).date() - EPOCH).days


def period_of(name: str, day: int) -> tuple[int, ...]:
    on = EPOCH + timedelta(days=day)
    if name == "day":
        return (day,)
    return {"week": on.isocalendar()[:2], "month": (on.year, on.month), "flight": (0,)}[name]


class Reckoning:
    """The horizon of one life, reckoned day by day and hour by hour."""

    def __init__(self, life: Life) -> None:
        self.life, self.plan, self.zone = life, life.plan, life.zone
        self.period = PERIODS[self.plan["period"]]
        self.hours = {start: Fraction(spend, 10) for start, spend in life.starts().items()}
        newest = max(self.hours)
        now = newest + HOUR + life.late
        self.target = newest + HOUR + max(life.late, 0) // HOUR * HOUR
        self.day = ordinal(self.target, self.zone)
        self.reported = min(newest + HOUR, max(now, newest))
        self.begun = self.day
        while self._inside(self.begun - 1) and self.begun > self.day - 400:
            self.begun -= 1

    def _inside(self, day: int) -> bool:
        flight = self.plan["flight_first"] <= day <= self.plan["flight_last"]
        return flight and period_of(self.period, day) == period_of(self.period, self.day)

    def _spend(self, counts: Callable[[int], bool]) -> int:
        """Return the spend of all days that count, rounded up once."""
        return ceil(sum(s for at, s in self.hours.items() if counts(ordinal(at, self.zone))))

    def _in_gap(self, day: int) -> bool:
        return any(first <= day <= last for first, last in self.life.gaps)

    @cached_property
    def spent(self) -> int:
        return self._spend(self._inside)

    @cached_property
    def spent_today(self) -> int:
        return self._spend(lambda day: day == self.day)

    @cached_property
    def day_spent(self) -> int:
        """What today has spent when the target hour begins, known and expected."""
        known = sum(s for at, s in self.hours.items() if ordinal(at, self.zone) == self.day)
        return floor(known) + self._unreported(self.day)

    @cached_property
    def allowance(self) -> int:
        """The budget, and what the earlier periods of the flight left over of theirs."""
        amount: int = self.plan["amount"]
        rollover = ROLLOVERS[self.plan["rollover"]]
        if rollover == "none" or self.period == "flight":
            return amount
        opening = self.plan["flight_first"]
        days = range(max(opening, ordinal(min(self.hours), self.zone)), self.begun)
        earlier = {period_of(self.period, day) for day in days if not self._in_gap(day)}
        earlier.discard(period_of(self.period, self.begun))
        flight = self._spend(lambda day: day >= opening)
        current = self._spend(lambda day: day >= max(opening, self.begun))
        left = amount * len(earlier) - (flight - current)
        return amount + (min(left, self.plan["rollover_cap"]) if rollover == "capped" else left)

    def _unreported(self, since: int) -> int:
        """Return what is expected since then at the rate in force, or that of today."""
        rate = self.life.rate
        if rate is None:
            midnight = first_second(self.day, self.zone)
            rate = max(self.spent_today, 0) // max((self.reported - midnight) // HOUR, 1)
        seconds = max(self.target - max(self.reported, first_second(since, self.zone)), 0)
        return ceil(Fraction(rate * seconds, HOUR))

    @cached_property
    def in_flight(self) -> int:
        return self._unreported(self.begun)

    @cached_property
    def left(self) -> int:
        return self.allowance - self.spent - self.in_flight

    @cached_property
    def hard_cap(self) -> int:
        of_day = self.plan["daily_cap"] - self.spent_today - self._unreported(self.day)
        return int(max(min(self.left, of_day), 0))

    def slots(self) -> Iterator[datetime]:
        """Yield the local beginnings of today's hours from the target hour on."""
        slot = self.target
        while ordinal(slot, self.zone) == self.day:
            yield here(slot, self.zone)
            slot += HOUR

    @cached_property
    def rest_today(self) -> int:
        return sum(self.life.weights[at.weekday() * 24 + at.hour] for at in self.slots())

    @cached_property
    def rest(self) -> int:
        total, day = self.rest_today, self.day + 1
        while self._inside(day):
            weekday = (EPOCH + timedelta(days=day)).weekday() * 24
            total += sum(self.life.weights[weekday : weekday + 24]) * (not self._in_gap(day))
            day += 1
        return total

    @cached_property
    def today(self) -> Fraction:
        """Today's share, not rounded, at least the daily minimum, never more than may be spent."""
        share = Fraction(self.left)
        if self.rest > self.rest_today:
            share = Fraction(self.left * self.rest_today, self.rest)
        least = min(
            self.plan["daily_floor"] - self.spent_today - self._unreported(self.day), self.left
        )
        return min(max(share, Fraction(least), Fraction(0)), Fraction(self.hard_cap))


def first_second(day: int, zone: str) -> int:
    """Return the first second whose local date is that day."""
    second = day * 86_400 - 15 * HOUR
    while ordinal(second, zone) < day:
        second += 900
    return second
