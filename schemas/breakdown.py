"""Breakdowns: a campaign's closed local day by ad set, device, placement and hour, for advice."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from schemas.bid_terms import BidTerms
from schemas.errors import Reason, SchemaError
from schemas.fields import (
    MAX_COUNT,
    Amount,
    Autonomy,
    CurrencyCode,
    Name,
    Objective,
    Ratio,
    Status,
    TimezoneName,
    Utc,
    Version,
)
from schemas.keys import account_key
from schemas.money import exponent_of
from schemas.record import CampaignRecord, Part
from schemas.zones import check_zone

_OF_THE_DAY = Meta(min_length=1, max_length=24)
Hours = Annotated[tuple[Annotated[int, Meta(ge=0, le=23)], ...], _OF_THE_DAY]
ToldShare = Annotated[float, Meta(gt=0.0, le=2.0)]
Counts = Annotated[tuple[Annotated[int, Meta(ge=0, le=2 * MAX_COUNT)], ...], _OF_THE_DAY]
"""A local hour that the clock repeats has two of them."""

Millionths = Annotated[tuple[Annotated[int, Meta(ge=0, le=2**63 - 1)], ...], _OF_THE_DAY]

COUNTED = (
    "impressions",
    "clicks",
    "spend_millionths",
    "conversion_millionths",
    "revenue_millionths",
)
"""The counts of a slice, in the order in which they are always given."""


class Conversions(StrEnum):
    """What reports say of how a day's conversions are counted."""

    SO_FAR = "so_far"
    """By the hour of the click, as far as they had come: or nothing is said."""
    AS_THEY_CAME = "as_they_came"
    """By the hour in which they came."""
    ALL = "all"
    """All that will ever be counted: the hours are final."""


class DaySlice(Part, frozen=True, kw_only=True):
    """One ad set, device and placement, as far as reports name them, hour by local hour.

    The arrays run over ``hours``, in which the slice had something to tell; an hour that the clock
    repeats is in one with the first. What no row of a report names has none of the three names.
    """

    ad_set_id: Name | None = None
    device: Name | None = None
    placement: Name | None = None
    hours: Hours
    impressions: Counts
    clicks: Counts
    spend_millionths: Millionths
    conversion_millionths: Millionths
    revenue_millionths: Millionths

    def _check(self) -> None:
        if tuple(sorted(set(self.hours))) != self.hours:
            raise SchemaError("hours", Reason.CONTRADICTION, "must rise, each hour once")
        for name in COUNTED:
            if len(getattr(self, name)) != len(self.hours):
                detail = f"must have one entry per hour given, {len(self.hours)}"
                raise SchemaError(name, Reason.CONTRADICTION, detail)


class Aims(Part, frozen=True, kw_only=True):
    """What the plan in force said of the campaign when the day was told."""

    plan_version: Version
    status: Status = Status.ACTIVE
    currency: CurrencyCode
    objective: Objective = Objective.CONVERSIONS
    target_roas: Annotated[float, Meta(gt=0.0, le=10_000.0)] | None = None
    target_cpa: Amount | None = None
    avg_order_value: Amount | None = None
    autonomy: Autonomy = Autonomy.PROPOSE
    protected: bool = False
    min_confidence: Ratio = 0.5

    def _check(self) -> None:
        exponent_of(self.currency)
        for name in ("target_cpa", "avg_order_value"):
            value: Decimal | None = getattr(self, name)
            if value is not None and value <= 0:
                raise SchemaError(name, Reason.OUT_OF_RANGE, f"must be above 0, was {value}")


class BidInForce(Part, frozen=True, kw_only=True):
    """The bid of an ad set, or of the campaign itself, that was set last."""

    ad_set_id: Name | None = None
    bid: Amount


class Breakdowns(CampaignRecord, frozen=True, kw_only=True):
    """One campaign's closed local day; told again, it takes the place of what was told before.

    The slices sum to the day's totals: what a breakdown leaves out is in the slice without names,
    and one that says more than its hour is left out (``refused_hours``).
    """

    day: date
    timezone: TimezoneName
    currency: CurrencyCode | None = None
    slices: Annotated[tuple[DaySlice, ...], Meta(max_length=24_001)] = ()
    refused_hours: Annotated[int, Meta(ge=0, le=25)] = 0
    aims: Aims | None = None
    bid_terms: BidTerms | None = None
    current_bid: Annotated[
        Amount | None, Meta(description="the campaign's bid that reports named last")
    ] = None
    bid_changed_at: Annotated[
        Utc | None, Meta(description="end of the hour before the first that named that bid")
    ] = None
    bid_multiplier: Annotated[
        Amount | None, Meta(description="by which bids were multiplied when reports named it")
    ] = None
    bids_in_force: Annotated[
        tuple[BidInForce, ...],
        Meta(max_length=1000, description="set since reports named another, as audited"),
    ] = ()
    bid_returns_at: Annotated[
        Utc | None, Meta(description="until when bids are cut for an emergency, if they are")
    ] = None
    learning: Annotated[bool, Meta(description="whether the platform says that it is learning")] = (
        False
    )
    told_by_age: Annotated[
        tuple[ToldShare, ...],
        Meta(
            max_length=100,
            description="share of an hour's final conversions that is told at each of the ages in "
            "hours 0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 36, 48, 72, 96, 168, 336 and 672, as far as "
            "anybody had taught when the day was told",
        ),
    ] = ()
    delays_taught: Annotated[
        bool, Meta(description="whether anybody had taught what `told_by_age` says; else assumed")
    ] = True
    conversions_counted: Annotated[
        Conversions,
        Meta(description="how reports count the conversions of each of the day's hours"),
    ] = Conversions.SO_FAR
    closed_at: Utc

    @property
    def key(self) -> bytes:
        """Kafka key: the account's, ``platform:account_id``."""
        return account_key(self.platform, self.account_id)

    def _check(self) -> None:
        super()._check()
        check_zone(self.timezone, "timezone")
        seen = set()
        for number, each in enumerate(self.slices):
            names = (each.ad_set_id, each.device, each.placement)
            if names in seen:
                detail = f"repeats the slice {names} of an earlier one"
                raise SchemaError(f"slices[{number}]", Reason.DUPLICATE, detail)
            seen.add(names)
