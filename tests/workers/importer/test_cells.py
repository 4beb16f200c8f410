from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.importer.cells import (
    action_reader,
    count_reader,
    decimal_reader,
    text_reader,
    truth_reader,
)
from workers.importer.mapping import Numbers, Source
from workers.importer.refusals import RowRefusedError

PLAIN = Numbers()
ENGLISH = Numbers(thousands=",", missing=("", "--"))
GERMAN = Numbers(decimal=",", thousands=".")
SWISS = Numbers(thousands="'")

amounts = st.decimals(
    min_value=-(10**9), max_value=10**9, places=4, allow_nan=False, allow_infinity=False
)


@given(amounts)
def test_a_number_keeps_every_digit(amount: Decimal) -> None:
    assert decimal_reader("spend", PLAIN)(f" {amount} ") == amount


@given(amounts)
def test_grouped_numbers_are_read_as_they_are_meant(amount: Decimal) -> None:
    english = f"{amount:,}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert decimal_reader("spend", ENGLISH)(english) == amount
    assert decimal_reader("spend", GERMAN)(german) == amount
    assert decimal_reader("spend", SWISS)(english.replace(",", "'")) == amount


@pytest.mark.parametrize("text", ["1,23", "12,34,567", ",123", "1234,567", "1.234,5"])
def test_a_mark_that_groups_no_thousands_is_refused_and_not_dropped(text: str) -> None:
    """In a German file 1,23 is one and a bit; taking the mark away would make it 123."""
    with pytest.raises(RowRefusedError, match="must be a number"):
        decimal_reader("spend", ENGLISH)(text)


@pytest.mark.parametrize("text", ["abc", "1_000", "1 000", "0x10", "1,5", "€5", "1.2.3"])
def test_what_is_no_number_is_refused_with_the_text(text: str) -> None:
    with pytest.raises(RowRefusedError) as caught:
        decimal_reader("spend", PLAIN)(text)
    assert (caught.value.field, caught.value.reason) == ("spend", "wrong_type")
    assert text in caught.value.detail


def test_micros_become_currency_exactly() -> None:
    micros = decimal_reader("spend", PLAIN, Decimal("0.000001"))
    assert micros("1234567") == Decimal("1.234567")
    assert micros("1") == Decimal("0.000001")


@given(st.integers(-(10**12), 10**12))
def test_a_count_may_be_written_with_a_zero_fraction(count: int) -> None:
    read = count_reader("clicks", ENGLISH)
    assert read(str(count)) == read(f"{count:,}") == read(f"{count}.0") == read(count) == count


@pytest.mark.parametrize("cell", ["1.5", "0.1", 2.5, "1e30", "inf", "nan"])
def test_a_count_that_is_not_whole_is_refused(cell: object) -> None:
    with pytest.raises(RowRefusedError, match="must be whole"):
        count_reader("clicks", PLAIN)(cell)


@pytest.mark.parametrize("cell", ["", " ", None])
def test_an_empty_cell_is_no_value(cell: object) -> None:
    for read in (text_reader("source", PLAIN), decimal_reader("spend", PLAIN)):
        assert read(cell) is None
    assert count_reader("clicks", PLAIN)(cell) is None


def test_the_marks_of_a_missing_value_are_the_maps() -> None:
    assert decimal_reader("spend", ENGLISH)(" -- ") is None
    with pytest.raises(RowRefusedError):
        decimal_reader("spend", PLAIN)("--")


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e9, max_value=1e9))
def test_a_float_of_a_parquet_file_is_its_shortest_decimal(value: float) -> None:
    read = decimal_reader("spend", PLAIN)(value)
    assert float(read) == value
    assert str(value) in {str(read), format(read, "f"), repr(value)}


def test_a_truth_value_is_true_or_false_and_nothing_like_it() -> None:
    read = truth_reader("is_final", PLAIN)
    assert [read(cell) for cell in ("true", "FALSE", "1", "0", True, "")] == [
        True,
        False,
        True,
        False,
        True,
        None,
    ]
    with pytest.raises(RowRefusedError, match="true or false"):
        read("yes")


def test_one_action_is_taken_from_a_list_of_actions() -> None:
    source = Source(column="actions", action_type="purchase")
    read = action_reader("conversions", source, decimal_reader("conversions", PLAIN))
    cell = '[{"action_type":"link_click","value":"7"},{"action_type":"purchase","value":"2.5"}]'
    assert read(cell) == Decimal("2.5")
    assert read([{"action_type": "purchase", "value": 3}]) == 3
    assert read("[]") is None
    assert read("") is None
    with pytest.raises(RowRefusedError, match="no list of actions"):
        read("{")
