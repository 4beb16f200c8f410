"""What a day may have spent when an hour is over, on a platform that knows no budget but the day's.

The platform is played in plain Python: it counts what it has spent since local midnight by
zoneinfo, in thousandths, and spends all that it can get until the day's budget is reached.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.decide import decide
from engine.plans import PERIODS, UNLIMITED
from engine.risk import day_budget
from tests.engine.books import Books, Fact, instant
from tests.engine.lives import HOUR, Life, Reckoning, lives, ordinal
from tests.engine.situations import One
from tests.engine.test_risk import a_horizon

quick = settings(max_examples=60, deadline=None)
MONTH = PERIODS.index("month")
DAYS = [
    ("UTC", "2026-03-10", 24),
    ("Europe/Berlin", "2026-03-29", 23),
    ("Europe/Berlin", "2026-10-25", 25),
    ("Asia/Kathmandu", "2026-06-02", 24),
]


@dataclass(frozen=True, kw_only=True)
class Played:
    """One hour: what it was allowed, in minor units, and what was spent, in thousandths."""

    start: int
    value: int
    most: int
    """The day's budget."""
    expected: int
    """What was expected of today's hours that were not told, minor units."""
    untold: int
    """What they had spent."""
    spent: int


def everything(_number: int) -> int:
    return 10**9


def by_chance(number: int) -> int:
    return Random(number).choice((0, 3_337, 7_771, 12_345, 10**9))


@dataclass(frozen=True, kw_only=True)
class Platform:
    """Three days, the one of interest in the middle; reports come ``late`` hours too late."""

    zone: str
    day: str
    demand: Callable[[int], int] = everything
    late: int = 0
    restated: Mapping[int, tuple[int, int]] | None = None
    """By the number of an hour: which one before it is told again then, and what it has spent."""
    plan: Mapping[str, Any] | None = None

    def play(self) -> list[Played]:
        begin = instant(f"{self.day}T00:00", self.zone) - 24 * HOUR
        books, counter = Books([self.zone], kept=62), {begin - (1 + self.late) * HOUR: 0}
        books.tell(*(Fact(start=start) for start in counter))
        played: list[Played] = []
        for number in range(72):
            again, spent = (self.restated or {}).get(number, (number - 1 - self.late, None))
            for number_told in (number - 1 - self.late, again):
                start = begin + number_told * HOUR
                if number_told >= 0:
                    counter[start] = counter[start] if spent is None else spent
                    books.tell(Fact(start=start, spend=counter[start] * 10**15))
            played.append(self._hour(books, counter, begin + number * HOUR, played))
            counter[begin + number * HOUR] = played[-1].spent
        return played

    def _hour(
        self, books: Books, counter: dict[int, int], start: int, before: list[Played]
    ) -> Played:
        units, cents = divmod(before[-1].value if before else 0, 100)
        made = decide(
            One(
                rows=books.rows,
                plan=self.plan or {},
                force={"known": 1, "value": (units, cents * 10**16)},
                zone=self.zone,
                now=start + 60,
            ).situation()
        )
        assert made.clock.target.tolist() == [start]
        today = {at: spent for at, spent in counter.items() if self._day(at) == self._day(start)}
        untold = [today.get(start - late * HOUR) for late in range(1, self.late + 1)]
        flying = [spent for spent in untold if spent is not None]
        most = int(made.day_budget[0])
        room = 10 * most - sum(today.values()) if most else 0
        return Played(
            start=start,
            value=int(made.value[0]),
            most=most,
            expected=len(flying) * (100 * units + cents),
            untold=sum(flying),
            spent=max(min(self.demand(len(before)), room), 0),
        )

    def _day(self, second: int) -> int:
        return ordinal(second, self.zone)

    def days(self, played: list[Played]) -> list[list[Played]]:
        """Return the hours of each whole local day."""
        days: dict[int, list[Played]] = {}
        for each in played:
            days.setdefault(self._day(each.start), []).append(each)
        return list(days.values())[1:-1]


@pytest.mark.parametrize(("zone", "day", "hours"), DAYS)
def test_a_market_that_takes_all_spends_each_hours_budget_and_the_days_to_the_last_cent(
    zone: str, day: str, hours: int
) -> None:
    platform = Platform(zone=zone, day=day)
    played = platform.play()
    assert all(each.spent == 10 * each.value for each in played)
    (whole,) = [each for each in platform.days(played) if len(each) == hours][:1]
    assert sum(each.spent for each in whole) == 240_000
    assert whole[0].most == whole[0].value
    assert whole[-1].most == 24_000


