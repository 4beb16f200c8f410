"""Laws of chances in words: none is told as certain, and nothing that is told is false."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.chances import chance, chance_cell

DECIMALS = st.sampled_from([0, 1])


@given(st.floats(0.0, 1.0), DECIMALS)
def test_no_chance_is_told_as_certain_or_impossible(value: float, decimals: int) -> None:
    for told in (chance(value, decimals=decimals), chance_cell(value, decimals=decimals)):
        assert told not in {"0%", "0.0%", "-0.0%", "100%", "100.0%"}


@given(st.floats(0.0, 1.0), DECIMALS)
def test_what_is_told_is_true_to_half_of_its_last_digit(value: float, decimals: int) -> None:
    told = chance_cell(value, decimals=decimals)
    number = float(told.strip("<>%")) / 100.0
    if told.startswith(">"):
        assert value > number
    elif told.startswith("<"):
        assert value < number
    else:
        half = 0.5 * 10.0 ** -(2 + len(told.strip("%").partition(".")[2]))
        assert value == pytest.approx(number, abs=half + 1e-12)


@given(st.floats(0.0, 1.0), DECIMALS)
def test_sentences_and_tables_tell_the_same(value: float, decimals: int) -> None:
    short = chance_cell(value, decimals=decimals)
    told = short.replace("<", "less than ").replace(">", "more than ")
    assert chance(value, decimals=decimals) == told


@pytest.mark.parametrize(
    ("value", "tenths", "whole"),
    [
        (0.934, "93.4%", "93%"),
        (0.5, "50.0%", "50%"),
        (0.996, "99.6%", "99.6%"),
        (0.9999, "more than 99.9%", "more than 99.9%"),
        (1.0, "more than 99.9%", "more than 99.9%"),
        (0.004, "0.4%", "0.4%"),
        (0.0001, "less than 0.1%", "less than 0.1%"),
    ],
)
def test_near_an_end_a_tenth_is_told_where_whole_ones_would_round_to_it(
    value: float, tenths: str, whole: str
) -> None:
    assert chance(value) == tenths
    assert chance(value, decimals=0) == whole
