"""Laws of how processes share what an account allows, without talking to each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.connectors.errors import Throttled
from workers.executor.live.limits import COLLECTING, DAY, Counts, Limits, Portion
from workers.executor.live.order import Account

ONE = Account("model", "1")
NOON = DAY / 2


def made(counts: Counts, until: float, *, since: float = 0.0) -> list[float]:
    """Return when calls are made by one that calls whenever it may, until a moment."""
    now = since
    moments: list[float] = []
    while True:
        try:
            now += counts.turn(ONE, now)
        except Throttled:
            return moments
        if now >= until:
            return moments
        moments.append(now)


@given(st.lists(st.integers(1, 8), min_size=1, max_size=6), st.integers(1, 40))
def test_all_processes_together_call_no_faster_than_the_account_allows(
    owned: list[int], burst: int
) -> None:
    limits = Limits(calls_per_second=5, burst=burst)
    portions = [COLLECTING, *((1 - COLLECTING) * each / sum(owned) for each in owned)]
    calls = [made(Counts(limits, Portion(of_all=each)), 20.0) for each in portions]
    # Beside the rate: the account's burst, of which no process has less than one call.
    at_once = burst + len(portions)

    assert sum(map(len, calls)) <= 5 * 20 + at_once
    assert all(calls), "none waits for ever"


def test_a_process_that_owns_all_partitions_uses_all_that_is_for_changes() -> None:
    calls = made(Counts(Limits(calls_per_second=4, burst=4), Portion(of_all=1 - COLLECTING)), 60.0)
    assert len(calls) == pytest.approx(4 * (1 - COLLECTING) * 60, abs=4)


@given(st.lists(st.integers(1, 8), min_size=1, max_size=6), st.integers(100, 20_000))
def test_the_calls_of_a_day_add_up_to_no_more_than_the_account_has(
    owned: list[int], most: int
) -> None:
    limits = Limits(calls_per_second=1000, burst=1000, calls_per_day=most)
    portions = [COLLECTING, *((1 - COLLECTING) * each / sum(owned) for each in owned)]
    calls = sum(len(made(Counts(limits, Portion(of_all=each)), DAY)) for each in portions)

    assert most - len(portions) <= calls <= most


def test_who_begins_within_a_day_uses_of_its_calls_what_the_rest_of_the_day_has() -> None:
    def counts(since: float | None) -> Counts:
        limits = Limits(calls_per_second=1000, burst=1000, calls_per_day=800)
        return Counts(limits, Portion(since=since))

    assert len(made(counts(NOON), DAY, since=NOON)) == 400, "nobody knows who has used the others"
    assert len(made(counts(NOON), 2 * DAY, since=DAY)) == 800, "the next day is all its own"
    assert len(made(counts(None), DAY, since=NOON)) == 800


def test_a_portion_that_changes_holds_from_the_next_call_on() -> None:
    portion = Portion(of_all=1.0)
    counts = Counts(Limits(calls_per_second=2, burst=1), portion)
    waits = [counts.turn(ONE, 0.0) for _ in range(3)]
    portion.of_all = 0.25
    later = [counts.turn(ONE, 0.0) for _ in range(2)]

    assert waits == [0.0, 0.5, 1.0]
    assert later == [1.5, 3.5]


def test_of_a_day_that_is_used_up_nothing_is_left_when_the_portion_falls() -> None:
    portion = Portion(of_all=1.0)
    counts = Counts(Limits(calls_per_second=1000, burst=1000, calls_per_day=100), portion)
    for number in range(60):
        counts.turn(ONE, number / 1000)
    portion.of_all = 0.5
    with pytest.raises(Throttled):
        counts.turn(ONE, 1.0)
