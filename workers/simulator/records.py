"""The simulated world in the project's records: metrics, plans, ticks, and what is in force."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

from schemas import (
    AuditEntry,
    Autonomy,
    Breakdown,
    Budget,
    BudgetPeriod,
    CampaignKey,
    ConversionTimeBasis,
    Guardrails,
    MetricsEvent,
    Plan,
    Strategy,
    Tick,
)
from schemas.audit import IN_FORCE
from schemas.levers import BID_MULTIPLIER, HOURLY_BUDGET
from workers.simulator.clearing import Policy
from workers.simulator.market import UNITS
from workers.simulator.population import Campaign
from workers.simulator.reports import Report
from workers.simulator.shapes import Integers

SOURCE = "simulator"

TELLING_TAKES = timedelta(minutes=2)
"""How long after the beginning of an hour its reports are published."""

NOTICED_AFTER = timedelta(minutes=10)
"""How long after reports are published those that are missing are noticed."""


def start_of(hour: int) -> datetime:
    """Return the UTC time ``hour`` hours after 1970."""
    return datetime.fromtimestamp(hour * 3600, UTC)


def told_at(due: int) -> datetime:
    """Return when the reports that are due in hour ``due`` are published."""
    return start_of(due) + TELLING_TAKES


def metrics_event(
    campaign: Campaign, report: Report, breakdown: Sequence[Breakdown] = ()
) -> MetricsEvent:
    """Return a report, and how it is split, as the event that a collector would publish."""
    platform, account_id, campaign_id = campaign.key
    return MetricsEvent(
        platform=platform,
        account_id=account_id,
        campaign_id=campaign_id,
        window_start=start_of(report.hour),
        impressions=report.impressions,
        clicks=report.clicks,
        spend=amount(report.spend),
        conversions=Decimal(report.conversions),
        revenue=amount(report.revenue),
        currency=campaign.currency,
        account_timezone=campaign.timezone,
        sequence_number=report.revision,
        is_final=report.is_final,
        source=SOURCE,
        conversion_time_basis=ConversionTimeBasis.CLICK,
        breakdown=tuple(breakdown),
    )


def plan(campaign: Campaign, strategy: Strategy) -> Plan:
    """Return the campaign's plan: its day budget, to be spent without asking anyone."""
    platform, account_id, campaign_id = campaign.key
    return Plan(
        platform=platform,
        account_id=account_id,
        campaign_id=campaign_id,
        version=1,
        currency=campaign.currency,
        timezone=campaign.timezone,
        budget=Budget(amount=campaign.day_budget, period=BudgetPeriod.DAY),
        strategy=strategy,
        autonomy=Autonomy.AUTO,
        min_confidence=0.0,
        # From a quiet night to a busy noon a good hour's budget grows tenfold.
        guardrails=Guardrails(max_change_pct=1000.0, max_changes_per_day=100),
    )


def ticks(time: datetime, partitions: int) -> Iterator[Tick]:
    """Yield the simulated time, once for each partition."""
    return (Tick(partition=partition, time=time) for partition in range(partitions))


def amount(units: int) -> Decimal:
    """Return units of simulated money as an amount of currency, with four decimals."""
    return Decimal(units).scaleb(-4)


class InForce:
    """The hourly budget and the bid multiplier of each campaign, as the audit trail tells them.

    Until the trail says something about a campaign, its day budget is spread evenly, and it bids
    what a click is worth to it.
    """

    def __init__(self, campaigns: Sequence[Campaign]) -> None:
        self._rows = {campaign.key: row for row, campaign in enumerate(campaigns)}
        self._budget = even_budgets(campaigns)
        self._multiplier = np.ones(len(campaigns))
        self._heard_of: set[int] = set()

    @property
    def heard_of(self) -> int:
        """Campaigns that the trail has said something about."""
        return len(self._heard_of)

    def hear(self, entries: Iterable[AuditEntry]) -> None:
        """Take what ``entries`` put in force, in their order; others are passed over."""
        for entry in entries:
            key = CampaignKey(entry.platform, entry.account_id, entry.campaign_id)
            row = self._rows.get(key)
            if row is not None and entry.status in IN_FORCE and entry.after is not None:
                self._take(row, entry, entry.after)

    def _take(self, row: int, entry: AuditEntry, after: Decimal) -> None:
        budget = entry.hourly_cap if entry.field == BID_MULTIPLIER else after
        if entry.field == BID_MULTIPLIER:
            self._multiplier[row] = float(after)
        elif entry.field != HOURLY_BUDGET:
            return
        if budget is not None:
            self._budget[row] = int(budget * UNITS)
        self._heard_of.add(row)

    def budgets(self) -> Integers:
        """Return the hourly budgets now, shape (B,), ten-thousandths of the currency."""
        return self._budget.copy()

    def policy(self) -> Policy:
        """Return what the campaigns do in an hour under what is in force."""
        ones = np.ones(len(self._budget))
        return Policy(budget=self.budgets(), multiplier=self._multiplier.copy(), participation=ones)


def even_budgets(campaigns: Sequence[Campaign]) -> Integers:
    """Return a 24th of each day budget, rounded down to ten-thousandths of the currency."""
    return np.array([int(campaign.day_budget * UNITS) // 24 for campaign in campaigns], np.int64)
