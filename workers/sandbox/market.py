"""A market behind the platforms on loopback: it spends under what stands there, as they would.

Each part of an hour it reads budgets, bids, targets and status, and lets the auctions of that part
happen. A platform spends a day's budget as demand comes, and on generous days goes as far beyond it
as its rules allow. What came of each hour is told in the platform's reports, and told anew when
conversions come.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

import numpy as np

from workers.connectors.protocol import Lever
from workers.sandbox.budget_rules import TERMS, Books
from workers.sandbox.portfolio import PlacedCampaign
from workers.sandbox.serving import Sandbox
from workers.sandbox.telling import Count, Telling, label_of
from workers.simulator.clearing import AGES, UNCAPPED, Outcome, Policy, clear
from workers.simulator.market import UNITS, Auctions, draw, generator
from workers.simulator.population import World
from workers.simulator.shapes import Floats, Integers

PARTS: Final = 4
"""Of an hour: what is set counts from the next one on."""
PART: Final = timedelta(hours=1) / PARTS
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR: Final = timedelta(hours=1)
_NOBODYS: Final = 2.0
"""The lot of auctions that nobody takes part in."""


@dataclass(slots=True, kw_only=True)
class MarketBehind:
    """Delivers the campaigns of a sandbox.

    Parameters
    ----------
    sandbox
        Whose portfolio is, row by row, that of the world; on Google Ads, Meta and LinkedIn alone.
    now
        From when on they deliver: the beginning of an hour.
    generous
        Share of the days on which a platform goes beyond the budget where there is demand.
    """

    sandbox: Sandbox
    world: World
    now: datetime
    generous: float = 0.25
    spent: dict[tuple[int, date], int] = field(default_factory=dict)
    """By row and the account's day; units as in `workers.simulator.market`."""
    offered: dict[tuple[int, date], int] = field(default_factory=dict)
    """What the day would have cost under the usual bids, had there been no budget."""
    participation: Floats = field(init=False)
    """By row, in which share of auctions they are let take part; in all at first."""
    telling: Telling = field(init=False)
    _books: list[Books] = field(init=False)
    _hours: dict[int, Outcome] = field(init=False, default_factory=dict)
    """What came of each hour of which there is still something to be told."""
    _drawn: tuple[int, Auctions] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.participation = np.ones(len(self.world.campaigns))
        self.telling = Telling(self.sandbox)
        self._books = [Books() for _ in self.world.campaigns]

    def play(self, until: datetime) -> None:
        """Let each part of an hour happen that is over by then, and be told."""
        while self.now + PART <= until:
            hour = self._hour()
            self._deliver(hour)
            self.now += PART
            self._tell(hour, 0)
            for earlier, age in self._restated():
                self._tell(earlier, AGES.index(age))
                if age == AGES[-1]:
                    del self._hours[earlier]

    def is_generous(self, row: int, day: date) -> bool:
        """Return whether the platform goes beyond a campaign's budget on a day."""
        key = ":".join(self.sandbox.portfolio[row].key)
        chance = generator(self.world.market.seed, "generous", key, day)
        return bool(chance.random() < self.generous)

    def _hour(self) -> int:
        return (self.now - _EPOCH) // _HOUR

    def _deliver(self, hour: int) -> None:
        days = [label_of(each, self.now).day for each in self.sandbox.portfolio]
        rooms = np.array(list(self._rooms(days)), np.int64)
        policy = Policy(
            budget=rooms, multiplier=self._multipliers(), participation=self.participation
        )
        auctions = self._auctions(hour)
        outcome = clear(auctions, policy)
        unbound = clear(auctions, Policy.capped(np.full(len(rooms), UNCAPPED)))
        for row, day in enumerate(days):
            spend = int(outcome.spend[row])
            self._books[row].pay(spend)
            self.spent[row, day] = self.spent.get((row, day), 0) + spend
            self.offered[row, day] = self.offered.get((row, day), 0) + int(unbound.spend[row])
        known = self._hours.get(hour)
        self._hours[hour] = outcome if known is None else _together(known, outcome)

    def _auctions(self, hour: int) -> Auctions:
        """Return the auctions of an hour, of which those of the part that begins now can be won."""
        if self._drawn is None or self._drawn[0] != hour:
            self._drawn = hour, draw(self.world.market, hour)
        auctions, part = self._drawn[1], (self.now - _EPOCH) % _HOUR // PART
        return replace(auctions, lot=np.where(_parts(auctions) == part, auctions.lot, _NOBODYS))

    def _rooms(self, days: list[date]) -> Iterator[int]:
        """Yield what each platform lets a campaign spend now."""
        for row, (placed, books) in enumerate(
            zip(self.sandbox.portfolio, self._books, strict=True)
        ):
            (ref, _), _ = placed.values
            budget = self.sandbox.value(placed.key.platform, ref) or Decimal(0)
            books.turn(days[row], int(budget * UNITS))
            generous = self.is_generous(row, days[row])
            yield books.room(TERMS[placed.key.platform], generous=generous)

    def _multipliers(self) -> Floats:
        return np.array([self._multiplier(each) for each in self.sandbox.portfolio])

    def _multiplier(self, placed: PlacedCampaign) -> float:
        """Return the bid or target over the first one; 0 where the campaign is paused."""
        platform, ((budget, _), (ref, usual)) = placed.key.platform, placed.values
        of_campaign, of_bid = (replace(each, lever=Lever.STATUS) for each in (budget, ref))
        if not all(self.sandbox.value(platform, each) for each in (of_campaign, of_bid)):
            return 0.0
        return float((self.sandbox.value(platform, ref) or Decimal(0)) / usual)

    def _restated(self) -> list[tuple[int, int]]:
        """Return the hours that come to another of the ages at which conversions are counted."""
        over, rest = divmod(self.now - _EPOCH, _HOUR)
        aged = [(hour, over - hour - 1) for hour in self._hours]
        return [] if rest else [(hour, age) for hour, age in aged if age in AGES[1:]]

    def _tell(self, hour: int, age: int) -> None:
        for row in range(len(self._books)):
            self.telling.tell(row, hour, Count.of(self._hours[hour], row, age), self.now)


def _parts(auctions: Auctions) -> Integers:
    """Return in which part of the hour each auction (N,) comes up; each has as many."""
    counts = np.diff(auctions.ends, prepend=0)
    begins = (auctions.ends - counts)[auctions.owner]
    places = np.arange(len(auctions.owner)) - begins
    return np.asarray(places * PARTS // counts[auctions.owner])


def _together(first: Outcome, second: Outcome) -> Outcome:
    sums = {
        each.name: getattr(first, each.name) + getattr(second, each.name)
        for each in fields(Outcome)
    }
    return Outcome(**sums)
