"""What campaigns spent and won in a stretch of time, and how that stands to their budgets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from schemas import CampaignKey
from workers.report.delivered import HOUR, Hours
from workers.report.periods import Period, Terms

Allowance = Callable[[CampaignKey, Period], float | None]
"""What a campaign could spend in a period, in its currency; None where nobody has said it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums over campaigns of one currency, or over periods of such; money in that currency."""

    campaigns: int = 0
    spend: float = 0.0
    revenue: float = 0.0
    conversions: float = 0.0
    periods: int = 0
    """Campaign-periods that ended in the stretch, and whose hours are known from the first on."""
    budget: float = 0.0
    """Of these."""
    spent: float = 0.0
    """In these."""
    overspend: float = 0.0
    """Sum over these, and over what is still running, of the spend above the budget."""
    errors: float = 0.0
    """Sum over the ended periods of |spend - budget| / budget."""

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            campaigns=self.campaigns + other.campaigns,
            spend=self.spend + other.spend,
            revenue=self.revenue + other.revenue,
            conversions=self.conversions + other.conversions,
            periods=self.periods + other.periods,
            budget=self.budget + other.budget,
            spent=self.spent + other.spent,
            overspend=self.overspend + other.overspend,
            errors=self.errors + other.errors,
        )

    @property
    def use(self) -> float | None:
        """Share of the budgets that the ended periods spent; None where none has ended."""
        return self.spent / self.budget if self.budget else None

    @property
    def error(self) -> float | None:
        """Mean distance of an ended period's spend from its budget, as a share of it."""
        return self.errors / self.periods if self.periods else None

    @property
    def cpa(self) -> float | None:
        """Spend per conversion; None without conversions."""
        return self.spend / self.conversions if self.conversions > 0 else None

    @property
    def roas(self) -> float | None:
        """Revenue per unit of spend; None without spend."""
        return self.revenue / self.spend if self.spend > 0 else None


class Account(NamedTuple):
    """Whose totals they are: amounts of different currencies are never added."""

    platform: str
    account_id: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What a report is about: from ``start`` to ``end``, seconds since 1970, the end excluded."""

    start: int
    end: int

    def __contains__(self, second: int) -> bool:
        return self.start <= second < self.end


Campaigns = Mapping[CampaignKey, tuple[Terms, Hours]]
"""What campaigns' money is for, and what they delivered."""


def totals_by_account(
    campaigns: Campaigns, allowance: Allowance, stretch: Stretch
) -> dict[Account, Totals]:
    """Return the totals of each account, in the order of ``campaigns``."""
    found: dict[Account, Totals] = {}
    for key, (terms, hours) in campaigns.items():
        account = Account(key.platform, key.account_id, terms.currency)
        own = _totals(hours, terms, partial(allowance, key), stretch)
        found[account] = found.get(account, Totals()) + own
    return found


def by_currency(accounts: Mapping[Account, Totals]) -> dict[str, Totals]:
    """Return the totals of each currency, the one of most campaigns first."""
    found: dict[str, Totals] = {}
    for account, totals in accounts.items():
        found[account.currency] = found.get(account.currency, Totals()) + totals
    return dict(sorted(found.items(), key=lambda item: -item[1].campaigns))


def mean_use(totals: Iterable[Totals]) -> float | None:
    """Return the share of budgets that was spent: of each group, weighed by its periods."""
    known = [(each.use, each.periods) for each in totals if each.use is not None]
    count = sum(periods for _, periods in known)
    return sum(use * periods for use, periods in known) / count if count else None


def spent_in(hours: Hours, period: Period) -> float:
    """Return what a campaign spent in a period, as far as it is known."""
    return float(hours.between(period.start, period.end).spend.sum())


def is_known(hours: Hours, period: Period) -> bool:
    """Return whether a campaign's hours reach from the period's first hour to its end."""
    if not len(hours.starts):
        return False
    first, last = int(hours.starts[0]), int(hours.starts[-1])
    return first <= period.start and last + HOUR >= period.end


def _totals(
    hours: Hours,
    terms: Terms,
    allowance: Callable[[Period], float | None],
    stretch: Stretch,
) -> Totals:
    inside = hours.between(stretch.start, stretch.end)
    totals = Totals(
        campaigns=1,
        spend=float(inside.spend.sum()),
        revenue=float(inside.revenue.sum()),
        conversions=float(inside.conversions.sum()),
    )
    for period in terms.periods(stretch.start, stretch.end):
        budget = allowance(period)
        if budget is not None and budget > 0.0:
            totals += _of_period(hours, period, budget, stretch)
    return totals


def _of_period(hours: Hours, period: Period, budget: float, stretch: Stretch) -> Totals:
    known = Period(start=period.start, end=min(period.end, stretch.end))
    spent = spent_in(hours, known)
    over = max(spent - budget, 0.0)
    if period.end > stretch.end or not is_known(hours, period):
        return Totals(overspend=over)
    error = abs(spent - budget) / budget
    return Totals(periods=1, budget=budget, spent=spent, overspend=over, errors=error)
