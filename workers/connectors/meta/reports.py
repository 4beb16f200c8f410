"""What Meta reports of each hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from workers.connectors.errors import Ambiguous
from workers.connectors.meta.accounts import account_path
from workers.connectors.meta.pages import read_rows
from workers.connectors.meta.wire import Wire
from workers.connectors.protocol import Account, Performance

HOURS: Final = "hourly_stats_aggregated_by_advertiser_time_zone"
CONVERSION: Final = "offsite_conversion.fb_pixel_purchase"
_FIELDS: Final = "campaign_id,adset_id,spend,impressions,clicks,actions,action_values"


async def read_hours(
    wire: Wire, account: Account, days: tuple[date, date], as_of: datetime
) -> Sequence[Performance]:
    """Return what came of each hour of local days, as told now."""
    params = {
        "level": "adset",
        "fields": _FIELDS,
        "time_range": {"since": days[0].isoformat(), "until": days[1].isoformat()},
        "time_increment": 1,
        "breakdowns": [HOURS],
        "action_report_time": "impression",
    }
    rows = await read_rows(wire, (account_path(account.account_id), "insights"), params)
    try:
        return [_hour(row, account, as_of) for row in rows]
    except (KeyError, ValueError, InvalidOperation):
        raise Ambiguous("A row of Meta's report cannot be read: ask again.") from None


def _hour(row: Mapping[str, Any], account: Account, as_of: datetime) -> Performance:
    return Performance(
        account_id=account.account_id,
        campaign_id=row["campaign_id"],
        ad_set_id=row["adset_id"],
        day=date.fromisoformat(row["date_start"]),
        hour=int(row[HOURS][:2]),
        currency=account.currency,
        impressions=int(row.get("impressions", 0)),
        clicks=int(row.get("clicks", 0)),
        spend=Decimal(row.get("spend", "0")),
        conversions=_actions(row.get("actions")),
        revenue=_actions(row.get("action_values")),
        as_of=as_of,
    )


def _actions(told: Sequence[Mapping[str, Any]] | None) -> Decimal:
    values = [Decimal(row["value"]) for row in told or () if row["action_type"] == CONVERSION]
    return sum(values, Decimal(0))
