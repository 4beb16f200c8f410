"""LinkedIn's reports by day: it has none by the hour, and cuts long ones without a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from workers.connectors.errors import Ambiguous, Rejected
from workers.connectors.linkedin.values import restli
from workers.connectors.linkedin.wire import Wire
from workers.connectors.protocol import Account, Performance

MOST_ELEMENTS: Final = 15_000
"""Elements of an answer from which on LinkedIn leaves out the rest."""

_FIELDS: Final = (
    "dateRange,pivotValues,impressions,clicks,costInLocalCurrency,"
    "externalWebsiteConversions,conversionValueInLocalCurrency"
)


async def read_days(
    wire: Wire, account: Account, since: date, until: date, as_of: datetime
) -> Sequence[Performance]:
    """Return a row for each campaign and day; spans whose answer may be cut are halved.

    Raises
    ------
    Rejected
        One day alone has so many campaigns that its answer is cut.
    """
    elements = await _elements(wire, account, since, until)
    if len(elements) < MOST_ELEMENTS:
        return _rows(elements, account, as_of)
    if since == until:
        raise Rejected(
            f"LinkedIn's report of {since} has {MOST_ELEMENTS} campaigns or more and is cut:"
            " split the account."
        )
    middle = since + (until - since) // 2
    first = await read_days(wire, account, since, middle, as_of)
    return [*first, *await read_days(wire, account, middle + timedelta(days=1), until, as_of)]


async def _elements(
    wire: Wire, account: Account, since: date, until: date
) -> list[Mapping[str, Any]]:
    span = restli({"start": _told(since), "end": _told(until)})
    owner = restli([f"urn:li:sponsoredAccount:{account.account_id}"])
    answer = await wire.send(
        "GET",
        f"/adAnalytics?q=analytics&pivot=CAMPAIGN&timeGranularity=DAILY&dateRange={span}"
        f"&accounts={owner}&fields={_FIELDS}",
        "FINDER",
    )
    elements = (answer.body or {}).get("elements")
    if not isinstance(elements, list):
        raise Ambiguous(
            "LinkedIn's report is no list of elements; ask again.", request_id=answer.request_id
        )
    return elements


def _rows(
    elements: Sequence[Mapping[str, Any]], account: Account, as_of: datetime
) -> list[Performance]:
    try:
        return [_row(element, account, as_of) for element in elements]
    except (ArithmeticError, LookupError, TypeError, ValueError):
        raise Ambiguous("LinkedIn's report has a row that cannot be read; ask again.") from None


def _told(day: date) -> dict[str, int]:
    return {"year": day.year, "month": day.month, "day": day.day}


def _row(element: Mapping[str, Any], account: Account, as_of: datetime) -> Performance:
    start = element["dateRange"]["start"]
    return Performance(
        account_id=account.account_id,
        campaign_id=str(element["pivotValues"][0]).rpartition(":")[2],
        ad_set_id="",
        day=date(start["year"], start["month"], start["day"]),
        hour=None,
        currency=account.currency,
        impressions=int(element.get("impressions", 0)),
        clicks=int(element.get("clicks", 0)),
        spend=Decimal(str(element.get("costInLocalCurrency", "0"))),
        conversions=Decimal(str(element.get("externalWebsiteConversions", 0))),
        revenue=Decimal(str(element.get("conversionValueInLocalCurrency", "0"))),
        as_of=as_of,
    )
