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

from schemas import Budget, HoldReason, Kind, Objective, Recommendation, decode, encode, topics
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
    inner,
    the_tree,
    tree_days,
)
from workers.allocator.past import taken
from workers.allocator.reckoning import RATES_USED
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


def run_of_days(
    rates: list[str],
    amount: int,
    told: dict[str, tuple[str, Any]],
    **fields: Any,  # noqa: ANN401
) -> tuple[Exchanging, list[dict[str, Decimal]]]:
    """Live days in which all is spent that may be, with a rate told before each; what was spent."""
    allocator = Exchanging()
    before = 14
    allocator.rows(in_money(history(before - 1), told))
    budget = Budget(amount=Decimal(amount), period=BudgetPeriod.WEEK)
    given_: dict[str, Any] = {"budget": budget, "max_change_pct": 50}
    allocator.group(**(given_ | fields))
    budgets = {name: Decimal(100) * told.get(name, ("", 1))[1] for name in LEVELS}
    spent = []
    for day, rate in enumerate(rates, before - 1):
        allocator.rates(a_rate("EUR", "USD", rate, day + 1, confirmed_by="maria"))
        rows = in_money([row for row in history(day + 1) if row.last_day == at(day).date()], told)
        for row in rows:
            has_ = budgets[row.campaign_id]
            allocator.rows([_with(row, has_)])
        spent.append(dict(budgets))
        budgets = {each.campaign_id: has(each) for each in allocator.advice[-3:]}
    return allocator, spent


def _with(row: Any, budget: Decimal) -> Any:  # noqa: ANN401 -- a row
    return replace(row, budget=budget, spend=budget)


@settings(deadline=None, max_examples=15)
@given(
    rates=st.lists(st.integers(3, 60), min_size=8, max_size=8),
    amount=st.integers(700, 2_600),
)
def test_no_rate_that_is_told_within_a_period_lets_it_spend_more(
    rates: list[int], amount: int
) -> None:
    texts = [str(Decimal(each) / 10) for each in rates]
    allocator, spent = run_of_days(texts, amount, HALF)
    # The week begins after the first of these days, at the rate that is known by then.
    week = {name: sum(day[name] for day in spent[1:8]) for name in LEVELS}
    sum_ = Fraction(week["a"]) + Fraction(week["c"]) + Fraction(week["b"]) / Fraction(texts[0])
    assert sum_ <= amount
    for word in allocator.words[-9:]:
        assert allocator.again(word) == word


def test_the_next_period_begins_with_the_rate_of_then() -> None:
    allocator, _ = run_of_days(["2"] * 7 + ["2.2"], 2_000, HALF)
    said = [next(r for r in each.reasons if r.code == RATES_USED).text for each in allocator.advice]
    assert ["at 2 USD for 1 EUR" in text for text in said[-6:]] == [True] * 3 + [False] * 3
    assert all("at 2.2 USD for 1 EUR" in text for text in said[-3:])


def test_a_week_that_two_sets_share_counts_each_day_at_its_own() -> None:
    allocator, told = Exchanging(), {"b": ("USD", 2)}
    where = {"a": "spring", "b": "inside", "c": "inside"}
    budgets = {"a": Decimal(100), "b": Decimal(100), "c": Decimal(50)}
    rows = [replace(row, budget_group_id=where[row.campaign_id]) for row in history(36)]
    rows = in_money(rows, told)
    allocator.rows(row for row in rows if row.last_day < at(27).date())
    allocator.rates(a_rate("EUR", "USD", "2", 27.5))
    month, week = (
        Budget(amount=Decimal(amount), period=period)
        for amount, period in ((60_000, BudgetPeriod.MONTH), (1_000, BudgetPeriod.WEEK))
    )
    allocator.group(inner("inside", "spring", budget=week, max_change_pct=100))
    allocator.group(budget=month, max_change_pct=100)
    spent: list[dict[str, Decimal]] = []
    for day in range(27, 35):
        if day == 29:
            # April begins on the Wednesday of the week, and a dollar is worth a quarter of before.
            allocator.rates(a_rate("EUR", "USD", "8", 29.9, confirmed_by="maria"))
        for row in rows:
            if row.last_day == at(day).date():
                allocator.rows([_with(row, budgets[row.campaign_id])])
        spent.append(dict(budgets))
        budgets = {each.campaign_id: has(each) for each in allocator.advice[-3:]}
    sum_ = sum(day["c"] + day["b"] / (2 if i < 2 else 8) for i, day in enumerate(spent[1:]))
    assert 999 <= sum_ <= 1_000
    for word in allocator.words:
        assert allocator.again(word) == word


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


def test_a_flight_in_two_currencies_is_spent_to_its_last_cent_and_no_further() -> None:
    fields = {
        "budget": Budget(amount=Decimal(1_600), period=BudgetPeriod.FLIGHT),
        "flight_start": at(14).date(),
        "flight_end": at(18).date(),
    }
    rates = ["2", "2.5", "1.7", "3", "1.2", "9", "2"]
    allocator, spent = run_of_days(rates, 1, HALF, **fields)
    flight = {name: sum(day[name] for day in spent[1:6]) for name in LEVELS}
    sum_ = Fraction(flight["a"] + flight["c"]) + Fraction(flight["b"]) / 2
    assert 1_600 - Fraction(1, 10) <= sum_ <= 1_600
    assert [has(each) for each in allocator.advice[-3:]] == [0] * 3
    for word in allocator.words:
        assert allocator.again(word) == word


def test_a_set_of_rates_that_is_older_than_a_week_is_told_as_the_risk_that_it_is() -> None:
    fields = {
        "budget": Budget(amount=Decimal(3_000), period=BudgetPeriod.FLIGHT),
        "flight_start": at(14).date(),
        "flight_end": at(24).date(),
    }
    allocator, _ = run_of_days(["2"] * 11, 1, HALF, **fields)
    told: dict[int, set[bool]] = {}
    for advice in allocator.advice:
        day = (advice.decided_at - at(14, 0)).days
        texts = [each.text for each in advice.reasons if each.code == RATES_USED]
        told.setdefault(day, set()).update(f"That was {day} days ago" in each for each in texts)
    assert {day for day, said in told.items() if said == {True}} == {8, 9, 10}
    assert {day for day, said in told.items() if said == {False}} == set(range(8))


def test_what_a_member_spent_in_another_currency_stays_spent() -> None:
    month = Budget(amount=Decimal(9_300), period=BudgetPeriod.MONTH)
    rate = a_rate("EUR", "USD", "2", DAYS)
    stayed = mixed(rate, budget=month)
    rows = history(DAYS)
    moved = Exchanging()
    # The same money, in euros first; the last ten days are told in dollars.
    early, late = ([r for r in rows if (r.last_day < at(10).date()) is so] for so in (True, False))
    rows = [*early, *in_money(late, HALF)]
    moved.rows(rows[:-1])
    moved.rates(rate)
    moved.group(budget=month)
    moved.rows(rows[-1:])
    spent = {each.reasons[0].evidence.get("period_spent") for each in moved.advice}
    assert spent - {None} == {
        each.reasons[0].evidence.get("period_spent") for each in stayed.advice
    } - {None}
    for word in moved.words:
        assert moved.again(word) == word


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
