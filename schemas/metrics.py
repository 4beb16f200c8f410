"""Metrics: what a campaign delivered in one hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, NoReturn

from msgspec import Meta

from schemas.errors import Reason, SchemaError
from schemas.fields import (
    MAX_COUNT,
    Amount,
    CurrencyCode,
    Name,
    TimezoneName,
    Utc,
)
from schemas.keys import check_names
from schemas.money import check_amount, exponent_of
from schemas.record import CampaignRecord, Part, intern_defaults, time_in_utc
from schemas.zones import check_zone, zone

CONVERSION_DECIMALS = 6
"""Most decimals of a conversion count; platforms attribute fractions."""

_HOUR = timedelta(hours=1)
_QUARTER = 15
_ZERO = Decimal(0)

Count = Annotated[
    int, Meta(ge=-MAX_COUNT, le=MAX_COUNT, description="whole count; negative only in a delta")
]
FractionalCount = Annotated[
    Decimal,
    Meta(
        description="count that may be fractional, at most 6 decimals; negative only in a delta",
    ),
]


class RecordMode(StrEnum):
    """How an event relates to what was said before about the same hour."""

    SNAPSHOT = "snapshot"
    """All that is known of the hour; replaces what was known."""
    DELTA = "delta"
    """An addition, or a correction that may be negative; counted once by ``event_id``."""


class ConversionTimeBasis(StrEnum):
    """Which moment decides the hour that a conversion is counted in."""

    CLICK = "click"
    IMPRESSION = "impression"
    CONVERSION = "conversion"


class LearningStatus(StrEnum):
    """What the platform says about its own learning phase."""

    LEARNING = "learning"
    LEARNED = "learned"
    LIMITED = "limited"


class Breakdown(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One slice of the hour, by ad set, device and placement, as far as given."""

    ad_set_id: Name | None = None
    device: Name | None = None
    placement: Name | None = None
    impressions: Count = 0
    clicks: Count = 0
    spend: Amount = _ZERO
    conversions: FractionalCount = _ZERO
    revenue: Amount = _ZERO

    def __post_init__(self) -> None:
        """Leave all checks to the event, which knows the mode and the row's number."""


class MetricsEvent(CampaignRecord, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one campaign delivered in one hour, in the account's currency.

    A snapshot replaces what was known of the hour; a delta adds to it and needs an
    ``event_id``. Fields have aliases; unknown ones are reported and ignored.
    """

    window_start: Annotated[Utc, Meta(description="start of the hour, with its zone")]
    impressions: Count
    clicks: Count
    spend: Amount
    conversions: FractionalCount = _ZERO
    revenue: Amount = _ZERO
    window_end: Utc | None = None
    currency: CurrencyCode | None = None
    account_timezone: TimezoneName | None = None
    event_id: Annotated[str, Meta(min_length=1, max_length=256)] | None = None
    record_mode: RecordMode = RecordMode.SNAPSHOT
    sequence_number: Annotated[int, Meta(ge=0, le=2**53)] | None = None
    is_final: bool = False
    emitted_at: Utc | None = None
    source: Annotated[str, Meta(max_length=256)] | None = None
    conversion_time_basis: ConversionTimeBasis | None = None
    breakdown: Annotated[tuple[Breakdown, ...], Meta(max_length=1000)] = ()
    current_bid: Amount | None = None
    daily_budget: Amount | None = None
    learning_status: LearningStatus | None = None

    @property
    def is_delta(self) -> bool:
        """Whether the counts add to the hour instead of replacing it."""
        return self.record_mode is RecordMode.DELTA

    def __post_init__(self) -> None:
        check_names(self.platform, self.account_id, self.campaign_id)
        _check_counts(self, "", signed=self.is_delta)
        _check_window(self)
        if self.currency is not None:
            exponent_of(self.currency)
        if self.is_delta and self.event_id is None:
            detail = "is required in a delta, so that it is counted once"
            raise SchemaError("event_id", Reason.MISSING, detail)
        _check_context(self)
        if self.breakdown:
            _check_breakdown(self)
        intern_defaults(self)


def _check_counts(row: MetricsEvent | Breakdown, path: str, *, signed: bool) -> None:
    spend, revenue, conversions = row.spend, row.revenue, row.conversions
    check_amount(spend, path + "spend")
    if revenue is not _ZERO:
        check_amount(revenue, path + "revenue")
    if conversions is not _ZERO:
        check_amount(conversions, path + "conversions", decimals=CONVERSION_DECIMALS)
    amounts_below = spend < _ZERO or conversions < _ZERO or revenue < _ZERO
    if not signed and (amounts_below or row.impressions < 0 or row.clicks < 0):
        _refuse_correction(row, path)


def _refuse_correction(row: MetricsEvent | Breakdown, path: str) -> NoReturn:
    names = ("impressions", "clicks", "spend", "conversions", "revenue")
    name = next(name for name in names if getattr(row, name) < 0)
    value = getattr(row, name)
    detail = f"must not be negative in a snapshot, was {value}; corrections go in deltas"
    raise SchemaError(path + name, Reason.NEGATIVE, detail)


def _check_window(event: MetricsEvent) -> None:
    start = time_in_utc(event, "window_start", event.window_start)
    if event.account_timezone is not None:
        check_zone(event.account_timezone, "account_timezone")
    if start.minute or start.second or start.microsecond:
        _check_whole_hour(start, event.account_timezone)
    if event.window_end is not None:
        length = time_in_utc(event, "window_end", event.window_end) - start
        if length != _HOUR:
            detail = f"must be one hour after window_start, was {length} after it"
            raise SchemaError("window_end", Reason.NOT_ONE_HOUR, detail)
    if event.emitted_at is not None:
        emitted = time_in_utc(event, "emitted_at", event.emitted_at)
        if emitted < start:
            detail = f"must not be before window_start, was {emitted.isoformat()}"
            raise SchemaError("emitted_at", Reason.EMITTED_BEFORE_WINDOW, detail)


def _check_whole_hour(start: datetime, timezone: str | None) -> None:
    local = start.astimezone(zone(timezone)) if timezone else start
    minute = local.minute if timezone else local.minute % _QUARTER
    if minute or local.second or local.microsecond:
        clock = timezone or "any zone (zones are whole quarters of an hour from UTC)"
        detail = f"must be the start of an hour in UTC or in {clock}, was {start.isoformat()}"
        raise SchemaError("window_start", Reason.NOT_ONE_HOUR, detail)


def _check_context(event: MetricsEvent) -> None:
    for field in ("current_bid", "daily_budget"):
        value = getattr(event, field)
        if value is None:
            continue
        check_amount(value, field)
        if value < 0:
            raise SchemaError(field, Reason.NEGATIVE, f"must not be negative, was {value}")


def _check_breakdown(event: MetricsEvent) -> None:
    seen = set()
    for number, row in enumerate(event.breakdown):
        path = f"breakdown[{number}]."
        _check_counts(row, path, signed=event.is_delta)
        intern_defaults(row)
        slice_ = (row.ad_set_id, row.device, row.placement)
        if slice_ in seen:
            detail = f"repeats the slice {slice_} of an earlier row"
            raise SchemaError(path[:-1], Reason.DUPLICATE, detail)
        seen.add(slice_)
