"""Which rates are believed, and that nothing else is."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas import FxRate, encode
from tests.workers.allocator.currencies import Exchanging, a_rate
from tests.workers.allocator.groups import at
from workers.allocator.fx_pairs import unpack

KEY = b"EUR/USD"
GOOD = {"base": "EUR", "quote": "USD", "rate": "1.1", "as_of": "2026-03-12T00:00:00Z"}


def believed(allocator: Exchanging, key: bytes = KEY) -> tuple[str, str] | None:
    """Return the base and the rate that are believed of a pair."""
    known = unpack(allocator.table("rates").get(key))
    return None if known is None or known.withdrawn else (known.pair.base, known.pair.rate)


def knowing(rate: str = "1.10") -> Exchanging:
    allocator = Exchanging()
    allocator.rates(a_rate("EUR", "USD", rate, 8))
    return allocator


@pytest.mark.parametrize(
    ("value", "key", "reason", "field"),
    [
        (GOOD | {"rate": "0"}, KEY, "out_of_range", "rate"),
        (GOOD | {"rate": 0}, KEY, "out_of_range", "rate"),
        (GOOD | {"rate": "-1.1"}, KEY, "out_of_range", "rate"),
        (GOOD | {"rate": "NaN"}, KEY, "not_finite", "rate"),
        (GOOD | {"rate": "-sNaN"}, KEY, "not_finite", "rate"),
        (GOOD | {"rate": "Infinity"}, KEY, "not_finite", "rate"),
        (GOOD | {"rate": "1e-10"}, KEY, "out_of_range", "rate"),
        (GOOD | {"rate": "1e10"}, KEY, "out_of_range", "rate"),
        (GOOD | {"rate": "1e-300"}, KEY, "too_many_decimals", "rate"),
        (GOOD | {"rate": "1.1234567890123456789"}, KEY, "too_many_decimals", "rate"),
        (GOOD | {"rate": None}, KEY, "wrong_type", "rate"),
        (GOOD | {"base": "XAU"}, b"USD/XAU", "unknown_currency", "base"),
        (GOOD | {"quote": "eur"}, KEY, "unknown_currency", "quote"),
        (GOOD | {"quote": "EUR"}, KEY, "contradiction", "quote"),
        (GOOD, b"USD/EUR", "key_mismatch", "key"),
        (GOOD, b"EUR/GBP", "key_mismatch", "key"),
        (GOOD | {"as_of": "2026-03-12T00:00:00"}, KEY, "naive_time", "as_of"),
        (GOOD | {"as_of": "2026-03-13T00:00:00Z"}, KEY, "in_the_future", "as_of"),
        (GOOD | {"as_of": "2026-03-08T00:00:00Z"}, KEY, "old_rate", "as_of"),
        (GOOD | {"believe": True}, KEY, "unknown_field", "believe"),
        (GOOD | {"confirmed_by": ""}, KEY, "invalid_length", "confirmed_by"),
        (GOOD | {"rate": "1.3751"}, KEY, "rate_jump", "rate"),
        (GOOD | {"rate": "0.8799"}, KEY, "rate_jump", "rate"),
        (GOOD | {"rate": "110"}, KEY, "rate_jump", "rate"),
        (None, b"", "invalid_key", "key"),
        (None, b"USD/EUR", "invalid_key", "key"),
        (None, b"EUR/USD/JPY", "invalid_key", "key"),
        (None, b"EUR/\xff", "invalid_key", "key"),
    ],
    ids=str,
)
def test_what_cannot_be_a_rate_is_put_aside_and_the_known_one_stays(
    value: dict[str, Any] | None, key: bytes, reason: str, field: str
) -> None:
    allocator = knowing()
    before = dict(allocator.table("rates"))
    sent = None if value is None else json.dumps(value).encode()
    allocator.raw(sent, key, at(10))
    assert [(dead.reason, dead.field) for dead in allocator.dead_letters] == [(reason, field)]
    assert allocator.table("rates") == before
    assert allocator.outputs == []


@pytest.mark.parametrize("value", [b"{", b"[]", b"", b"\xff", b"1.1", b'"1.1"'])
def test_bytes_that_are_no_rate_are_put_aside(value: bytes) -> None:
    allocator = knowing()
    allocator.raw(value, KEY, at(10))
    assert len(allocator.dead_letters) == 1
    assert believed(allocator) == ("EUR", "1.10")


def test_a_base_that_was_taken_for_the_quote_is_a_jump() -> None:
    allocator = knowing("1.25")
    allocator.rates(a_rate("USD", "EUR", "1.25", 9))
    assert [dead.reason for dead in allocator.dead_letters] == ["rate_jump"]
    assert believed(allocator) == ("EUR", "1.25")


def test_a_jump_is_believed_once_somebody_has_signed_for_it_and_says_how() -> None:
    allocator = knowing()
    jump = a_rate("EUR", "USD", "1.90", 9)
    allocator.rates(jump)
    assert believed(allocator) == ("EUR", "1.10")
    assert "confirmed_by" in allocator.dead_letters[0].detail
    allocator.rates(replace(jump, confirmed_by="maria"))
    assert believed(allocator) == ("EUR", "1.90")
    allocator.rates(a_rate("EUR", "USD", "1.95", 9.1))
    assert believed(allocator) == ("EUR", "1.95")


def test_small_steps_within_a_day_go_no_further_than_a_large_one() -> None:
    allocator = knowing("1.00")
    for step, rate in enumerate(("1.20", "1.24", "1.26", "0.99")):
        allocator.rates(a_rate("EUR", "USD", rate, 8.1 + step / 10))
    assert [dead.reason for dead in allocator.dead_letters] == ["rate_jump", "rate_jump"]
    assert believed(allocator) == ("EUR", "1.24")
    allocator.rates(a_rate("EUR", "USD", "0.99", 8.5, confirmed_by="maria"))
    assert believed(allocator) == ("EUR", "0.99")


def test_a_withdrawal_does_not_let_a_jump_slip_in() -> None:
    allocator = knowing()
    allocator.raw(None, KEY, at(8))
    assert believed(allocator) is None
    allocator.rates(a_rate("EUR", "USD", "1.90", 9))
    assert believed(allocator) is None
    allocator.rates(a_rate("EUR", "USD", "1.20", 9))
    assert believed(allocator) == ("EUR", "1.20")


def test_either_of_the_two_may_be_the_base() -> None:
    allocator = knowing()
    allocator.rates(a_rate("USD", "EUR", "0.9", 9))
    assert believed(allocator) == ("USD", "0.9")
    assert list(allocator.table("rates")) == [KEY]


def test_a_rate_that_is_told_again_changes_nothing() -> None:
    allocator = knowing()
    before = dict(allocator.table("rates"))
    step = allocator.rates(a_rate("EUR", "USD", "1.10", 8))
    assert (step.writes, step.outputs, step.dead_letters) == ({}, [], [])
    assert allocator.table("rates") == before


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.tuples(st.integers(1, 400), st.floats(0.2, 5.0), st.booleans()), min_size=1, max_size=30
    )
)
def test_without_a_signature_no_rate_moves_by_more_than_a_quarter_at_once_or_in_a_day(
    told: list[tuple[int, float, bool]],
) -> None:
    allocator = Exchanging()
    known: list[tuple[int, Fraction]] = []
    minutes = 0
    last = Decimal("1.0")
    for later, factor, turned in told:
        minutes += later
        pair = ("USD", "EUR") if turned else ("EUR", "USD")
        told_rate = round(Decimal(float(last) * factor), 9)
        rate = FxRate(
            base=pair[0],
            quote=pair[1],
            rate=round(1 / told_rate, 9) if turned else told_rate,
            as_of=at(0) + timedelta(minutes=minutes),
        )
        allocator.raw(encode(rate), rate.key, rate.as_of)
        found = unpack(allocator.table("rates")[KEY])
        assert found is not None
        now = found.pair.into("EUR")
        if not known or known[-1][1] != now:
            known.append((minutes, now))
            last = round(Decimal(now.numerator) / Decimal(now.denominator), 9)
    for before, after in pairwise(known):
        assert Fraction(4, 5) <= after[1] / before[1] <= Fraction(5, 4)
    for at_, value in known:
        inside = [other for then, other in known if at_ <= then < at_ + 24 * 60]
        # Within a day two days' beginnings may lie, each a quarter away at most from the other.
        assert max(inside) / min(inside) <= Fraction(5, 4) ** 3
        assert value in inside