@pytest.mark.parametrize(("zone", "day", "hours"), DAYS)
def test_no_hour_spends_more_than_it_may_nor_a_cent_less_for_what_others_did_or_took_back(
    zone: str,
    day: str,
    hours: int,
) -> None:
    restated = {30: (27, 1), 31: (26, 9_000), 40: (25, 123), 44: (43, -1_234), 50: (20, 0)}
    played = Platform(zone=zone, day=day, demand=by_chance, restated=restated).play()
    assert len(played) == 72 > hours
    for number, each in enumerate(played):
        wanted = min(by_chance(number), 10 * each.value)
        assert wanted - 10 < each.spent <= wanted


def test_money_that_is_taken_back_makes_no_budget_negative_and_no_hour_dearer() -> None:
    restated = {26: (25, -200_000), 27: (24, -150_000)}
    played = Platform(zone="UTC", day="2026-03-10", restated=restated).play()
    assert [each.most for each in played[26:28]] == [0, 0]
    assert all(each.spent <= 10 * each.value for each in played)


@pytest.mark.parametrize("late", [1, 2, 5])
@pytest.mark.parametrize("demand", [everything, by_chance])
@pytest.mark.parametrize(("zone", "day", "hours"), DAYS)
def test_with_late_reports_an_hour_gets_at_most_what_earlier_ones_left_of_what_was_expected(
    zone: str, day: str, hours: int, demand: Callable[[int], int], late: int
) -> None:
    platform = Platform(zone=zone, day=day, demand=demand, late=late)
    played = platform.play()
    for each in played:
        assert each.spent <= 10 * each.value + max(10 * each.expected - each.untold, 0)
    for whole in platform.days(played):
        assert sum(each.spent for each in whole) <= 240_000
        # Of hours before midnight nothing is expected in the new day.
        assert whole[0].most == whole[0].value
    assert hours in {len(whole) for whole in platform.days(played)}


@pytest.mark.parametrize("late", [0, 3])
@pytest.mark.parametrize(("zone", "day", "hours"), DAYS)
def test_no_budget_of_a_day_is_above_the_plans_cap_of_the_day(
    zone: str, day: str, hours: int, late: int
) -> None:
    plan = {"period": MONTH, "amount": 10**6, "daily_cap": 9_000}
    platform = Platform(zone=zone, day=day, late=late, plan=plan)
    played = platform.play()
    assert max(each.most for each in played) == 9_000
    for whole in platform.days(played):
        assert sum(each.spent for each in whole) <= 90_000
    assert hours in {len(whole) for whole in platform.days(played)}


@given(lives(), st.integers(0, 10**6))
@quick
def test_a_days_budget_is_what_it_has_spent_what_is_on_its_way_and_the_hours(
    life: Life, less: int
) -> None:
    life = replace(life, spends={number: spend - less for number, spend in life.spends.items()})
    made, wanted = decide(life.situation()), Reckoning(life)
    most = wanted.day_spent + wanted.allowance - wanted.spent - wanted.in_flight
    after = min(wanted.day_spent + int(made.value[0]), life.plan["daily_cap"], most)
    assert made.day_budget.tolist() == [max(after, 0)]
    if made.horizon.left[0] > 0:
        # What the period leaves only binds where nothing is left.
        assert wanted.day_spent + made.value[0] <= most


amounts = st.integers(0, 10**16) | st.integers(0, 9 * 10**18)


@given(
    st.fixed_dictionaries(
        {
            "allowance": st.integers(-(10**16), 10**16),
            "spent": amounts | amounts.map(lambda amount: -amount),
            "in_flight": st.integers(0, 2**56),
            "day_spent": amounts | amounts.map(lambda amount: -amount),
        }
    ),
    amounts,
    st.just(UNLIMITED) | st.integers(0, 10**16),
)
@example({"allowance": 0, "spent": 0, "in_flight": 0, "day_spent": 9 * 10**18}, 9 * 10**18, 10**16)
@quick
def test_no_amount_is_too_large_for_a_days_budget(
    given_: dict[str, int], amount: int, limit: int
) -> None:
    found = int(day_budget(np.array([amount]), a_horizon(**given_), np.array([limit]))[0])
    spent, left = given_["day_spent"], given_["allowance"] - given_["spent"] - given_["in_flight"]
    assert 0 <= found <= limit
    if min(spent, left) >= 0 or max(abs(spent), abs(left), amount) <= UNLIMITED:
        assert found == max(min(spent + amount, limit, spent + left), 0)
