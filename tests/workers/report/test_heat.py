"""The hours of the week, against a plain count."""

from collections import defaultdict
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import MetricsEvent
from tests.workers.report.told import KEY, an_hour, at
from workers.report.delivered import Delivered
from workers.report.heat import Week, week_of

FACTS = st.dictionaries(
    st.integers(0, 24 * 21), st.tuples(st.integers(0, 90), st.integers(0, 9)), max_size=300
)


def week(events: list[MetricsEvent], timezone: str = "UTC") -> Week:
    delivered = Delivered()
    delivered.add(events)
    return week_of(delivered.hours(KEY), timezone)


@given(FACTS, st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata"]))
def test_each_cell_is_the_mean_of_its_local_hours_and_grey_where_they_are_few(
    facts: dict[int, tuple[int, int]], timezone: str
) -> None:
    cells: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for number, fact in facts.items():
        local = at(number).astimezone(ZoneInfo(timezone))
        cells[local.weekday(), local.hour].append(fact)
    found = week(
        [an_hour(n, str(s), conversions=Decimal(c)) for n, (s, c) in facts.items()], timezone
    )
    spend, conversions, price = found.figures

    for place in np.ndindex(7, 24):
        seen = cells.get((place[0], place[1]), [])
        spent, won = sum(s for s, _ in seen), sum(c for _, c in seen)
        assert found.seen[place] == len(seen)
        if seen:
            assert spend.values[place] == pytest.approx(spent / len(seen))
            assert conversions.values[place] == pytest.approx(won / len(seen))
        assert spend.thin[place] == (len(seen) < 2)
        assert price.thin[place] == (won < 5)
        if won:
            assert price.values[place] == pytest.approx(spent / won)
        else:
            assert np.isnan(price.values[place])


@pytest.mark.parametrize(
    ("hours", "conversions", "thin"),
    [(1, 9, True), (2, 2, True), (2, 5, False), (7, 0, True), (8, 0, False)],
)
def test_few_conversions_are_a_finding_only_after_many_hours(
    hours: int,
    conversions: int,
    thin: bool,  # noqa: FBT001 -- what the table says
) -> None:
    events = [
        an_hour(24 * 7 * n, conversions=Decimal(conversions if n == 0 else 0)) for n in range(hours)
    ]

    assert week(events).figures[1].thin[0, 0] == thin
