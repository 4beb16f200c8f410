"""Rows of reports, as connectors give them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from workers.collector.hourly import Pulled
from workers.connectors.protocol import Account, Performance

AFTERWARDS = datetime(2027, 1, 1, tzinfo=UTC)


def account(timezone: str = "Europe/Zurich") -> Account:
    return Account(
        account_id="1",
        name="",
        currency="EUR",
        timezone=timezone,
        step=Decimal("0.01"),
        minimums={},
    )


def row(  # noqa: PLR0913 -- a row has as many
    day: date,
    hour: int | None,
    clicks: int,
    *,
    as_of: datetime = AFTERWARDS,
    campaign: str = "5",
    ad_set: str = "",
) -> Performance:
    return Performance(
        account_id="1",
        campaign_id=campaign,
        ad_set_id=ad_set,
        day=day,
        hour=hour,
        currency="EUR",
        impressions=clicks * 7,
        clicks=clicks,
        spend=Decimal(clicks) / 100,
        conversions=Decimal(clicks) / 8,
        revenue=Decimal(clicks) * 3,
        as_of=as_of,
    )


def pulled(
    rows: Sequence[Performance], *, timezone: str = "Europe/Zurich", days: tuple[date, date]
) -> Pulled:
    return Pulled(
        platform="meta",
        account=account(timezone),
        since=days[0],
        until=days[1],
        rows=rows,
        as_of=max((each.as_of for each in rows), default=AFTERWARDS),
    )
