"""Money is exact, in whatever form."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.currencies import EXPONENTS
from schemas.errors import Reason, SchemaError
from schemas.money import (
    ATTO_PER_UNIT,
    MAX_AMOUNT,
    exponent_of,
    floor_to_minor,
    from_minor,
    from_units_atto,
    to_minor,
    to_units_atto,
)

currencies = st.sampled_from(sorted(EXPONENTS))
amounts = st.decimals(-MAX_AMOUNT, MAX_AMOUNT, allow_nan=False, places=18)


@pytest.mark.parametrize(
    ("currency", "decimals"),
    [
        ("EUR", 2),
        ("USD", 2),
        ("GBP", 2),
        ("HUF", 2),
        ("MGA", 2),
        ("JPY", 0),
        ("KRW", 0),
        ("ISK", 0),
        ("CLP", 0),
        ("XOF", 0),
        ("UGX", 0),
        ("KWD", 3),
        ("BHD", 3),
        ("IQD", 3),
        ("TND", 3),
        ("CLF", 4),
        ("UYW", 4),
    ],
)
def test_each_currency_has_the_decimals_that_iso_4217_gives_it(
    currency: str, decimals: int
) -> None:
    assert exponent_of(currency) == decimals


def test_the_table_holds_the_active_currencies_of_iso_4217_and_no_others() -> None:
    withdrawn = {"DEM", "HRK", "BGN", "ANG", "CUC", "SLL", "ZWL", "VEF", "MRO", "LTL"}
    without_minor_unit = {"XAU", "XAG", "XPT", "XPD", "XDR", "XSU", "XUA", "XTS", "XXX"}

    assert len(EXPONENTS) == 165
    assert all(len(code) == 3 and code.isalpha() and code.isupper() for code in EXPONENTS)
    assert not EXPONENTS.keys() & (withdrawn | without_minor_unit)


@given(st.integers(-(10**15), 10**15), currencies)
def test_minor_units_survive_the_way_to_an_amount_and_back(minor: int, currency: str) -> None:
    amount = from_minor(minor, currency)

    assert Fraction(amount) == Fraction(minor, 10 ** EXPONENTS[currency])
    assert to_minor(amount, currency) == floor_to_minor(amount, currency) == minor


@given(amounts, currencies)
def test_flooring_gives_the_largest_whole_number_of_minor_units_not_above(
    amount: Decimal, currency: str
) -> None:
    minor = floor_to_minor(amount, currency)
    exact = Fraction(amount) * 10 ** EXPONENTS[currency]

    assert minor <= exact < minor + 1


@given(amounts, currencies)
def test_an_amount_finer_than_the_minor_unit_is_never_rounded_in_silence(
    amount: Decimal, currency: str
) -> None:
    exact = Fraction(amount) * 10 ** EXPONENTS[currency]
    if exact.denominator == 1:
        assert to_minor(amount, currency) == exact
    else:
        with pytest.raises(SchemaError) as refusal:
            to_minor(amount, currency)
        assert refusal.value.reason is Reason.TOO_MANY_DECIMALS


def test_minor_units_are_written_with_the_decimals_of_the_currency() -> None:
    assert str(from_minor(1250, "EUR")) == "12.50"
    assert str(from_minor(0, "EUR")) == "0.00"
    assert str(from_minor(-5, "KWD")) == "-0.005"
    assert str(from_minor(1250, "JPY")) == "1250"


@given(amounts)
def test_units_and_atto_are_the_amount_to_its_last_digit(amount: Decimal) -> None:
    units, atto = to_units_atto(amount)

    assert Fraction(units) + Fraction(atto, ATTO_PER_UNIT) == Fraction(amount)
    assert 0 <= atto < ATTO_PER_UNIT
    assert abs(units) < 2**63
    assert from_units_atto(units, atto) == amount


@given(st.lists(amounts, max_size=20))
def test_sums_of_units_and_atto_are_exact_in_any_order(parts: list[Decimal]) -> None:
    split = [to_units_atto(part) for part in parts]

    total = from_units_atto(sum(u for u, _ in split), sum(a for _, a in split))

    assert Fraction(total) == sum(map(Fraction, parts), Fraction(0))


@pytest.mark.parametrize("text", ["177.0866", "0", "1E+3", "1000", "0.000000000000000001"])
def test_amounts_come_back_from_the_ledger_in_plain_notation(text: str) -> None:
    back = from_units_atto(*to_units_atto(Decimal(text)))

    assert back == Decimal(text)
    assert "E" not in f"{back:f}"
    assert str(from_units_atto(1000, 0)) == "1000"


def test_more_than_18_decimals_do_not_fit_the_ledger() -> None:
    with pytest.raises(SchemaError) as refusal:
        to_units_atto(Decimal("1e-19"))

    assert refusal.value.reason is Reason.TOO_MANY_DECIMALS


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "XXX", "X" * 10_000])
def test_an_unknown_currency_is_refused_by_name(currency: str) -> None:
    for use in (exponent_of, lambda code: floor_to_minor(Decimal(1), code)):
        with pytest.raises(SchemaError) as refusal:
            use(currency)
        assert (refusal.value.field, refusal.value.reason) == ("currency", Reason.UNKNOWN_CURRENCY)
