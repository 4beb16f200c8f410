"""Seasonality adjustments on loopback: made under a number of their own, changed and removed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from schemas.fields import Entity
from workers.connectors.protocol import Lever, Ref
from workers.sandbox.google.kept import Row
from workers.sandbox.google.refusals import invalid

KIND: Final = "biddingSeasonalityAdjustments"
WHOLE: Final = ""
"""Path of a setting that is the whole of an adjustment; its value None removes it."""
OPERATION: Final = "BiddingSeasonalityAdjustmentOperation"
_FACTOR: Final = "conversion_rate_modifier"
_LONGEST: Final = timedelta(days=14)
_LEAST, _MOST = 0.1, 10.0
_PLAIN: Final = ("name", "description", "start_date_time", "end_date_time", _FACTOR)


def checked(
    resources: Mapping[str, Row],
    account: tuple[str, ZoneInfo],
    operation: Any,  # noqa: ANN401 -- of the untyped client
) -> tuple[str, str, object]:
    """Return what an operation sets, for an account's number and zone; raise `Refusal` if not."""
    number, zone = account
    kind = type(operation).pb(operation).WhichOneof("operation")
    if kind == "create":
        return _new_name(resources, number), WHOLE, _created(resources, zone, operation.create)
    name = operation.remove if kind == "remove" else operation.update.resource_name
    if name not in resources or not name.startswith(f"customers/{number}/{KIND}/"):
        raise invalid("mutate_error/RESOURCE_NOT_FOUND", f"{name} is not found", "resource_name")
    if kind == "remove":
        return name, WHOLE, None
    if list(operation.update_mask.paths) != [_FACTOR]:
        raise invalid(
            "field_mask_error/FIELD_MASK_NOT_ALLOWED", "only the factor changes", "update_mask"
        )
    return name, WHOLE, resources[name] | {_FACTOR: _factor(operation.update)}


def _created(resources: Mapping[str, Row], zone: ZoneInfo, new: Any) -> Row:  # noqa: ANN401 -- as above
    campaigns = list(new.campaigns)
    if new.scope.name != "CAMPAIGN" or not campaigns:
        raise invalid("field_error/REQUIRED", "name the campaigns", "campaigns")
    if missing := [each for each in campaigns if each not in resources]:
        raise invalid("mutate_error/RESOURCE_NOT_FOUND", f"{missing[0]} is not found", "campaigns")
    start, end = (_moment(text, zone) for text in (new.start_date_time, new.end_date_time))
    if start <= datetime.now(UTC):
        raise invalid("date_error/EARLIER_THAN_MINIMUM_DATE", "it is over", "start_date_time")
    if not timedelta() < end - start <= _LONGEST:
        raise invalid("date_error/LATER_THAN_MAXIMUM_DATE", "at most 14 days", "end_date_time")
    _factor(new)
    plain = {field: getattr(new, field) for field in _PLAIN}
    return {**plain, "scope": "CAMPAIGN", "status": "ENABLED", "campaigns": campaigns}


def _factor(told: Any) -> float:  # noqa: ANN401 -- as above
    factor = float(told.conversion_rate_modifier)
    if not _LEAST <= factor <= _MOST:
        code = "range_error/" + ("TOO_HIGH" if factor > _MOST else "TOO_LOW")
        raise invalid(code, "a factor is from 0.1 to 10", _FACTOR)
    return factor


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        raise invalid("date_error/INVALID_STRING_DATE_TIME_SECONDS", f"{text} is no time") from None


def _new_name(resources: Mapping[str, Row], number: str) -> str:
    names = (f"customers/{number}/{KIND}/{each}" for each in itertools.count(501))
    return next(name for name in names if name not in resources)


def ref_of(row: Row, zone: ZoneInfo) -> Ref:
    """Return which value an adjustment is of: whose it is by its campaign, when by its times."""
    _, account, _, campaign = row["campaigns"][0].split("/")
    times = (_moment(row[field], zone) for field in ("start_date_time", "end_date_time"))
    part = "/".join(time.strftime("%Y-%m-%dT%H:%MZ") for time in times)
    return Ref(
        account_id=account,
        entity=Entity.CAMPAIGN,
        entity_id=campaign,
        lever=Lever.SEASONALITY,
        part=part,
    )


def by_hand(
    resources: Mapping[str, Row], zone: ZoneInfo, ref: Ref, factor: Decimal
) -> tuple[str, Row]:
    """Return a stretch's adjustment with another factor; a person's own where there is none."""
    for name, row in resources.items():
        if f"/{KIND}/" in name and ref_of(row, zone) == ref:
            return name, row | {_FACTOR: float(factor)}
    account = ref.account_id.replace("-", "")
    start, end = (datetime.fromisoformat(each).astimezone(zone) for each in ref.part.split("/"))
    return _new_name(resources, account), {
        "name": "By hand",
        "status": "ENABLED",
        "campaigns": [f"customers/{account}/campaigns/{ref.entity_id}"],
        "start_date_time": f"{start:%Y-%m-%d %H:%M:%S}",
        "end_date_time": f"{end:%Y-%m-%d %H:%M:%S}",
        _FACTOR: float(factor),
    }


def factor_for(resources: Mapping[str, Row], zone: ZoneInfo, ref: Ref) -> Decimal:
    """Return by what conversion rates of a campaign's stretch are multiplied, all in all."""
    factor = Decimal(1)
    for row in _all(resources):
        if ref_of(row, zone) == ref:
            factor *= Decimal(str(row[_FACTOR]))
    return factor


def _all(resources: Mapping[str, Row]) -> Iterator[Row]:
    return (row for name, row in resources.items() if f"/{KIND}/" in name)
