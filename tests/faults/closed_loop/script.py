"""What the closed loop is played with: campaigns of three platforms, plans, faults, an edit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec
import numpy as np

from schemas import Bid, Budget, BudgetPeriod, Plan, Strategy
from schemas.money import exponent_of
from schemas.plan import Actuator, AdSet
from workers.sandbox.budget_rules import TERMS
from workers.sandbox.faults import Call, Fault, Planned
from workers.sandbox.market import MarketBehind
from workers.sandbox.portfolio import PlacedCampaign, numbered
from workers.sandbox.telling import label_of
from workers.simulator.market import UNITS
from workers.simulator.population import World, make_world
from workers.simulator.records import plan as usual_plan

PLATFORMS: Final = ("google", "meta", "linkedin")
TARGET, BIDS, DAY, MONTH, FLIGHT = "target", "bids", "day", "month", "flight"
"""How a campaign is planned: what is turned is a target, bids, or the budget of the day."""
_KINDS: Final = {
    "google": (FLIGHT, BIDS, DAY, MONTH),
    "meta": (DAY, BIDS, MONTH, FLIGHT),
    "linkedin": (DAY, BIDS, FLIGHT, MONTH),
}


def world_on_platforms(count: int, *, seed: int, auctions_per_day: float = 30_000.0) -> World:
    """Return the campaigns of a simulated world that are on platforms which report."""
    world = numbered(make_world(count, seed=seed, auctions_per_day=auctions_per_day))
    rows = [row for row, each in enumerate(world.campaigns) if each.key.platform in PLATFORMS]
    market = world.market
    columns: dict[str, Any] = {
        name: value[rows]
        for name in market.__dataclass_fields__
        if isinstance(value := getattr(market, name), np.ndarray)
    }
    keys = tuple(market.keys[row] for row in rows)
    zones = tuple(market.timezones[row] for row in rows)
    return World(
        campaigns=tuple(world.campaigns[row] for row in rows),
        market=replace(market, keys=keys, timezones=zones, **columns),
    )


def kinds_of(portfolio: tuple[PlacedCampaign, ...]) -> list[str]:
    """Return how each campaign is planned: each platform has several ways."""
    seen: Counter[str] = Counter()
    found = []
    for placed in portfolio:
        platform = placed.key.platform
        if placed.by_target:
            found.append(TARGET)
            continue
        found.append(_KINDS[platform][seen[platform] % len(_KINDS[platform])])
        seen[platform] += 1
    return found


def worst_day(placed: PlacedCampaign) -> Decimal:
    """Return what a platform makes of the daily budget at most; whole steps, rounded down."""
    step = Decimal(1).scaleb(-exponent_of(placed.currency))
    return placed.daily_budget * TERMS[placed.key.platform].day // step * step


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What is played, and how fast; hours of the clock are real ones of the simulated week."""

    world: World
    live_from: datetime
    live_hours: int
    history_hours: int = 7 * 24
    minutes: tuple[int, ...] = (2, 17, 32, 47)
    """Of each hour, at which the collector asks."""
    faults: tuple[tuple[int, str, Planned], ...] = ()
    """By live hour and platform."""
    edits: tuple[tuple[int, int, Decimal], ...] = ()
    """By live hour and row: by what share of it a person sets the daily budget."""

    def plans(self, market: MarketBehind) -> Iterator[Plan]:
        """Yield the plans by which the campaigns are handed over, automatic in full."""
        portfolio = market.sandbox.portfolio
        for row, kind in enumerate(kinds_of(portfolio)):
            placed = portfolio[row]
            own = usual_plan(self.world.campaigns[row], Strategy.ADAPTIVE)
            if placed.key.platform == "linkedin":
                own = msgspec.structs.replace(own, timezone="UTC")
            if kind in {BIDS, TARGET}:
                yield _by_bids(own, placed)
            else:
                yield self._by_budget(own, market, row, kind)

    def _by_budget(self, own: Plan, market: MarketBehind, row: int, kind: str) -> Plan:
        placed = market.sandbox.portfolio[row]
        first = label_of(placed, self.live_from).day
        last = label_of(placed, self.live_from + timedelta(hours=self.live_hours - 1)).day
        amount, period, flight = own.budget.amount, BudgetPeriod.DAY, {}
        if kind == FLIGHT:
            period, amount = BudgetPeriod.FLIGHT, amount * ((last - first).days + 1)
            flight = {"flight_start": first, "flight_end": last}
        if kind == MONTH:
            period, amount = BudgetPeriod.MONTH, self._month(market, row, first)
        return msgspec.structs.replace(
            own,
            budget=Budget(amount=amount, period=period),
            strategy=Strategy.CONVERSION_PATTERN if kind == DAY else Strategy.EVEN,
            actuator=Actuator.BUDGET,
            daily_cap=worst_day(placed),
            **flight,
        )

    def _month(self, market: MarketBehind, row: int, first: date) -> Decimal:
        """Return what is spent of the month, and for each day left of it the daily budget."""
        placed = market.sandbox.portfolio[row]
        following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
        spent = sum(
            amount
            for (owner, day), amount in market.spent.items()
            if owner == row and (day.year, day.month) == (first.year, first.month)
        )
        step = Decimal(1).scaleb(-exponent_of(placed.currency))
        whole = Decimal(spent) / UNITS + placed.daily_budget * (following - first).days
        return whole // step * step


def _by_bids(own: Plan, placed: PlacedCampaign) -> Plan:
    if placed.by_target:
        target = placed.target_cpa
        return msgspec.structs.replace(own, actuator=Actuator.TARGET_CPA, target_cpa=target)
    ad_sets = (AdSet(ad_set_id=placed.ad_set_id),) if placed.ad_set_id else ()
    return msgspec.structs.replace(own, bid=Bid(base=placed.bid), ad_sets=ad_sets)


def troubles(hours: int) -> tuple[tuple[int, str, Planned], ...]:
    """Return faults of each platform, spread over so many hours; more than once in long runs."""
    found = []
    for hour, platform, planned in _TROUBLES:
        found += [(at, platform, planned) for at in range(hour, hours, 30)]
    return tuple(found)


_TROUBLES: Final = (
    (1, "meta", Planned(fault=Fault.THROTTLED, seconds=1.0)),
    (2, "google", Planned(fault=Fault.HTML_502)),
    (3, "linkedin", Planned(fault=Fault.APPLIED_THEN_HANG)),
    (4, "linkedin", Planned(fault=Fault.TOKEN_EXPIRED, call=Call.READ)),
    (5, "meta", Planned(fault=Fault.APPLIED_THEN_HANG)),
    (6, "google", Planned(fault=Fault.THROTTLED, seconds=1.0)),
    (7, "google", Planned(fault=Fault.APPLIED_THEN_HANG)),
    (8, "meta", Planned(fault=Fault.HTML_502)),
    (9, "linkedin", Planned(fault=Fault.HTML_502)),
    (10, "meta", Planned(fault=Fault.TRUNCATED, call=Call.READ)),
    (11, "google", Planned(fault=Fault.HTML_502, call=Call.READ, times=2)),
    (12, "linkedin", Planned(fault=Fault.THROTTLED_WITHOUT_HINT)),
)


@dataclass(slots=True)
class Clock:
    """The time that everything lives in."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now
