"""A group in several currencies needs rates: fresh ones, and enough of them."""

from __future__ import annotations

import pytest

from schemas import HoldReason, encode, topics
from tests.workers.allocator.currencies import Exchanging, a_rate, has, in_money
from tests.workers.allocator.groups import (
    at,
    history,
)
from tests.workers.allocator.test_currencies import DAYS, HALF, codes, mixed
from tests.workers.allocator.trees import (
    Allocators,
)


def test_without_rates_a_mixed_group_is_a_hold_and_says_what_to_do() -> None:
    allocator = mixed()
    assert {each.hold_reason for each in allocator.advice} == {HoldReason.CURRENCY_MISMATCH}
    for each in allocator.advice:
        assert codes(each) == ["currency_mismatch"]
        assert "fx_rates.v1" in each.reasons[0].text
    for word in allocator.words:
        assert allocator.again(word) == word


@pytest.mark.parametrize(
    ("day", "code"), [(DAYS - 6.9, None), (DAYS - 7.1, "rate_too_old")], ids=["fresh", "too old"]
)
def test_a_rate_of_more_than_a_week_ago_is_a_hold_by_name(day: float, code: str | None) -> None:
    allocator = mixed(a_rate("EUR", "USD", "2", day))
    assert {codes(each)[0] == code for each in allocator.advice} == {code is not None}
    for word in allocator.words:
        assert allocator.again(word) == word


def test_one_currency_without_a_rate_holds_all_and_is_named() -> None:
    told = {"a": ("JPY", 100), "b": ("USD", 2)}
    allocator = mixed(a_rate("EUR", "USD", "2", DAYS), told=told)
    assert {each.hold_reason for each in allocator.advice} == {HoldReason.CURRENCY_MISMATCH}
    assert allocator.advice[0].reasons[0].evidence["missing"] == "JPY"
    for word in allocator.words:
        assert allocator.again(word) == word


def test_rates_against_one_currency_are_enough_for_all() -> None:
    plain = mixed(told={})
    told = {"a": ("JPY", 100), "b": ("USD", 2)}
    rates = a_rate("USD", "JPY", "50", DAYS), a_rate("USD", "EUR", "0.5", DAYS)
    crossed = mixed(*rates, told=told)
    factors = {"a": 100, "b": 2, "c": 1}
    for one, other in zip(plain.advice, crossed.advice, strict=True):
        # A yen is a cent: what a cent pays for is a whole number of all of them.
        assert has(other) == has(one) * factors[one.campaign_id]


def test_a_rate_that_is_withdrawn_is_gone() -> None:
    allocator = Exchanging()
    rows = in_money(history(DAYS), HALF)
    allocator.rows(rows[:-1])
    allocator.rates(a_rate("EUR", "USD", "2", DAYS))
    allocator.raw(None, b"EUR/USD", at(DAYS))
    allocator.group()
    allocator.rows(rows[-1:])
    assert {each.hold_reason for each in allocator.advice} == {HoldReason.CURRENCY_MISMATCH}


def test_a_fresh_way_by_a_third_currency_goes_before_a_straight_one_that_is_too_old() -> None:
    rates = (
        a_rate("EUR", "USD", "3", DAYS - 8),
        a_rate("GBP", "USD", "4", DAYS),
        a_rate("GBP", "EUR", "2", DAYS),
    )
    plain = mixed(told={})
    crossed = mixed(*rates)
    for one, other in zip(plain.advice, crossed.advice, strict=True):
        assert has(other) == has(one) * (2 if one.campaign_id == "b" else 1)
    for word in crossed.words:
        assert crossed.again(word) == word


def test_where_a_rate_is_told_makes_no_difference_and_it_is_told_once() -> None:
    world = Allocators()
    rate = a_rate("EUR", "USD", "2", DAYS)
    world.send(topics.FX_RATES, rate.key, encode(rate), rate.as_of)
    tables = [each.table("rates") for each in world.each]
    assert all(dict(table) == dict(tables[0]) for table in tables)
    assert list(tables[0]) == [b"EUR/USD"]
    assert len(world.outputs) == world.partitions - 1
    world.send(topics.FX_RATES, rate.key, encode(rate), rate.as_of)
    assert len(world.outputs) == world.partitions - 1
