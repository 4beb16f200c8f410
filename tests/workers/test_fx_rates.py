"""Rates from files: what is read, what is refused, what is news."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas import FxRate, encode
from workers.errors import UsageError
from workers.fx_rates import news, read_rates

TOML = """
[[rates]]
base = "EUR"
quote = "USD"
rate = 1.0873
as_of = 2026-03-02T15:00:00Z

[[rates]]
base = "EUR"
quote = "JPY"
rate = "163.27"
as_of = 2026-03-02T16:00:00+01:00
confirmed_by = "li"
"""
ONE = '{"base": "EUR", "quote": "USD", "rate": %s, "as_of": "2026-03-0%dT15:00:00Z"}'


def written(folder: Path, text: str, name: str = "rates.json") -> list[Path]:
    (folder / name).write_text(text)
    return [folder / name]


def test_a_file_is_read_with_its_last_decimal_and_signed_where_it_is_not(tmp_path: Path) -> None:
    dollars, yen = read_rates(written(tmp_path, TOML, "rates.toml"), "maria")
    assert (dollars.key, str(dollars.rate), dollars.confirmed_by) == (b"EUR/USD", "1.0873", "maria")
    assert (yen.key, str(yen.rate), yen.confirmed_by) == (b"EUR/JPY", "163.27", "li")
    assert dollars.as_of == yen.as_of


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (ONE % ('"0"', 2), "rate 1: rate: must be above 0"),
        (ONE % ('"NaN"', 2), "rate 1: rate: must be a finite number"),
        (f"[{ONE % (1, 2)}, {ONE % (2, 3)}]", "rate 2: EUR/USD has a rate already"),
        ('{"quotes": []}', "rate 1: "),
        ("{", "cannot be read"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_rates(written(tmp_path, text))
    assert says in str(refused.value)


def test_only_news_are_published_and_nothing_of_before(tmp_path: Path) -> None:
    (first,) = read_rates(written(tmp_path, ONE % ("1.1", 2)))
    (later,) = read_rates(written(tmp_path, ONE % ("1.1", 3)))
    known = {first.key: encode(first)}
    assert news([first], known) == []
    assert [(told.record, told.before) for told in news([later], known)] == [(later, first)]
    assert [told.before for told in news([first], {first.key: b"{"})] == [None]
    with pytest.raises(UsageError, match="is before"):
        news([first], {later.key: encode(later)})


def test_a_rate_has_one_key_whichever_is_the_base(tmp_path: Path) -> None:
    (one,) = read_rates(written(tmp_path, ONE % ("1.1", 2)))
    other = FxRate(base="USD", quote="EUR", rate=one.rate, as_of=one.as_of)
    assert one.key == other.key == b"EUR/USD"
