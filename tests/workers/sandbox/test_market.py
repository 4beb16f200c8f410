"""A market behind the platforms on loopback: what it spends, and what their reports say of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from tests.faults.closed_loop.script import world_on_platforms
from workers.connectors.protocol import Lever
from workers.sandbox.market import MarketBehind
from workers.sandbox.portfolio import portfolio_of
from workers.sandbox.serving import Sandbox
from workers.simulator.market import UNITS

SUNDAY = datetime(2026, 3, 1, tzinfo=UTC)
MOST = {"google": Decimal(2), "meta": Decimal("1.75"), "linkedin": Decimal("1.5")}
WORLD = world_on_platforms(10, seed=5, auctions_per_day=3_000.0)


def market(share: Decimal = Decimal(1), *, generous: float = 0.0) -> MarketBehind:
    """Return one whose campaigns have so much of their usual budgets."""
    sandbox = Sandbox(portfolio_of(WORLD), now=lambda: SUNDAY)
    found = MarketBehind(sandbox=sandbox, world=WORLD, now=SUNDAY, generous=generous)
    for row in range(len(sandbox.portfolio)):
        put(found, row, share)
    return found


def put(found: MarketBehind, row: int, share: Decimal) -> None:
    placed = found.sandbox.portfolio[row]
    (ref, usual), _ = placed.values
    value = max(usual * share // placed.step * placed.step, placed.step)
    found.sandbox.platforms[placed.key.platform].edit(ref, value)


def budget(found: MarketBehind, row: int) -> Decimal:
    placed = found.sandbox.portfolio[row]
    value = found.sandbox.value(placed.key.platform, next(placed.values)[0])
    assert value is not None
    return value


def spent(found: MarketBehind, row: int) -> dict[date, Decimal]:
    return {day: Decimal(units) / UNITS for (one, day), units in found.spent.items() if one == row}


def test_an_ordinary_day_costs_no_more_than_its_budget_and_all_of_it_where_there_is_demand() -> (
    None
):
    found = market(Decimal("0.3"))
    found.play(SUNDAY + timedelta(hours=72))

    for row in range(len(found.sandbox.portfolio)):
        days = spent(found, row)
        assert max(days.values()) <= budget(found, row)
        whole = sorted(days)[1]
        assert days[whole] > budget(found, row) * Decimal("0.95")


def test_a_generous_day_goes_as_far_as_the_platform_and_a_week_on_meta_as_seven_budgets() -> None:
    found = market(Decimal("0.2"), generous=1.0)
    found.play(SUNDAY + timedelta(days=7))

    for row, placed in enumerate(found.sandbox.portfolio):
        days, most = spent(found, row), MOST[placed.key.platform] * budget(found, row)
        assert most * Decimal("0.95") < max(days.values()) <= most
        if placed.key.platform == "meta":
            week = [SUNDAY.date() + timedelta(days=number) for number in range(7)]
            assert sum(days.get(day, Decimal(0)) for day in week) <= 7 * budget(found, row)


def test_a_budget_that_is_lowered_holds_at_once_and_google_goes_by_the_highest_of_the_day() -> None:
    lowered, generous = market(), market(generous=1.0)
    noon = SUNDAY + timedelta(hours=12)
    for found in (lowered, generous):
        found.play(noon)
    before = [spent(lowered, row) for row in range(len(lowered.sandbox.portfolio))]
    for found in (lowered, generous):
        for row in range(len(found.sandbox.portfolio)):
            put(found, row, Decimal("0.01"))
        found.play(noon + timedelta(hours=6))

    rows = enumerate(lowered.sandbox.portfolio)
    for row, days in enumerate(before):
        day = max(days)
        assert spent(lowered, row)[day] <= max(days[day], budget(lowered, row))
    google = [row for row, placed in rows if placed.key.platform == "google"]
    assert any(max(spent(generous, row).values()) > 2 * budget(generous, row) for row in google)


@pytest.mark.parametrize("lever", [Lever.STATUS, Lever.BID])
def test_who_is_paused_or_bids_nothing_to_speak_of_spends_nothing(lever: Lever) -> None:
    found = market()
    for placed in found.sandbox.portfolio:
        (of_campaign, _), (ref, _) = placed.values
        where = replace(of_campaign, lever=lever) if lever is Lever.STATUS else ref
        value = Decimal(0) if lever is Lever.STATUS else placed.step
        found.sandbox.platforms[placed.key.platform].edit(where, value)
    found.play(SUNDAY + timedelta(hours=12))
    costs = {row: sum(spent(found, row).values()) for row in range(len(found.sandbox.portfolio))}

    offered: dict[int, int] = defaultdict(int)
    for (row, _), units in found.offered.items():
        offered[row] += units
    assert all(costs[row] * UNITS < offered[row] / 50 for row in costs)


def test_reports_say_what_was_spent_and_restate_conversions_until_all_have_come() -> None:
    found, told = market(), []
    for hours in (24, 96, 97):
        found.play(SUNDAY + timedelta(hours=hours))
        first = [
            count
            for (_, label), count in found.telling.reported.items()
            if label.day < SUNDAY.date()
        ]
        told.append(sum(count.conversions for count in first))
    days: dict[tuple[int, date], Decimal] = defaultdict(Decimal)
    for (row, label), count in found.telling.reported.items():
        days[row, label.day] += count.spend

    assert {place: cost for place, cost in days.items() if cost} == {
        place: Decimal(units) / UNITS for place, units in found.spent.items() if units
    }
    assert told[0] < told[1] == told[2]
