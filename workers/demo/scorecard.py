"""Keeps the score of a live run against the same market under even hourly budgets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import numpy as np

from schemas.zones import zone
from workers.simulator.clearing import Outcome
from workers.simulator.population import Campaign
from workers.simulator.records import amount, start_of
from workers.simulator.shapes import Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One account's score; money in its currency."""

    platform: str
    account_id: str
    currency: str
    timezone: str
    campaigns: int
    days: int
    """Campaign-days that ended during the live run."""
    budget: Decimal
    """Of these days."""
    spend: Decimal
    spend_even: Decimal
    pacing_error: float
    """Mean over the campaign-days of |spend - budget| / budget; 0 when no day has ended."""
    pacing_error_even: float
    conversions: int
    """Of all live hours, those that are yet to be reported included."""
    conversions_even: int


@dataclass(slots=True)
class _Day:
    spend: int = 0
    spend_even: int = 0


@dataclass(slots=True)
class Scorecard:
    """Adds up hours as they are played.

    Parameters
    ----------
    campaigns
        All campaigns, in the market's order.
    live_from
        The first live hour, in hours since 1970; those before it are history.
    """

    campaigns: Sequence[Campaign]
    live_from: int
    conversions: Integers = field(init=False)
    conversions_even: Integers = field(init=False)
    _days: dict[tuple[int, date], _Day] = field(init=False, default_factory=dict)
    _begun: int | None = field(init=False, default=None)
    _ended: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.conversions = np.zeros(len(self.campaigns), np.int64)
        self.conversions_even = self.conversions.copy()

    def add(self, hour: int, live: Outcome, even: Outcome) -> None:
        """Add what ``hour`` brought; hours come in order, without gaps."""
        self._begun = hour if self._begun is None else self._begun
        self._ended = hour + 1
        for row, campaign in enumerate(self.campaigns):
            day = self._days.setdefault((row, local_day(hour, campaign.timezone)), _Day())
            day.spend += int(live.spend[row])
            day.spend_even += int(even.spend[row])
        if hour >= self.live_from:
            self.conversions += live.conversions[:, -1]
            self.conversions_even += even.conversions[:, -1]

    def spent_today(self, row: int) -> Decimal:
        """Return what a campaign has spent on the local day of the last hour played."""
        today = local_day(self._ended - 1, self.campaigns[row].timezone)
        day = self._days.get((row, today))
        return amount(day.spend) if day else Decimal(0)

    def rows(self) -> list[Row]:
        """Return the score of each account, in the order in which accounts first appear."""
        accounts: dict[tuple[str, str], list[int]] = {}
        for row, campaign in enumerate(self.campaigns):
            accounts.setdefault(campaign.key[:2], []).append(row)
        return [self._account(members) for members in accounts.values()]

    def _account(self, members: list[int]) -> Row:
        first = self.campaigns[members[0]]
        days = [(row, day) for row in members for day in self._closed(row)]
        budgets = [self.campaigns[row].day_budget for row, _ in days]
        spends = [amount(day.spend) for _, day in days]
        evens = [amount(day.spend_even) for _, day in days]
        return Row(
            platform=first.key.platform,
            account_id=first.key.account_id,
            currency=first.currency,
            timezone=first.timezone,
            campaigns=len(members),
            days=len(days),
            budget=sum(budgets, Decimal(0)),
            spend=sum(spends, Decimal(0)),
            spend_even=sum(evens, Decimal(0)),
            pacing_error=_mean_error(spends, budgets),
            pacing_error_even=_mean_error(evens, budgets),
            conversions=int(self.conversions[members].sum()),
            conversions_even=int(self.conversions_even[members].sum()),
        )

    def _closed(self, row: int) -> Iterator[_Day]:
        """Yield the local days of a campaign that were played whole and ended while live."""
        timezone = self.campaigns[row].timezone
        begun = self._begun or 0
        for (owner, day), totals in self._days.items():
            whole = local_day(begun - 1, timezone) < day < local_day(self._ended, timezone)
            if owner == row and whole and day >= local_day(self.live_from, timezone):
                yield totals


def local_day(hour: int, timezone: str) -> date:
    """Return the local day in which the hour ``hour`` hours after 1970 begins."""
    return start_of(hour).astimezone(zone(timezone)).date()


def _mean_error(spends: Sequence[Decimal], budgets: Sequence[Decimal]) -> float:
    if not budgets:
        return 0.0
    errors = [abs(s - b) / b for s, b in zip(spends, budgets, strict=True)]
    return float(sum(errors, Decimal(0)) / len(errors))
