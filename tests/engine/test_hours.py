"""The hours of a day: what a fact does to those that are known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import hours
from engine.errors import UnknownFormat
from engine.hours import Outcome
from tests.engine.books import Fact, rows_of

quick = settings(max_examples=40, deadline=None)
HOUR = 3_600
counts = st.integers(0, 10**12)
amounts = st.integers(-(10**24), 10**24)


@st.composite
def facts(draw: st.DrawFn, *, delta: bool = False) -> list[Fact]:
    """Facts of a few hours, each with a sequence number of its own."""
    numbers = draw(st.lists(st.integers(0, 5), min_size=1, max_size=12))
    return [
        Fact(
            start=number * HOUR,
            impressions=draw(counts),
            clicks=draw(counts),
            conversions=draw(counts),
            spend=draw(amounts),
            revenue=draw(amounts),
            sequence=sequence,
            delta=delta,
            final=draw(st.booleans()),
        )
        for sequence, number in enumerate(numbers)
    ]


def told(*facts: Fact, value: bytes = b"") -> tuple[bytes, list[Outcome]]:
    """Tell one day facts, one after the other."""
    outcomes = []
    for fact in facts:
        placed = hours.place([value], rows_of([fact]), np.array([False]))
        outcomes.append(Outcome(int(placed.outcome[0])))
        (value,) = hours.splice([value], placed)
    return value, outcomes


@given(facts(), st.randoms(use_true_random=False))
@quick
def test_a_day_keeps_the_last_word_on_each_hour_in_any_order_and_number(
    given_: list[Fact], chance: Random
) -> None:
    last = {fact.start: fact for fact in given_}
    expected = rows_of([last[start] for start in sorted(last)])
    shuffled = [*given_, *given_]
    chance.shuffle(shuffled)
    value, outcomes = told(*shuffled)
    assert (value, outcomes.count(Outcome.NEW)) == (told(*last.values())[0], len(last))
    rows, _ = hours.read([value])
    suspect = expected["clicks"] > expected["impressions"]
    expected["flags"] |= np.where(suspect, hours.SUSPECT, 0).astype(np.uint8)
    assert rows.tobytes() == expected.tobytes()


@given(facts())
@quick
def test_what_is_told_again_changes_nothing(given_: list[Fact]) -> None:
    last = list({fact.start: fact for fact in given_}.values())
    value, _ = told(*given_)
    again, outcomes = told(*last, value=value)
    assert again == value
    assert set(outcomes) == {Outcome.DUPLICATE}


@given(facts(delta=True), st.randoms(use_true_random=False))
@quick
def test_deltas_add_up_to_the_plain_sums_in_any_order(given_: list[Fact], chance: Random) -> None:
    value, outcomes = told(*given_)
    assert set(outcomes) <= {Outcome.NEW, Outcome.RESTATED}
    shuffled = chance.sample(given_, len(given_))
    assert told(*shuffled)[0] == value
    for row in hours.read([value])[0]:
        own = [fact for fact in given_ if fact.start == int(row["hour"]) * HOUR]
        for name in ("impressions", "clicks", "conversions"):
            assert row[name] == sum(getattr(fact, name) for fact in own)
        for name in ("spend", "revenue"):
            assert row[name].tolist() == [*divmod(sum(getattr(f, name) for f in own), 10**18)]
        assert bool(row["flags"] & hours.FINAL) == any(fact.final for fact in own)
        assert bool(row["flags"] & hours.SUSPECT) == (row["clicks"] > row["impressions"])


@given(facts(delta=True), facts(delta=True))
@quick
def test_deltas_that_are_taken_back_leave_the_amounts_as_they_were(
    kept: list[Fact], passing: list[Fact]
) -> None:
    names = ("impressions", "clicks", "conversions", "spend", "revenue")
    passing = [replace(each, start=kept[0].start) for each in passing]
    back = [replace(each, **{name: -getattr(each, name) for name in names}) for each in passing]
    before = hours.read([told(*kept)[0]])[0]
    after = hours.read([told(*kept, *passing, *back)[0]])[0]
    for name in names:
        assert (after[name] == before[name]).all()


@given(st.lists(facts(), min_size=2, max_size=4), st.data())
@quick
def test_days_are_told_alike_together_and_alone(
    days: list[list[Fact]], data: st.DataObject
) -> None:
    values = [told(*day[:-1])[0] for day in days]
    refused = np.array([data.draw(st.booleans()) for _ in days])
    rows = rows_of([day[-1] for day in days])
    together = hours.place(values, rows, refused)
    for i, value in enumerate(values):
        part = slice(i, i + 1)
        alone = hours.place([value], rows[part], refused[part])
        assert alone.outcome == together.outcome[part]
        assert hours.splice([value], alone) == hours.splice(values, together)[part]


def test_what_the_caller_refuses_stays_out() -> None:
    value, _ = told(Fact(start=0))
    placed = hours.place([value], rows_of([Fact(start=HOUR)]), np.array([True]))
    assert placed.outcome.tolist() == [Outcome.REFUSED]
    assert hours.splice([value], placed) == [value]


@pytest.mark.parametrize(
    ("fact", "outcome"),
    [
        (Fact(start=2 * HOUR, sequence=3), Outcome.NEW),
        (Fact(start=HOUR, sequence=6, clicks=7), Outcome.RESTATED),
        (Fact(start=HOUR, sequence=5, clicks=7), Outcome.RESTATED),
        (Fact(start=HOUR, sequence=5), Outcome.DUPLICATE),
        (Fact(start=HOUR, sequence=4, clicks=7), Outcome.SUPERSEDED),
        (Fact(start=HOUR, clicks=7), Outcome.RESTATED),
        (Fact(start=HOUR, sequence=6, delta=True), Outcome.MIXED_MODES),
        (Fact(start=HOUR + 900, sequence=6), Outcome.OVERLAPPING),
    ],
)
def test_a_fact_on_a_known_hour_has_one_outcome(fact: Fact, outcome: Outcome) -> None:
    value, _ = told(Fact(start=HOUR, sequence=5))
    after, outcomes = told(fact, value=value)
    assert outcomes == [outcome]
    assert (after != value) == (outcome <= Outcome.RESTATED)


def test_an_unnumbered_word_does_not_let_an_older_number_back_in() -> None:
    value, outcomes = told(
        Fact(start=0, sequence=5, clicks=5),
        Fact(start=0, clicks=6),
        Fact(start=0, sequence=4, clicks=4),
    )
    assert outcomes[-1] is Outcome.SUPERSEDED
    assert hours.read([value])[0]["clicks"].tolist() == [6]


@given(st.integers(0, 40_000), st.integers(0, 95))
@quick
def test_an_hour_starts_when_its_row_says(day: int, quarter: int) -> None:
    start = day * 86_400 + quarter * 900
    assert hours.starts_of(rows_of([Fact(start=start)]), np.array([day])).tolist() == [start]
    moment = datetime.fromtimestamp(start, UTC)
    row = rows_of([Fact(start=start)])[0]
    assert (row["hour"], row["quarter"] * 15) == (moment.hour, moment.minute)


def test_a_day_that_another_version_wrote_is_refused_by_number() -> None:
    row = rows_of([Fact(start=0)])
    row["format"] = 9
    with pytest.raises(UnknownFormat, match="format 9, this version reads 1"):
        hours.read([told(Fact(start=0))[0], row.tobytes()])
