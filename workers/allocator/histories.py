"""The closed days that a group's members have behind them, for the partition that it comes under.

A group that is put into another has days that nobody handed up: they are told again, from what is
kept of them, so that its members' budgets are known there at once and curves have days to go by.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from engine.arrays import Rows
from engine.plans import UNLIMITED
from schemas import Group, Portfolio, encode, parse_campaign_key
from schemas.money import exponent_of, from_minor
from schemas.topics import PORTFOLIO
from workers.allocator.crews import read_lives
from workers.allocator.draft import Draft
from workers.allocator.handing import anew
from workers.allocator.member_rows import hours_of
from workers.allocator.rosters import roster_of
from workers.delivery.api import Output, Record
from workers.instants import date_of, from_seconds

MOST_ROWS: Final = 50_000
"""Days that are told again at one time; of a group that has more each member's newest one only."""

_DIGITS: Final = 12


def history(draft: Draft, group: Group, record: Record, target: int) -> Iterator[Output]:
    """Yield the days of a group's members as rows for another partition.

    ``record`` is what led to it: of a group that came under another.
    """
    found = [
        (each, *life)
        for each in _members(draft, group)
        for life in read_lives(draft, group.key, each)
    ]
    many = sum(len(days) for _, _, days in found) > MOST_ROWS
    for campaign, head, days in found:
        for at in range(len(days) - 1 if many else 0, len(days)):
            row = _row(group, campaign, head, days[at : at + 1])
            closed = int(row.closed_at.timestamp()) * 1_000
            told = anew(record, row.key, encode(row), target)
            # A day that ended after its group was told of is no day of the future.
            later = max(record.timestamp, closed)
            yield told._replace(topic=draft.policy.topic(PORTFOLIO), timestamp=later)


def _members(draft: Draft, group: Group) -> list[bytes]:
    return sorted(roster_of(draft, group.key).newest)


def _row(group: Group, campaign: bytes, head: Rows, day: Rows) -> Portfolio:
    platform, account, name = parse_campaign_key(campaign)
    currency, date = head["currency"][0].decode(), date_of(int(day["day"][0]))
    observed, capped = hours_of(float(day["seen"][0]))
    return Portfolio(
        budget_group_id=group.budget_group_id,
        platform=platform,
        account_id=account,
        campaign_id=name,
        first_day=date,
        last_day=date,
        timezone=group.timezone,
        currency=currency,
        plan_version=int(head["plan_version"][0]),
        spend=from_minor(int(day["spend"][0]), currency),
        revenue=_amount(float(day["revenue"][0]), currency),
        conversions=float(day["conversions"][0]),
        # What nobody who shares budgets out goes by is not kept.
        impressions=0,
        clicks=0,
        observed_hours=observed,
        capped_hours=capped,
        conversion_maturity=float(day["maturity"][0]),
        releasable=bool(head["releasable"][0]),
        budget_jitter=float(day["jitter"][0]),
        closed_at=from_seconds(int(day["told"][0])),
        **_budgets(head, currency),
    )


def _budgets(head: Rows, currency: str) -> dict[str, Any]:
    budget, least, most = (int(head[name][0]) for name in ("budget", "least", "most"))
    return {
        "budget": from_minor(budget, currency),
        "min_budget": from_minor(least, currency) if least else None,
        "max_budget": None if most >= UNLIMITED else from_minor(most, currency),
    }


def _amount(minor: float, currency: str) -> Decimal:
    return round(Decimal(repr(minor)).scaleb(-exponent_of(currency)), _DIGITS)
