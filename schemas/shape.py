"""Shapes: the hours of a campaign's closed local day, for pooling."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta

from schemas.errors import Reason, SchemaError
from schemas.fields import CurrencyCode, TimezoneName, Utc
from schemas.keys import account_key
from schemas.record import CampaignRecord, Part
from schemas.zones import check_zone

_OF_THE_DAY = Meta(min_length=23, max_length=25)
Hours = Annotated[tuple[Annotated[int, Meta(ge=0, le=23)], ...], _OF_THE_DAY]
Counts = Annotated[tuple[Annotated[int, Meta(ge=0, le=2**63 - 1)], ...], _OF_THE_DAY]
Limit = Annotated[int, Meta(ge=0, le=2**63 - 1)]
LogMultiplier = Annotated[float, Meta(ge=-20.0, le=20.0)]
Level = Annotated[float, Meta(ge=-1000.0, le=1000.0)]

AGE_STEPS = 16
"""Steps of the age of an hour that conversions are counted by."""

_BY_AGE = Meta(min_length=AGE_STEPS, max_length=AGE_STEPS)

_BY_HOUR = (
    "observed",
    "impressions",
    "clicks",
    "spend_minor",
    "conversion_thousandths",
    "log_multiplier",
    "capped",
    "allowed_minor",
    "revenue_minor",
)


class LateConversions(Part, frozen=True, kw_only=True):
    """By how much counts of conversions grew since the day told before, as hours were told again.

    The arrays run over the age of an hour, in hours since its end, in steps that end at 1, 2, 3, 4,
    6, 8, 12, 16, 24, 36, 48, 72, 96, 168, 336 and 672.
    """

    growth_thousandths: Annotated[
        tuple[Annotated[int, Meta(ge=-(2**53), le=2**53)], ...],
        _BY_AGE,
        Meta(description="conversions that came in less those withdrawn, times 1000"),
    ]
    level_thousandths: Annotated[
        tuple[Annotated[int, Meta(ge=0, le=2**53)], ...],
        _BY_AGE,
        Meta(description="conversions meanwhile in hours seen through the whole step, times 1000"),
    ]


class Shape(CampaignRecord, frozen=True, kw_only=True):
    """One closed local day of one campaign, hour by hour.

    The arrays run over the hours of the day in order of time: 24 of them, 23 or
    25 on days on which the clock changes (``local_hours`` then skips or repeats
    one). An hour without a report has ``observed`` false and zeros.

    An hour whose spend a cap, a budget of the hour or an exhausted budget has cut
    off is ``capped``: it says what was allowed and not what the market would have
    given, so it counts as not observed where shapes of spend are pooled.
    """

    day: date
    weekday: Annotated[int, Meta(ge=0, le=6, description="Monday is 0")]
    timezone: TimezoneName
    currency: CurrencyCode | None = None
    local_hours: Hours
    observed: Annotated[tuple[bool, ...], _OF_THE_DAY]
    impressions: Counts
    clicks: Counts
    spend_minor: Annotated[Counts, Meta(description="minor units of the currency, rounded down")]
    conversion_thousandths: Annotated[Counts, Meta(description="conversions times 1000")]
    revenue_minor: Annotated[
        Counts | None, Meta(description="as spend_minor; absent where it was zero all day")
    ] = None
    log_multiplier: Annotated[
        Annotated[tuple[LogMultiplier | None, ...], _OF_THE_DAY] | None,
        Meta(
            description="natural log of the bid multiplier in force; null where nobody had set one,"
            " which leaves bids as they are; absent is null all day"
        ),
    ] = None
    capped: Annotated[
        Annotated[tuple[bool, ...], _OF_THE_DAY] | None,
        Meta(description="whether the hour's spend was cut off; absent is no hour"),
    ] = None
    allowed_minor: Annotated[
        Annotated[tuple[Limit | None, ...], _OF_THE_DAY] | None,
        Meta(
            description="most that the hour might spend, as spend_minor; null where nothing is"
            " known to limit it; absent is no hour with a limit"
        ),
    ] = None
    elasticity: Annotated[
        Annotated[float, Meta(ge=0.0, le=20.0)] | None,
        Meta(description="learned, log of spend to log of multiplier; absent is what is assumed"),
    ] = None
    week_levels: Annotated[
        Annotated[tuple[Level, ...], Meta(min_length=7, max_length=7)] | None,
        Meta(
            description="mean log spend of an hour at multiplier 1, by day, of the week from Monday"
            " that this day completed; the allocator adds it where it sends a day on"
        ),
    ] = None
    late_conversions: Annotated[
        LateConversions | None,
        Meta(description="what hours told again say of the delay; absent where none was"),
    ] = None
    closed_at: Utc

    @property
    def key(self) -> bytes:
        """Kafka key: the account's, ``platform:account_id``."""
        return account_key(self.platform, self.account_id)

    def _check(self) -> None:
        super()._check()
        check_zone(self.timezone, "timezone")
        if self.weekday != self.day.weekday():
            detail = f"must be that of {self.day}, {self.day.weekday()}; was {self.weekday}"
            raise SchemaError("weekday", Reason.CONTRADICTION, detail)
        hours = len(self.local_hours)
        for field in _BY_HOUR:
            given = getattr(self, field)
            if given is not None and len(given) != hours:
                detail = f"must have one entry per hour of the day, {hours}"
                raise SchemaError(field, Reason.CONTRADICTION, detail)
