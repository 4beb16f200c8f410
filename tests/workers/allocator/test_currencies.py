"""Groups that mix currencies: exact in each member's own, and never above the group's in its."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas import Budget, Kind, Objective, Recommendation, decode, encode, topics
from schemas.fields import BudgetPeriod
from schemas.money import check_minor, exponent_of
from tests.workers.allocator.currencies import Exchanging, a_rate, has, in_money, worth
from tests.workers.allocator.groups import (
    LEVELS,
    a_row,
    at,
    history,
)
from tests.workers.allocator.trees import (
    Allocators,
    a_day,
    grown_tree,
    the_tree,
    tree_days,
)
from workers.allocator.past import taken
from workers.explain.group_budgets import recomputed
from workers.partitioner import partition_of

DAYS = 20


HALF = {"b": ("USD", 2)}
"""One of the three members pays in dollars, two for a euro."""


def mixed(
    *rates: Any,  # noqa: ANN401 -- rates
    told: dict[str, tuple[str, Any]] = HALF,
    days: int = DAYS,
    **fields: Any,  # noqa: ANN401 -- fields of a group
) -> Exchanging:
    """Return an allocator that has shared out for a group, given rates before its last day."""
    allocator = Exchanging()
    rows = in_money(history(days), told)
    allocator.rows(rows[:-1])
    allocator.rates(*rates)
    allocator.group(**fields)
    allocator.rows(rows[-1:])
    return allocator


def codes(advice: Recommendation) -> list[str]:
    return [each.code for each in advice.reasons]


@pytest.mark.parametrize(
    "rate",
    [("EUR", "USD", "2"), ("USD", "EUR", "0.5")],
    ids=["straight", "inverse"],
)
@pytest.mark.parametrize("objective", list(Objective))
@pytest.mark.parametrize("learning", [0.0, 0.2], ids=["settled", "learning"])
def test_a_group_in_two_currencies_is_shared_out_as_the_same_group_in_one(
    rate: tuple[str, str, str], objective: Objective, learning: float
) -> None:
    month = Budget(amount=Decimal(9_000), period=BudgetPeriod.MONTH)
    fields: dict[str, Any] = {"budget": month, "objective": objective, "autonomy": "auto"}
    fields["learning_share"] = learning
    plain = mixed(told={}, **fields)
    found = mixed(a_rate(*rate, DAYS), **fields)
    assert sum(each.kind is Kind.BUDGET for each in found.advice) >= 2
    for one, other in zip(plain.advice, found.advice, strict=True):
        factor = 2 if one.campaign_id == "b" else 1
        assert has(other) == factor * has(one)
        assert ("exploring" in codes(other)) == ("exploring" in codes(one))
        plainly = [each.without_jitter or Decimal(0) for each in (one, other)]
        assert plainly[1] == factor * plainly[0]
        assert (one.kind, one.confidence, one.priority) == (
            other.kind,
            other.confidence,
            other.priority,
        )
        if one.expected_impact is None or other.expected_impact is None:
            continue
        assert other.expected_impact.conversions == one.expected_impact.conversions
        assert one.expected_impact.cpa
        assert other.expected_impact.cpa
        cost = factor * one.expected_impact.cpa.p50
        assert abs(other.expected_impact.cpa.p50 - cost) <= Decimal("0.01")
    assert any("exploring" in codes(each) for each in found.advice) == (learning > 0.0)
    changed = [has(each) for each in found.advice if each.kind is Kind.BUDGET]
    assert [each.target for each in found.actions] == changed


def test_a_tree_in_two_currencies_is_shared_out_as_the_same_tree_in_one() -> None:
    bounds: dict[str, Any] = {"google": {"budget": a_day(150)}, "meta": {"min_budget": Decimal(80)}}
    plain = grown_tree(DAYS, **bounds)
    told = {"c": ("USD", 2), "e": ("USD", 2)}
    dollars = {"currency": "USD", "budget": a_day(20_000), "min_budget": Decimal(160)}
    tree = the_tree(google={"budget": a_day(150)}, meta=dollars)
    world = Allocators()
    rate = a_rate("USD", "EUR", "0.5", DAYS)
    world.send(topics.FX_RATES, rate.key, encode(rate), rate.as_of)
    for group in tree[1:]:
        world.group(group)
    rows = in_money(tree_days(DAYS), told)
    world.rows(rows[:-1])
    world.group(tree[0])
    world.rows(rows[-1:])
    expected = {each.campaign_id: has(each) for each in plain.advice}
    assert len(world.advice) == len(expected)
    for each in world.advice:
        assert has(each) == expected[each.campaign_id] * (2 if each.campaign_id in told else 1)


_CURRENCIES = ("EUR", "USD", "JPY", "KWD", "VND")
"""With two decimals, none and three; a cent is some hundred dong."""


_USUAL = {
    "EUR": Fraction(1),
    "USD": Fraction(9, 10),
    "JPY": Fraction(1, 160),
    "KWD": Fraction(3),
    "VND": Fraction(1, 28_000),
}


@settings(deadline=None, max_examples=40)
@given(
    own=st.sampled_from(_CURRENCIES),
    where=st.lists(st.sampled_from(_CURRENCIES), min_size=3, max_size=3),
    moved=st.lists(st.integers(-2_000, 2_000), min_size=5, max_size=5),
    share=st.integers(60, 140),
    change=st.sampled_from([5, 20, 90]),
    learning=st.sampled_from([0.0, 0.2]),
)
def test_what_all_have_is_never_worth_more_than_the_day_and_exact_in_each_currency(  # noqa: PLR0913, PLR0917 -- drawn
    own: str, where: list[str], moved: list[int], share: int, change: int, learning: float
) -> None:
    told = {}
    rates = []
    units = {"EUR": Fraction(1)}
    for currency, away in zip(_CURRENCIES[1:], moved, strict=False):
        for_one = round(Decimal(float(1 / _USUAL[currency] * (1 + Fraction(away, 10_000)))), 7)
        rates.append(a_rate("EUR", currency, str(for_one), DAYS))
        units[currency] = 1 / Fraction(for_one)
    for name, currency in zip(LEVELS, where, strict=True):
        told[name] = (currency, _rounded(1 / units[currency]))
    rows = [_in_minor(row) for row in in_money(history(DAYS), told)]
    step = Decimal(1).scaleb(-exponent_of(own))
    amount = Decimal(int(3 * share / units[own] / Fraction(step))) * step
    allocator = Exchanging()
    allocator.rates(*rates)
    allocator.rows(rows[:-1])
    budget = Budget(amount=amount, period=BudgetPeriod.DAY)
    allocator.group(currency=own, budget=budget, max_change_pct=change, learning_share=learning)
    allocator.rows(rows[-1:])
    advice = allocator.advice
    assert len(advice) == 3
    for each in advice:
        check_minor(has(each), each.currency or "", "budget")
        check_minor(each.change, each.currency or "", "change")
    in_own = {name: unit / units[own] for name, unit in units.items()}
    if any(each.kind is Kind.BUDGET for each in advice):
        assert worth(advice, in_own) <= Fraction(amount)
    for word in allocator.words:
        assert allocator.again(word) == word


def _rounded(factor: Fraction) -> Decimal:
    return Decimal(factor.numerator) / Decimal(factor.denominator)


def _in_minor(row: Any) -> Any:  # noqa: ANN401 -- a row
    step = Decimal(1).scaleb(-exponent_of(row.currency))
    money = {name: getattr(row, name).quantize(step) for name in ("budget", "spend", "revenue")}
    return replace(row, **money)


def test_what_is_kept_of_currencies_does_not_depend_on_the_order_of_days() -> None:
    rows = [
        a_row("a", 0),
        a_row("a", 1, currency="USD"),
        a_row("a", 1, closed_at=at(3)),
        a_row("a", 40, currency="USD"),
        a_row("a", 70),
    ]
    kept = set()
    for order in permutations(rows):
        value, past = b"", dict[str, bytes]()
        for row in order:
            value, past = taken(value, past, row)
        kept.add((value, tuple(sorted(past.items()))))
    assert len(kept) == 1


def test_a_group_inside_never_has_more_than_its_own_money_pays_for() -> None:
    world = Allocators()
    told = {"b": ("JPY", 163), "c": ("USD", Decimal("1.1"))}
    rates = a_rate("EUR", "USD", "1.1", DAYS), a_rate("EUR", "JPY", "163", DAYS)
    for rate in rates:
        world.send(topics.FX_RATES, rate.key, encode(rate), rate.as_of)
    yen = {"currency": "JPY", "budget": a_day(40_001)}
    tree = the_tree(google=yen)
    for group in tree[1:]:
        world.group(group)
    rows = [_in_minor(row) for row in in_money(tree_days(DAYS), told)]
    world.rows(rows[:-1])
    world.group(tree[0])
    world.rows(rows[-1:])
    by_name = {each.campaign_id: each for each in world.advice}
    euros = {"EUR": Fraction(1), "USD": Fraction(10, 11), "JPY": Fraction(1, 163)}
    assert worth(by_name.values(), euros) <= 500
    inside = worth([by_name[name] for name in "bcd"], euros) * 163
    assert 39_000 <= inside <= 40_001
    for value in world.published(topics.RECOMMENDATIONS):
        root = partition_of(tree[0].key, world.partitions)
        log = [each for each in world.logs[root] if "fx_rates" not in each.topic]
        advice = decode(value, Recommendation)
        again = recomputed(world.each[0].policy, advice, log, (root, world.partitions))
        assert again == value


def test_amounts_that_cannot_be_summed_move_nobody() -> None:
    rate = a_rate("USD", "EUR", "999999999", DAYS)
    rows = history(DAYS)
    allocator = Exchanging()
    allocator.rates(rate)
    huge = {"budget": Decimal(10**11), "spend": Decimal(10**11), "currency": "USD"}
    allocator.rows([*rows[:-1], a_row("x", DAYS - 1, **huge)])
    allocator.group()
    allocator.rows(rows[-1:])
    assert {codes(each)[0] for each in allocator.advice} == {"amounts_too_large"}
    for word in allocator.words:
        assert allocator.again(word) == word
